"""Settings files: what is refused, and what each training is given."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

pytest.importorskip("snakemake", reason="needs pip install 'onmt_evsoftmax[sweep]', Python 3.11 or newer")

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.sweep import runs
from onmt_evsoftmax.sweep.checks import as_yaml, check_overrides, read_settings
from onmt_evsoftmax.sweep.commands import RunCommands

from .projects import ROOT


@pytest.fixture
def read(project, monkeypatch):
    """Function that reads the project's settings with changes."""
    monkeypatch.chdir(project.folder)
    return lambda **changes: read_settings(project.write(**changes).relative_to(project.folder))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["1", "2"], [1, 2]),
        ({"steps": "5", "overrides": {"dropout": ["0.1"]}}, {"steps": 5, "overrides": {"dropout": [0.1]}}),
        ({"model": "runs/a.pt"}, {"model": "runs/a.pt"}),
        (["softmax", "a: b", "[x"], ["softmax", "a: b", "[x"]),
        (3, 3),
    ],
)
def test_values_of_the_command_line_are_read_as_those_of_a_file(given, meant):
    assert as_yaml(given) == meant


def with_test(**changes) -> list[dict]:
    return [{"name": "test", "src": "prepared/test.en", "reference": "prepared/test.raw.de", **changes}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"functoins": ["softmax"]}, "functoins: unknown key"),
        ({"fine_tune": {"stpes": 3, "steps": 3}}, "fine_tune.stpes: unknown key"),
        ({"tests": with_test(lowercas=True)}, "tests.0.lowercas: unknown key"),
        ({"out": "my runs"}, "out: 'my runs' does not match"),
        ({"out": "~/runs"}, "out: '~/runs' does not match"),
        ({"tests": with_test(src="prepared/tset.en")}, "prepared/tset.en (looked from "),
        ({"tests": with_test(reference="prepared/train.raw.de")}, "prepare.yaml does not make it"),
        ({"seeds": [1.0]}, "seeds.0: 1.0 is not of type 'integer'"),
        ({"tests": with_test(name="pretrain")}, "tests: pretrain is the name of a file of the sweep itself"),
        ({"devices": {"world_size": 2, "gpu_ranks": [0]}}, "devices: world_size 2 waits for so many gpu_ranks"),
        ({"tests": with_test(lang="english")}, "tests.0.lang: 'english' does not match"),
        ({"tests": with_test(lang="en")}, "tests.test.lang: en, but tgt_lang of prepare is de"),
        ({"tests": with_test(reference="prepared/test.raw.en")}, "prepared/test.raw.en is the source side"),
        ({"tests": with_test(name="versions")}, "tests: versions is the name of a file of the sweep itself"),
        (
            {"fine_tune": {"steps": 40, "overrides": {"save_checkpoint_steps": 0}}},
            "save_checkpoint_steps (0) and",
        ),
        (
            {"fine_tune": {"steps": 40, "overrides": {"keep_checkpoint": "3"}}},
            "keep_checkpoint ('3') must be",
        ),
        ({"seeds": None}, "'seeds' is a required property"),
        ({"functions": ["softmax", "hardmax"]}, "functions.1: 'hardmax' is not one of"),
        (
            {"functions": ["posthoc_evidential", "evsoftmax"]},
            "functions: posthoc_evidential is a translation",
        ),
        ({"functions": ["softmax"]}, "against: evsoftmax is not among the functions"),
        ({"seeds": [1, 1]}, "seeds: [1, 1] has non-unique elements"),
        ({"seeds": ["one"]}, "seeds.0: 'one' is not of type 'integer'"),
        ({"keep_archives": [7]}, "keep_archives: 7 is not among the seeds"),
        ({"config": "none.yaml"}, "config: no such training configuration: none.yaml"),
        ({"pretrain": {}}, "pretrain: give steps, or model: PATH"),
        ({"pretrain": {"model": "none.pt"}}, "pretrain.model: no such file: none.pt"),
        ({"pretrain": {"steps": 4, "function": "posthoc_evidential"}}, "pretrain.function: "),
        ({"prepare": None}, "no such file: prepared/test.en"),
        ({"tests": with_test(reference="none.de")}, "tests.test.reference: no such file: none.de"),
        ({"tests": with_test() * 2}, "tests: two are called test"),
        ({"tests": with_test(name="a/b")}, "tests.0.name: 'a/b' does not match"),
        ({"average": [39, 40]}, "average: no checkpoint of step 39"),
        ({"average": [32, 40]}, "average: no checkpoint of step 32"),
        ({"average": [36, 38]}, "average: must hold the last step, 40"),
        ({"fine_tune": {"steps": 40, "overrides": {"seed": 3}}}, "fine_tune.overrides.seed: the sweep sets"),
    ],
)
def test_wrong_settings_are_refused_by_file_and_key(read, changes, message):
    with pytest.raises(InputError) as error:
        read(**changes)
    assert str(error.value).startswith("sweep.yaml: ") and message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "data must map names of corpora to files, and one must be called train"),
        ({"train": {"path_src": "a.en"}}, "data.train.path_tgt must be the path of a text"),
        ({"train": "a.en"}, "data.train.path_src must be the path of a text"),
    ],
)
def test_a_training_configuration_without_texts_is_refused(read, project, data, message):
    path = project.folder / project.settings["config"]
    training = yaml.safe_load(path.read_text(encoding="utf-8"))
    training.pop("data")
    path.write_text(yaml.safe_dump(training if data is None else {**training, "data": data}), encoding="utf-8")
    with pytest.raises(InputError) as error:
        read()
    assert str(error.value) == f"sweep.yaml: config: {project.settings['config']}: {message}"


