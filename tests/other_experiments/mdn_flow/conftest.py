"""Settings of models small enough for seconds."""

from __future__ import annotations

import pytest
import torch

from other_experiments.common.config import load_config
from other_experiments.mdn_flow.train import CONFIG


@pytest.fixture
def settings():
    """Of a run, as `plan` makes them, apart from what only one part has; call with changes."""
    config = load_config(CONFIG, preset="small")
    shared = {key: value for key, value in config.items() if not isinstance(value, (dict, list))}

    def changed(**changes):
        own = {"hidden": 16, "transforms": 1, "steps": 40, "steps_between": 20, "test_points": 500}
        return {**shared, **own, "flow": "maf", "base": "mixture", "target": "eight_gaussians", **changes}

    return changed


@pytest.fixture(autouse=True)
def _own_random_numbers():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
