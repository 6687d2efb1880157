"""The versions that are named in more than one place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from onmt_evsoftmax.base import versions

PYPROJECT = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")


def test_the_dependency_ends_where_the_messages_say():
    after = re.search(r"OpenNMT-py[^\"]*; python_version<'3\.(\d+)'", PYPROJECT)[1]
    assert versions.OPENNMT_PYTHON == (3, int(after) - 1)
    assert versions.opennmt_is_available((3, int(after) - 1)) and not versions.opennmt_is_available((3, int(after)))


@pytest.mark.parametrize("available", [True, False])
def test_what_to_do_without_opennmt_is_one_line(monkeypatch, available):
    monkeypatch.setattr(versions, "opennmt_is_available", lambda: available)
    message = versions.missing_opennmt()
    assert ("pip install" in message) is available and ("Use Python 3.12 or older" in message) is not available
    assert "\n" not in message