def test_scores_are_in_the_language_that_prepare_translates_into(read, project):
    assert read().test("test").scoring["lang"] == "de"
    assert read(tests=with_test(lang="de")).test("test").scoring["lang"] == "de"
    path = project.folder / "prepare.yaml"
    corpus = yaml.safe_load(path.read_text(encoding="utf-8"))
    corpus.update(src_lang="de", tgt_lang="en")
    path.write_text(yaml.safe_dump(corpus), encoding="utf-8")
    turned = with_test(src="prepared/test.de", reference="prepared/test.raw.en")
    assert read(tests=turned).test("test").scoring["lang"] == "en"


def test_without_prepare_a_reference_that_nobody_knows_asks_for_its_language(read, project):
    texts = yaml.safe_load((project.folder / "train.yaml").read_text(encoding="utf-8"))["data"]
    sides = [one[side] for one in texts.values() for side in ("path_src", "path_tgt")]
    for path in ["t.en", "t.fr", *sides]:
        (project.folder / path).parent.mkdir(exist_ok=True)
        (project.folder / path).write_text("a\n", encoding="utf-8")
    own = {"prepare": None, "tests": with_test(src="t.en", reference="t.fr")}
    with pytest.raises(InputError, match=r"sweep\.yaml: tests\.test\.lang: --lang is missing"):
        read(**own)
    own["tests"][0]["lang"] = "fr"
    assert read(**own).test("test").scoring["lang"] == "fr"


def trained(settings, run):
    """Leave the record of a training with these settings."""
    record = settings.out / run / "train.yaml"
    record.parent.mkdir(parents=True)
    record.write_text(yaml.safe_dump(runs.training_config(settings, run)), encoding="utf-8")


def test_other_settings_than_those_trained_with_name_every_folder_to_remove(read):
    settings = read()
    for run in runs.run_names(settings):
        trained(settings, run)
    runs.refuse_other_settings(settings)
    steps = {"steps": 40, "overrides": {**settings.fine_tune["overrides"], "learning_rate": 9}}
    with pytest.raises(InputError, match="learning_rate: .* now it is 9; .* rm -r out/softmax.1 out/evsoftmax.1$"):
        runs.refuse_other_settings(read(fine_tune=steps))
    with pytest.raises(InputError, match="pretrain was trained .* rm -r out/pretrain out/softmax.1 out/evsoftmax.1$"):
        runs.refuse_other_settings(read(pretrain={"steps": 3}))


def test_a_moved_sweep_on_another_gpu_is_the_same_sweep(read, project):
    settings = read(devices={"world_size": 1, "gpu_ranks": [0]})
    trained(settings, "softmax.1")
    (project.folder / "out").rename(project.folder / "moved")
    moved = read(out="moved", devices={"world_size": 1, "gpu_ranks": [1]})
    runs.refuse_other_settings(moved)
    with pytest.raises(InputError, match="world_size"):
        runs.refuse_other_settings(read(out="moved", devices={"world_size": 2, "gpu_ranks": [0, 1]}))


