"""What a function is trained as, for shell scripts.

python -m onmt_evsoftmax.sweep.trained_as posthoc_evidential    # softmax
"""

from __future__ import annotations

import argparse
import sys

from ..base import catalogue
from ..base.errors import InputError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name")
    name = parser.parse_args().name
    try:
        print(catalogue.get(name).trained_as)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
