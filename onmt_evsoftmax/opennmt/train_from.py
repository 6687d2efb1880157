"""What ``-train_from`` would ignore: another vocabulary, and a last step that lies behind the checkpoint."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..base.errors import InputError
from ..plugin.startup import STRICT, SWITCH


def reporting_what_is_ignored(original: Callable) -> Callable:
    """Wrap ``train_single._init_train``: warn, or raise `InputError` under ``ONMT_EVSOFTMAX=strict``."""

    def init_train(opt):
        checkpoint, vocabs, transforms = original(opt)
        if checkpoint is None:
            return checkpoint, vocabs, transforms
        for problem in (*_other_vocabularies(opt, checkpoint, vocabs, transforms), *_no_steps(opt, checkpoint)):
            complain(problem)
        return checkpoint, vocabs, transforms

    return init_train


def complain(problem: str) -> None:
    """Warn, or raise `InputError` under ``ONMT_EVSOFTMAX=strict``."""
    from onmt.utils.logging import logger

    if os.environ.get(SWITCH) == STRICT:
        raise InputError(problem)
    logger.warning("onmt_evsoftmax: %s", problem)


def _other_vocabularies(opt: Namespace, checkpoint: Mapping, vocabs: Mapping, transforms: Any) -> Iterator[str]:
    """A complaint for each vocabulary file that names other types than the model has rows for."""
    from onmt.inputters.inputter import build_vocab, dict_to_vocabs
    from onmt.transforms import get_specials

    if opt.update_vocab:  # OpenNMT-py then moves the rows of the embeddings
        return
    stored = dict_to_vocabs(checkpoint["vocab"])
    asked = build_vocab(opt, get_specials(opt, transforms))
    for side in ("src",) if opt.share_vocab else ("src", "tgt"):
        path = getattr(opt, f"{side}_vocab")
        in_model, in_file = _types(stored[side]), _types(asked[side])
        differing = len(set(in_model).symmetric_difference(in_file))
        ways = f"Use the vocabulary of {opt.train_from}, or -update_vocab with -reset_optim all"
        if _types(vocabs[side]) == in_model:
            if differing:
                yield (
                    f"{side}_vocab: {differing} types differ between {path} and {opt.train_from}; "
                    f"OpenNMT-py goes on with the checkpoint's vocabulary. {ways}"
                )
        else:  # other transforms: OpenNMT-py reads the files again, and moves no row
            moved = sum(vocabs[side].lookup_token(token) != row for row, token in enumerate(stored[side].ids_to_tokens))
            yield (
                f"{side}_vocab: the transforms differ from those of {opt.train_from}, so OpenNMT-py takes "
                f"{path}, where {moved} of the checkpoint's types stand in another row of the embeddings or "
                f"not at all. {ways}"
            )


def _types(vocab: Any) -> list[str]:
    """The types of a `pyonmttok.Vocab` without those that only fill it up to a round size."""
    from onmt.constants import DefaultTokens

    return [token for token in vocab.ids_to_tokens if not token.startswith(DefaultTokens.VOCAB_PAD)]


def _no_steps(opt: Namespace, checkpoint: Mapping) -> Iterator[str]:
    """A complaint if the checkpoint has reached the last step: OpenNMT-py then makes one more, and saves it."""
    state = checkpoint.get("optim")
    if not isinstance(state, dict) or opt.reset_optim == "all" or opt.single_pass:
        return  # the steps are counted from 1, or not at all
    done = state["training_step"] - 1
    if 0 < opt.train_steps <= done:
        yield (
            f"train_steps: {opt.train_steps}, but {opt.train_from} has made {done} steps already; OpenNMT-py "
            f"makes one more and ends. Give more than {done}, or -reset_optim all to count from 1 again"
        )
