"""flex_attention with the mapping as a score_mod, against the reference."""

from __future__ import annotations

import shutil
import warnings

import pytest
import torch

from onmt_evsoftmax.attention import attention, flex

MASKS = {
    "none": {},
    "causal": {"is_causal": True},
    "padding": {"key_lengths": torch.tensor([100, 0])},
    "causal and padding": {"is_causal": True, "key_lengths": torch.tensor([129, 5])},
    "pairs": {"mask": torch.rand(2, 1, 129, 129, generator=torch.Generator().manual_seed(0)) > 0.4},
    "training form": {"eps": 0.01, "is_causal": True},
    "softmax": {"function": "softmax", "is_causal": True},
}


def compare(options, device="cpu", queries=129, heads=4):
    torch.manual_seed(0)
    query, key, value = (
        torch.randn(2, h, n, 32, device=device, requires_grad=True)
        for h, n in ((4, queries), (heads, 129), (heads, 129))
    )
    options = {name: o.to(device) if isinstance(o, torch.Tensor) else o for name, o in options.items()}
    with torch.no_grad():
        ours = attention(query, key, value, implementation="flex", **options)
        expected = attention(query, key, value, implementation="reference", **options)
    assert not ours.isnan().any()
    # a score within rounding of its mean may fall on the other side, in very few rows
    different = ((ours - expected).abs() > 1e-5).any(-1)
    assert different.sum() <= 3


@pytest.fixture
def eager(monkeypatch):
    from torch.nn.attention.flex_attention import flex_attention

    monkeypatch.setattr(flex, "compiled", lambda _device: flex_attention)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # uncompiled it is slow, and says so
        yield


@pytest.mark.slow
@pytest.mark.parametrize("mask", MASKS)
def test_agrees_with_the_reference(eager, mask):
    compare(MASKS[mask])


@pytest.mark.slow
def test_cross_attention_and_grouped_heads(eager):
    compare({}, queries=7, heads=2)
    compare({"is_causal": True}, queries=7)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a compiler")
@pytest.mark.parametrize("mask", ("causal", "training form"))
def test_compiled(mask):
    compare(MASKS[mask])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("mask", MASKS)
def test_trains_on_a_gpu(mask):
    compare(MASKS[mask], "cuda")
    options = {n: o.cuda() if isinstance(o, torch.Tensor) else o for n, o in MASKS[mask].items()}
    tensors = [torch.randn(2, 4, 129, 32, device="cuda", requires_grad=True) for _ in range(3)]
    results = []
    for implementation in ("reference", "flex"):
        output = attention(*tensors, implementation=implementation, **options)
        results.append(torch.autograd.grad(output.square().sum(), tensors))
    for ours, theirs in zip(*results):
        assert ((ours - theirs).abs() > 1e-3).float().mean() < 0.01
