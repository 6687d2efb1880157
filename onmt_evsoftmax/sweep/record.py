"""What a sweep notes about itself before it starts, in its folder."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ..base.files import atomic_write
from ..base.versions import TESTED

PACKAGES = ("onmt_evsoftmax", *TESTED, "snakemake")


def versions() -> dict[str, str]:
    """Name -> version of what the results depend on."""
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def write_records(out: Path, settings: Mapping[str, Any]) -> None:
    """Write settings.yaml, from which the jobs read, and versions.json."""
    with atomic_write(out / "settings.yaml") as stream:
        yaml.safe_dump(dict(settings), stream, sort_keys=False, allow_unicode=True)
    with atomic_write(out / "versions.json") as stream:
        stream.write(json.dumps(versions(), indent=1) + "\n")
