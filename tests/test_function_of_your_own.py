"""The functions of docs/extending.md from training to the report, by the command that a user types."""

from __future__ import annotations

import json
import re

import pytest
import torch

from onmt_evsoftmax.archive import AttentionArchive

from .conftest import ROOT
from .sweep.projects import finish, make_project, start_sweep

pytestmark = pytest.mark.slow

MODULE = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "extending.md").read_text("utf-8"), flags=re.DOTALL)[1]
PRINTED = {"squared": "softmax^2", "tempered": "softmax(c_h s)"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folder of a sweep over both, which starts them from one softmax model."""
    project = make_project(tmp_path_factory.mktemp("own"))
    (project.folder / "functions_of_mine.py").write_text(MODULE, encoding="utf-8")
    steps = {"pretrain": {"steps": 5}, "fine_tune": {"steps": 5}, "average": None}
    settings = project.write(functions=list(PRINTED), against="tempered", **steps)
    finish(start_sweep(settings, cwd=project.folder, ONMT_EVSOFTMAX_FUNCTIONS="functions_of_mine.py"))
    return project.out


def page_data(path) -> tuple[str, dict]:
    page = path.read_text(encoding="utf-8")
    return page, json.loads(re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', page, flags=re.DOTALL)[1])


def test_ten_lines_each():
    squared, tempered = re.split(r"\n+(?=@register)", MODULE.strip())[1:]
    assert len(squared.splitlines()) <= 10 and len(tempered.splitlines()) <= 10
    assert all(f'@register("{name}", printed_name="{printed}")' in MODULE for name, printed in PRINTED.items())


def test_the_parameter_is_trained_in_every_layer_and_head(runs):
    import onmt_evsoftmax.opennmt  # noqa: F401  (allows Namespace)

    state = torch.load(runs / "tempered.1" / "model_step_5.pt", weights_only=True)["model"]
    values = {key: value for key, value in state.items() if key.endswith("softmax.learned_tempered.temperature")}
    assert len(values) == 3 and all(value.shape == (2, 1, 1) for value in values.values())
    assert all((value != 1).all() and (value - 1).abs().max() < 0.5 for value in values.values())


def test_translations_and_archives_are_those_of_the_functions(runs):
    for function in PRINTED:
        run = runs / f"{function}.1"
        archive = AttentionArchive(run / "test.npz")
        assert set(archive.metadata["functions"].values()) == {function}
        assert len((run / "test.hyp").read_text(encoding="utf-8").splitlines()) == len(archive) == 4


def test_tables_print_both_names(runs):
    markdown, latex = (runs.joinpath(f"test.{suffix}").read_text("utf-8") for suffix in ("md", "tex"))
    assert r"softmax^2 | softmax(c\_h s)" in markdown
    assert r"softmax\textasciicircum{}2 & softmax(c\_h s)" in latex


def test_the_report_draws_both(runs):
    page, data = page_data(runs / "report.html")
    assert data["names"] == PRINTED and len(set(data["dashes"].values())) == 2
    assert {curve["function"] for curve in data["curves"]["train"]} == set(PRINTED)
    assert all(f"--line-{function}:" in page and printed in page for function, printed in PRINTED.items())


def test_a_report_without_the_module_has_the_bare_names(runs, command, tmp_path):
    command("onmt_evsoftmax", "report", runs, "--out", tmp_path / "report.html")
    page, data = page_data(tmp_path / "report.html")
    assert data["names"] == {name: name for name in sorted(PRINTED)} and len(set(data["dashes"].values())) == 2
    assert {curve["function"] for curve in data["curves"]["train"]} == set(PRINTED)


def test_a_translation_without_the_module_names_function_and_variable(runs, command):
    model = runs / "tempered.1" / "model_step_5.pt"
    files = ("-src", runs.parent / "prepared" / "test.en", "-output", runs / "unused.hyp")
    result = command("onmt_translate", "-model", model, *files, check=False)
    assert result.returncode != 0
    said = f"{model}: unknown function 'tempered'; known: .*ONMT_EVSOFTMAX_FUNCTIONS"
    assert re.search(said, result.stderr.splitlines()[-1]), result.stderr


def test_doctor_says_where_a_function_is_from(runs, command):
    result = command("onmt_evsoftmax", "doctor", ONMT_EVSOFTMAX_FUNCTIONS=str(runs.parent / "functions_of_mine.py"))
    (line,) = [line for line in result.stdout.splitlines() if "functions of your own" in line]
    path = runs.parent / "functions_of_mine.py"
    assert line == f"ok   functions of your own: squared, tempered ({path})"
