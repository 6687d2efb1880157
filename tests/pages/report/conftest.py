"""One small sweep for all tests of this room, and a copy of it for those that change it."""

from __future__ import annotations

import pytest

from .sweeps import copy_sweep, write_sweep


@pytest.fixture(scope="session")
def sweep(tmp_path_factory):
    """A complete sweep; not to be changed."""
    return write_sweep(tmp_path_factory.mktemp("runs") / "small")


@pytest.fixture
def own_sweep(sweep, tmp_path):
    """A copy that a test may damage."""
    return copy_sweep(sweep, tmp_path / "small")
