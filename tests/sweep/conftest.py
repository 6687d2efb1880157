"""A fresh sweep for a test."""

from __future__ import annotations

import pytest

from .projects import Project, make_project


@pytest.fixture
def project(tmp_path) -> Project:
    """A fresh sweep, of which nothing has run."""
    return make_project(tmp_path)
