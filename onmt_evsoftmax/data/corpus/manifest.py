"""``manifest.json``: what a prepared corpus was made from, how, and what came out."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from importlib.metadata import version

from ...base.files import atomic_write
from .config import Config
from .plan import Texts
from .steps import RECORDS, Step, Workspace

MANIFEST = "manifest.json"
FORMAT = "onmt_evsoftmax.corpus"
VERSION = 1


def write_manifest(config: Config, texts: Texts, workspace: Workspace, steps: Sequence[Step]) -> dict:
    """Write the manifest and return what the file says.

    It holds no time, no path but those of the config, and no number of processes: the same text, settings and
    versions give the same bytes.
    """
    records = {step.name: workspace.record(step.name) for step in steps}
    libraries = {"sacremoses"}.union(*(step.libraries for step in steps))
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "settings": config.settings(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in sorted(libraries)}},
        "sources": [
            {"split": split, "side": side, "file": text.name, "sha256": text.sha256}
            for split, sides in texts.items()
            for side, files in zip(("src", "tgt"), sides)
            for text in files
        ],
        "steps": {name: {"fingerprint": record["fingerprint"], **record["counts"]} for name, record in records.items()},
        "files": {
            name: digest
            for record in records.values()
            for name, digest in sorted(record["outputs"].items())
            if not name.startswith(RECORDS)
        },
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    path = workspace.path(MANIFEST)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        with atomic_write(path) as stream:
            stream.write(text)
    return json.loads(text)
