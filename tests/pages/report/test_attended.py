"""What the grids show when the seeds of a function hold different kinds of attention."""

from __future__ import annotations

import json

import numpy as np

from onmt_evsoftmax.pages.report.attended import attended_kinds
from onmt_evsoftmax.sweep.folder import read_sweep
from onmt_evsoftmax.sweep.testset import read_test_set


def scored_words(folder, run, kind):
    report = json.loads((folder / run / "test_one.json").read_text())
    return np.array(report["systems"][0]["attended"]["kinds"][kind]["words"])


def test_grids_are_means_over_the_seeds(sweep):
    kinds = attended_kinds(read_test_set(read_sweep(sweep), "test_one"))["evsoftmax"]
    for kind in ("encoder", "decoder", "cross"):
        expected = (scored_words(sweep, "evsoftmax.1", kind) + scored_words(sweep, "evsoftmax.2", kind)) / 2
        np.testing.assert_allclose(kinds[kind]["words"]["mean"], expected)
        assert kinds[kind]["runs"] == 2


def test_self_attention_that_only_one_seed_kept_is_shown(own_sweep):
    """As in a sweep that removes most archives: the other seeds are scored with cross-attention alone."""
    path = own_sweep / "evsoftmax.2" / "test_one.json"
    report = json.loads(path.read_text())
    for kind in ("encoder", "decoder"):
        del report["systems"][0]["attended"]["kinds"][kind]
    path.write_text(json.dumps(report))
    (own_sweep / "test_one.json").unlink()
    kinds = attended_kinds(read_test_set(read_sweep(own_sweep), "test_one"))["evsoftmax"]
    assert {kind: values["runs"] for kind, values in kinds.items()} == {
        "cross": 2,
        "encoder": 1,
        "decoder": 1,
    }
    alone = scored_words(own_sweep, "evsoftmax.1", "encoder")
    np.testing.assert_allclose(kinds["encoder"]["words"]["mean"], alone)
