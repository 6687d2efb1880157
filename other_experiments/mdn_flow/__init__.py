"""Normalizing flows over a relaxed mixture of Gaussians: the note on mixture density networks."""

import importlib.util

if importlib.util.find_spec("zuko") is None:
    raise ImportError("zuko is missing; run: pip install -e '.[experiments]'")
