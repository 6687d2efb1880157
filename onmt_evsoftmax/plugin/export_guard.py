"""Refuses to export a sparse model to CTranslate2, which would run it as softmax.

CTranslate2 has no ev-softmax, sparsemax or entmax. Its OpenNMT-py converter ignores the options
it does not know, so that the exported model translates with weights it was not trained with.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable

GUARDED = "refuses_sparse_models"
"""attribute of a method that `refuse_sparse_models` has wrapped"""


def refuse_sparse_models(load: Callable) -> Callable:
    """Wrap ``OpenNMTPyConverter._load`` with a look at the options in the checkpoint.

    Raises (when the wrapped method is called):
        InputError: the checkpoint's attention or generator is not softmax.
    """

    @functools.wraps(load)
    def guarded(self):
        import torch

        from ..base.errors import InputError
        from .option_keys import sparse_settings

        torch.serialization.add_safe_globals([argparse.Namespace])
        options = torch.load(self._model_path, map_location="cpu", weights_only=True)["opt"]
        sparse = sparse_settings(options)
        if sparse:
            raise InputError(
                f"{self._model_path}: CTranslate2 can only run softmax attention, and this model has "
                f"{', '.join(sparse)}; the export would translate with other weights than it was "
                "trained with. Use onmt_translate or onmt_server, or fine-tune with "
                "self_attn_function: softmax first."
            )
        return load(self)

    setattr(guarded, GUARDED, True)
    return guarded


def install_guard() -> None:
    """Put the guard into CTranslate2's converter. Calling it again does nothing."""
    from ctranslate2.converters.opennmt_py import OpenNMTPyConverter

    if not hasattr(OpenNMTPyConverter._load, GUARDED):
        OpenNMTPyConverter._load = refuse_sparse_models(OpenNMTPyConverter._load)


install_guard()
