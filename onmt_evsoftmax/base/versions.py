"""The versions that the test suite and the figures in docs/ were run with; constraints.txt pins the same."""

from __future__ import annotations

import sys

TESTED_PYTHON = ("3.10", "3.11", "3.12", "3.13")
"""The whole suite ran on 3.11, the tests that are soon done on the others (make test-python)."""
TESTED_OPENNMT = ("3.0.4", "3.5.1")
TESTED_TRANSFORMERS = ("4.53.3", "4.57.6", "5.23.0")
"""Each in an environment of its own, see constraints-transformers.txt; Transformers itself is optional."""
TESTED = {
    "OpenNMT-py": TESTED_OPENNMT,
    "torch": ("2.13.0",),
    "entmax": ("1.3",),
    "sacremoses": ("0.2.0",),
    "subword-nmt": ("0.3.8",),
    "sentencepiece": ("0.2.3",),
    "sacrebleu": ("2.6.0",),
    "rouge-score": ("0.1.2",),
    "nltk": ("3.10.4",),
}
"""package that results depend on -> its tested versions"""

OPENNMT_PYTHON = (3, 12)
"""The last Python that OpenNMT-py can be installed on; pyproject.toml leaves it out on later ones."""


def opennmt_is_available(python: tuple[int, ...] = sys.version_info[:2]) -> bool:
    """Whether OpenNMT-py can be installed on this Python, or on another one."""
    return python <= OPENNMT_PYTHON


def missing_opennmt() -> str:
    """What to tell a user whose command needs OpenNMT-py, where it is not installed."""
    if opennmt_is_available():
        return "needs OpenNMT-py, which is not installed: pip install 'OpenNMT-py>=3.0.4,<3.6' 'torch>=2.6'"
    here, last = (".".join(map(str, version)) for version in (sys.version_info[:2], OPENNMT_PYTHON))
    return (
        f"needs OpenNMT-py, which cannot be installed on Python {here}: pyonmttok, a package that it needs, has no "
        f"wheels for it. Use Python {last} or older"
    )
