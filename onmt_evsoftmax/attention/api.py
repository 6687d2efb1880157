"""The one function that models call."""

from __future__ import annotations

import math
from typing import Optional, Union

import torch
from torch import Tensor, nn

from ..base.errors import InputError, InputTypeError
from ..normalizers import registry
from ..normalizers.masking import check_dense, check_number
from ..normalizers.registry import Normalizer
from ..normalizers.row_function import RowFunction
from .bias import check_bias, check_mask, clean_bias, split_bias, torch_names
from .implementations import is_traced, select
from .request import Request, without_autocast
from .visibility import Visibility


def attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Optional[Tensor] = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: Optional[float] = None,
    enable_gqa: bool = False,
    function: Union[str, nn.Module] = "evsoftmax",
    mask: Optional[Tensor] = None,
    bias: Optional[Tensor] = None,
    key_lengths: Optional[Tensor] = None,
    dropout: float = 0.0,
    eps: float = 0.0,
    implementation: str = "auto",
    return_weights: bool = False,
) -> Union[Tensor, tuple[Tensor, Tensor]]:
    r"""Multi-head attention: sum_j p_ij v_j with p_i = function(scale * q_i . k_j + b_ij over the visible keys j).

    For ev-softmax the threshold of row i is the score of the mean of the keys that it sees, which
    costs no more than softmax (paper, eq. 7; `mean_key`). With a bias it is the mean of the row.

    It takes the arguments of `torch.nn.functional.scaled_dot_product_attention` in their order and with their
    names, and differs in one: ``is_causal``, where there are not as many queries as keys.

    Args:
        query: ``[batch, heads, queries, dim]``, floating-point.
        key: ``[batch, key heads, keys, dim]``; the query has a multiple of its heads, and query head h
            uses key head h // (heads / key heads).
        value: ``[batch, key heads, keys, value dim]``.
        attn_mask: torch's name: a boolean one is ``mask``, with the same meaning of True, a floating-point
            one is ``bias``.
        dropout_p: torch's name of ``dropout``.
        enable_gqa: torch's permission for fewer heads of the key than of the query. They are always permitted
            here, so it changes nothing.
        function: name of a mapping, see `onmt_evsoftmax.normalizers.names`; or a module with learned parameters,
            called with scores ``[batch, heads, queries, keys]`` and a mask, see `onmt_evsoftmax.register`.
        mask: boolean, broadcasts to ``[batch, heads, queries, keys]``, True = visible.
        bias: floating-point, of a shape like the mask's: added to the scores after ``scale``, before the mean is
            taken; it gets a gradient. Where it is -inf or at most `masking.MASKED_SCORE` the key is hidden;
            -100 or -1e4 do not hide, and count in the mean of ev-softmax.
            ``flex`` cannot take one that is not zero where it does not hide.
        key_lengths: integers ``[batch]``: keys from there on are padding. More than there are keys: none is; 0 or less:
            all are.
        is_causal: query i sees key j only if j <= i + keys - queries: the masks are aligned at the last
            query and the last key. torch aligns the first: j <= i. With as many queries as keys both are the
            same; for torch's alignment pass ``torch.ones(queries, keys, dtype=torch.bool).tril()`` as
            ``attn_mask``. While decoding, a step or a chunk of queries goes with all keys so far and needs
            no other state: each row has its own mean.
        scale: default 1 / sqrt(dim).
        dropout: probability with which a weight is dropped; pass 0 when evaluating.
        eps: for evsoftmax, the training form of the paper's eq. 10.
        implementation: ``auto`` or one of `IMPLEMENTATIONS`: ``reference`` (plain), ``dense`` (all
            scores in memory), ``blockwise`` (memory linear in the lengths), ``flex`` (fused; no dropout, no
            weights, no training on a CPU), ``sdpa`` (torch's, softmax only).
        return_weights: return the weights as well, as they are before dropout.

    Returns:
        Context ``[batch, heads, queries, value dim]`` of the query's type; with ``return_weights`` also
        the weights ``[batch, heads, queries, keys]``. A query that sees no key gets zeros. Keys and
        values that ``key_lengths`` or a mask hides from all queries may hold anything, NaN included.

    Raises:
        InputError: arguments that do not fit each other, an unknown name, or an implementation that was
            asked for by name and cannot run this; the message says why.
    """
    _check_tensors(query, key, value)
    mask, bias, dropout = torch_names(attn_mask, dropout_p, mask, bias, dropout)
    normalizer = _normalizer(function)
    _check_options(normalizer, dropout, eps)
    key, value = (_repeat_heads(tensor, query.shape[1]) for tensor in (key, value))
    mask, bias = _checked_mask_and_bias(mask, bias, query, key.shape[-2])
    if key_lengths is not None:
        _check_lengths(key_lengths, query)
    visibility = Visibility.of(query.shape[-2], key.shape[-2], query.device, mask, key_lengths, is_causal)
    bias = None if bias is None else clean_bias(bias, visibility)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    check_number("scale", scale)
    request = Request(query, key, value, visibility, normalizer, scale, dropout, eps, return_weights, bias)
    with without_autocast(query.device):  # the implementations choose their types
        output, weights = _run(implementation, request)
    if not return_weights:
        return output
    assert weights is not None, "`select` takes an implementation that has them"
    return output, weights


