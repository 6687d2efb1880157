"""Whether convolutions run in bfloat16."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

PRECISIONS = ("auto", "true", "false")
INSTRUCTIONS = ("avx512_bf16", "amx_bf16")
"""What makes bfloat16 the faster type on a CPU; without either it is two to three times slower than float32."""


def in_bfloat16(choice: str, device: torch.device) -> bool:
    """``true`` and ``false`` as they are; ``auto``: on a CPU that has instructions for it, or a GPU."""
    if choice != "auto":
        return choice == "true"
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    known: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()  # torch before 2.10 does not say
    return device.type == "cpu" and any(known.get(name, False) for name in INSTRUCTIONS)


def autocast(settings: Mapping[str, Any], device: torch.device) -> torch.autocast:
    """The context for a model's forward pass, by the setting ``bfloat16``. Scores and losses stay float32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=in_bfloat16(settings["bfloat16"], device))
