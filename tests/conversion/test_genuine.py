"""Genuine checkpoints of OpenNMT-py 2.3.0 and 1.2.0: what those versions translated is the oracle.

The checkpoints are made by scripts/legacy_checkpoint.py, which downloads the old release (2 MB). They are
kept in the folder that ONMT_EVSOFTMAX_LEGACY names, if it is set; without it and without network the tests
are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from onmt_evsoftmax.conversion.converter import convert
from scripts import legacy_checkpoint

ERAS = {"2.3.0": "2.x", "1.2.0": "0.9 to 1.x"}

pytestmark = pytest.mark.slow


@pytest.fixture(params=ERAS)
def version(request) -> str:
    return request.param


@pytest.fixture
def genuine(version, tmp_path_factory) -> Path:
    """The finished folder of `scripts.legacy_checkpoint`."""
    cache = os.environ.get("ONMT_EVSOFTMAX_LEGACY")
    folder = (Path(cache) if cache else tmp_path_factory.mktemp("legacy")) / version
    try:
        legacy_checkpoint.make(folder, version)
    except subprocess.CalledProcessError as error:
        if "pip" in error.cmd:
            pytest.skip(
                f"OpenNMT-py {version} cannot be downloaded; where there is network, run "
                f"`python scripts/legacy_checkpoint.py DIR/{version} --version {version}` and set "
                f"ONMT_EVSOFTMAX_LEGACY=DIR: {error.stdout.strip().splitlines()[-1]}"
            )
        pytest.fail(f"OpenNMT-py {version} failed:\n{error.stdout}")
    return folder


def test_the_converted_model_translates_as_the_old_version_did(genuine, version, command, tmp_path):
    oracle = json.loads((genuine / "translations.json").read_text(encoding="utf-8"))
    assert convert(genuine / "model.pt", tmp_path / "new.pt").era == ERAS[version]
    arguments = ["-model", tmp_path / "new.pt", "-src", genuine / "test.txt", "-output", tmp_path / "hyp"]
    result = command("onmt_translate", *arguments, *oracle["options"])
    assert len(set(oracle["hypotheses"])) == len(oracle["hypotheses"]) == len(oracle["scores"]) == 100
    assert (tmp_path / "hyp").read_text(encoding="utf-8").splitlines() == oracle["hypotheses"]
    lines = (result.stdout + result.stderr).splitlines()
    scores = legacy_checkpoint.scores("\n".join(line.strip() for line in lines))
    assert scores == pytest.approx(oracle["scores"], abs=2e-4), "log-probabilities are printed with four decimals"
