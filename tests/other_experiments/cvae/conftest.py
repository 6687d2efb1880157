"""A small model's settings, and the real command line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from other_experiments.common.config import load_config
from other_experiments.cvae.train import CONFIG

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def config():
    return {**load_config(CONFIG, preset="small"), "hidden": 16, "batch_size": 32}


def command_line(*arguments):
    return [sys.executable, "-m", *map(str, arguments)]


@pytest.fixture(scope="session")
def start():
    """Start a module as a user does, without waiting for it."""

    def run(*arguments):
        return subprocess.Popen(
            command_line(*arguments), cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def run(start):
    """Run a module to its end: exit status, output, error output."""

    def wait(*arguments):
        process = start(*arguments)
        output, errors = process.communicate(timeout=600)
        return process.returncode, output, errors

    return wait


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    """Shared by all runs, so that the judge is trained once."""
    return tmp_path_factory.mktemp("cache")