def test_a_file_that_is_no_yaml_is_refused(tmp_path):
    path = tmp_path / "sweep.yaml"
    path.write_text("functions: [softmax\n", encoding="utf-8")
    with pytest.raises(InputError, match="not readable YAML"):
        read_settings(path)
    with pytest.raises(InputError, match="no such file"):
        read_settings(tmp_path / "none.yaml")


def test_every_function_of_the_catalogue_can_be_swept(read):
    names = list(catalogue.names())
    settings = read(functions=names)
    assert settings.functions == tuple(names)
    assert set(names) - set(settings.trained) == {"posthoc_evidential"}


def test_the_settings_are_read_without_torch_and_snakemake():
    """The report page reads them where neither is needed."""
    code = (
        "import sys; from onmt_evsoftmax.sweep import commands, folder, missing\n"
        "print({'torch', 'onmt', 'snakemake'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "set()"


def test_an_override_that_onmt_train_would_ignore_is_refused(read):
    check_overrides(read())
    with pytest.raises(InputError, match="fine_tune.overrides.learning_rat: onmt_train has no such option"):
        check_overrides(read(fine_tune={"steps": 40, "overrides": {"learning_rat": 1}}))


def test_a_given_model_replaces_the_pretraining(read, project):
    (project.folder / "given.pt").write_bytes(b"a checkpoint")
    settings = read(pretrain={"model": "given.pt", "steps": 4})
    assert runs.run_names(settings) == ["softmax.1", "evsoftmax.1"]
    assert str(runs.start_model(settings, "softmax.1")) == "given.pt"
    assert str(runs.start_model(read(), "softmax.1")) == "out/pretrain/model_step_4.pt"


def test_runs_differ_in_function_seed_and_folder_alone(read):
    settings = read(seeds=[1, 2])
    assert runs.run_names(settings) == ["pretrain", "softmax.1", "softmax.2", "evsoftmax.1", "evsoftmax.2"]
    first, other, second = (runs.training_config(settings, run) for run in ("softmax.1", "evsoftmax.1", "softmax.2"))
    assert {key for key in first if first[key] != other[key]} == {"self_attn_function", "save_model"}
    assert {key for key in first if first[key] != second[key]} == {"seed", "save_model"}
    assert (first["seed"], second["seed"], other["self_attn_function"]) == (1, 2, "evsoftmax")


def test_overrides_reach_their_stage_alone(read):
    pretrain, fine_tune = (runs.training_config(read(), run) for run in ("pretrain", "evsoftmax.1"))
    assert (pretrain["warmup_steps"], fine_tune["warmup_steps"]) == (400, 10)
    assert (pretrain["train_steps"], fine_tune["train_steps"]) == (4, 40)
    assert pretrain["self_attn_function"] == "softmax" and "override_opts" not in pretrain
    assert fine_tune["override_opts"] is True


def test_devices_reach_every_training(read):
    settings = read(devices={"world_size": 2, "gpu_ranks": [0, 1]})
    for run in runs.run_names(settings):
        assert runs.training_config(settings, run)["gpu_ranks"] == [0, 1]


def test_every_shipped_settings_file_belongs_to_shipped_configurations():
    paths = sorted((ROOT / "configs" / "sweeps").glob("*.yaml"))
    assert {"toy_ende.yaml", "multi30k_ende.yaml", "iwslt14_ende.yaml"} <= {path.name for path in paths}
    for path in paths:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert (ROOT / document["config"]).is_file() and (ROOT / document["prepare"]).is_file()


def test_metrics_of_the_table_can_be_chosen(read):
    """A list is several values of one option of `score`."""
    chosen = read(tests=with_test(metrics=["bleu", "ter"]))
    words = RunCommands(chosen, "softmax", 1, chosen.test("test")).score(attention=False)
    assert words[words.index("--metrics") :][:3] == ["--metrics", "bleu", "ter"]
    with pytest.raises(InputError, match=r"tests\.0\.metrics\.0: 'bleurt' is not one of \['bleu', "):
        read(tests=with_test(metrics=["bleurt"]))
