"""Which checkpoints of a training are whole.

python -m onmt_evsoftmax.sweep.checkpoints PREFIX    # prints them, oldest first
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path


def whole_checkpoints(prefix: Path) -> list[tuple[int, Path]]:
    """(step, path) of the readable checkpoints, oldest first.

    OpenNMT-py writes checkpoints in place, so that a killed training can leave half a one. The end of
    a zip file is written last, and that is what is looked for.
    """
    return sorted(
        (int(path.stem.rsplit("_", 1)[1]), path)
        for path in prefix.parent.glob(f"{prefix.name}_step_*.pt")
        if zipfile.is_zipfile(path)
    )


if __name__ == "__main__":
    for _step, checkpoint in whole_checkpoints(Path(sys.argv[1])):
        print(checkpoint)
