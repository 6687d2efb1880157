"""Fixtures shared by all tests: real data, command lines as a user types them, small trained models."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real corpora and images; the test is skipped where there is none.

    ``ONMT_EVSOFTMAX_DATA`` names it; the default lies beside the checkout.
    """
    folder = Path(os.environ.get("ONMT_EVSOFTMAX_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set ONMT_EVSOFTMAX_DATA")
    return folder


def run_command(name: str, *arguments, cwd=None, check: bool = True, **environment) -> subprocess.CompletedProcess:
    """Run a console script of this environment the way a user does."""
    script = Path(sys.executable).with_name(name)
    result = subprocess.run(
        [str(script), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if check and result.returncode != 0:
        line = " ".join(map(str, [name, *arguments]))
        pytest.fail(f"{line} exited {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result


@pytest.fixture(scope="session")
def command():
    """`run_command` as a fixture."""
    return run_command
