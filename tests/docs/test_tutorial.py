"""The notebook of docs/: run on a schedule of a few steps, and kept with the outputs of a whole one."""

from __future__ import annotations

import json

import pytest

from .pages import ROOT

NOTEBOOK = ROOT / "docs" / "tutorial.ipynb"


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


@pytest.mark.slow
def test_it_runs(tmp_path):
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source = replaced(first.source, "STEPS = 500", "STEPS = 3")
    first.source = replaced(first.source, '"../runs/tutorial"', repr(str(tmp_path / "out")))
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(NOTEBOOK.parent)}}).execute()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"softmax.npz", "evsoftmax.npz", "map.png"}


def test_it_is_kept_as_it_was_run_once_from_top_to_bottom():
    cells = [cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"stream", "execute_result"}
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert not any(output.get("name") == "stderr" for output in outputs)