def _check_tensors(query: Tensor, key: Tensor, value: Tensor) -> None:
    for name, tensor in (("query", query), ("key", key), ("value", value)):
        if not isinstance(tensor, Tensor):
            raise InputTypeError(f"{name} must be a tensor, got {type(tensor).__name__}")
        check_dense(name, tensor)
        if tensor.device != query.device:
            raise InputError(
                f"{name} is on {tensor.device}, the query on {query.device}; move it with .to(query.device)"
            )
    if not query.ndim == key.ndim == value.ndim == 4:
        raise InputError(f"attention needs [batch, heads, length, dim], got {_shapes(query, key, value)}")
    if not query.is_floating_point() or not query.dtype == key.dtype == value.dtype:
        kinds = f"{query.dtype}, {key.dtype} and {value.dtype}"
        raise InputError(f"query, key and value must have one floating-point type, got {kinds}")
    fits = query.shape[0] == key.shape[0] and query.shape[-1] == key.shape[-1]
    if not fits or key.shape[:3] != value.shape[:3]:
        raise InputError(f"query, key and value do not fit each other: {_shapes(query, key, value)}")
    if key.shape[1] == 0 or query.shape[1] % key.shape[1]:
        raise InputError(f"the heads of the query must be a multiple of those of the key: {_shapes(query, key, value)}")
    if key.shape[-2] == 0 or key.shape[-1] == 0:
        raise InputError(f"attention needs at least one key of at least one dimension: {_shapes(query, key, value)}")


def _shapes(query: Tensor, key: Tensor, value: Tensor) -> str:
    return f"query {tuple(query.shape)}, key {tuple(key.shape)}, value {tuple(value.shape)}"


def _normalizer(function: Union[str, nn.Module]) -> Normalizer:
    if isinstance(function, str):
        return registry.get(function).without_parameters()
    if not isinstance(function, nn.Module):
        raise InputTypeError(f"function must be a name or a module, got {type(function).__name__}")
    own = function if isinstance(function, RowFunction) else RowFunction(function)
    return Normalizer(type(own.function).__name__, own)


def _check_options(normalizer: Normalizer, dropout: float, eps: float) -> None:
    for name, number in (("dropout", dropout), ("eps", eps)):
        check_number(name, number)
    if not 0 <= dropout < 1:
        raise InputError(f"dropout must be at least 0 and below 1, got {dropout}")
    if not 0 <= eps < math.inf:
        raise InputError(f"eps must be finite and not negative, got {eps}")
    if eps and normalizer.name != "evsoftmax":
        raise InputError(f"eps belongs to evsoftmax; {normalizer.name} has none")


def _checked_mask_and_bias(
    mask: Optional[Tensor], bias: Optional[Tensor], query: Tensor, keys: int
) -> tuple[Optional[Tensor], Optional[Tensor]]:
    """Both, what the bias hides having moved into the mask."""
    if mask is not None:
        check_mask(mask, query, keys)
    if bias is None:
        return mask, None
    check_bias(bias, query, keys)
    return split_bias(bias, mask)


def _check_lengths(lengths: Tensor, query: Tensor) -> None:
    if not isinstance(lengths, Tensor):
        raise InputError(f"key_lengths must be a tensor of integers, got {type(lengths).__name__}")
    if lengths.shape != query.shape[:1] or lengths.is_floating_point() or lengths.dtype == torch.bool:
        raise InputError(
            f"key_lengths must be integers of shape {tuple(query.shape[:1])}, "
            f"got {lengths.dtype} of shape {tuple(lengths.shape)}"
        )


def _repeat_heads(tensor: Tensor, heads: int) -> Tensor:
    groups = heads // tensor.shape[1]
    return tensor if groups == 1 else tensor.repeat_interleave(groups, dim=1)


def _run(implementation: str, request: Request) -> tuple[Tensor, Optional[Tensor]]:
    """Context and weights, whatever hidden keys and values hold: zero times NaN or infinity would not be zero."""
    seen = request.visibility.seen()
    chosen = select(implementation, request)
    if seen is None:
        return chosen.run(request)
    visible = seen.transpose(-2, -1)
    if not _shows_in_output(request) or not chosen.shows_what_is_hidden:
        return chosen.run(_cleaned(request, visible))
    output, weights = chosen.run(request)
    return (output, weights) if _is_finite(output) else chosen.run(_cleaned(request, visible))


def _shows_in_output(request: Request) -> bool:
    """Whether to run first and look afterwards: hidden NaN and infinity make the output so.

    On a CPU the output is cheaper to look at than keys and values are, and much so for one query. A derivative would
    not show them. On a GPU a look would stall it.
    """
    return request.query.device.type == "cpu" and not is_traced() and not request.needs_grad and not request.dropout


def _is_finite(tensor: Tensor) -> bool:
    return math.isfinite(torch.linalg.vector_norm(tensor.detach()).item())


def _cleaned(request: Request, visible: Tensor) -> Request:
    """The request with keys and values that are zero where no query sees them."""
    key, value = (_clean(tensor, visible) for tensor in (request.key, request.value))
    return request.on(request.query, key, value)


def _clean(tensor: Tensor, visible: Tensor) -> Tensor:
    # on a CPU to look is cheaper than to write; on a GPU a look would stall it
    if tensor.device.type == "cpu" and not is_traced() and _is_finite(tensor):
        return tensor
    return tensor.masked_fill(~visible, 0.0)
