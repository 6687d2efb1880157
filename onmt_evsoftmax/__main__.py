"""``python -m onmt_evsoftmax`` is the ``onmt_evsoftmax`` command."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
