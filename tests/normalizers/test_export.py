"""torch.compile without graph breaks, torch.export, and ONNX run by onnxruntime: the same numbers."""

from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax import (
    Entmax15,
    EvSoftmax,
    LogEvSoftmax,
    PosthocEvidential,
    Softmax,
    SparseHourglass,
    Sparsemax,
    TopkSoftmax,
    evsoftmax,
    evsoftmax_loss,
)

MODULES = (
    Softmax(),
    EvSoftmax(),
    EvSoftmax(eps=1e-2),
    LogEvSoftmax(eps=1e-6),
    Sparsemax(),
    Entmax15(),
    PosthocEvidential(),
    SparseHourglass(),
    TopkSoftmax(),
    TopkSoftmax(k=2),
)
MODULE_NAMES = [repr(module) for module in MODULES]


@pytest.fixture
def problem():
    scores, mask = torch.randn(4, 5, 7), torch.rand(4, 5, 7) > 0.3
    mask[0, 0] = False
    return scores, mask


def value_and_gradient(function, scores, mask):
    scores = scores.clone().requires_grad_()
    result = function(scores, mask)
    weights = torch.linspace(-1, 1, result.numel()).reshape(result.shape)
    result.masked_fill(result == -torch.inf, 0.0).mul(weights).sum().backward()
    return result.detach(), scores.grad


@pytest.mark.parametrize("module", MODULES, ids=MODULE_NAMES)
def test_compile_without_graph_breaks(module, problem):
    torch._dynamo.reset()
    compiled = torch.compile(lambda v, m: module(v, m), fullgraph=True, backend="aot_eager")
    scores, mask = problem
    infinite = scores.masked_fill(~mask, -torch.inf)
    for given in ((scores, None), (scores, mask), (scores.masked_fill(~mask, -1e18), None), (infinite, None)):
        for ours, theirs in zip(value_and_gradient(compiled, *given), value_and_gradient(module, *given)):
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_compile_the_loss():
    torch._dynamo.reset()
    compiled = torch.compile(evsoftmax_loss, fullgraph=True, backend="aot_eager")
    scores, target = torch.randn(6, 9), torch.arange(6)
    torch.testing.assert_close(compiled(scores, target), evsoftmax_loss(scores, target))


@pytest.mark.slow
def test_compile_to_machine_code(problem):
    torch._dynamo.reset()
    compiled = torch.compile(evsoftmax, fullgraph=True, dynamic=True)
    for scale in (1, 3):
        scores, mask = (tensor.repeat(scale, 1, 1) for tensor in problem)
        for ours, theirs in zip(
            value_and_gradient(compiled, scores, mask), value_and_gradient(evsoftmax, scores, mask)
        ):
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("module", MODULES, ids=MODULE_NAMES)
def test_export(module, problem):
    dynamic = torch.export.Dim.DYNAMIC
    program = torch.export.export(
        module.eval(), problem, dynamic_shapes=({0: dynamic, 2: dynamic}, {0: dynamic, 2: dynamic})
    )
    for given in (problem, (torch.randn(3, 5, 11), torch.rand(3, 5, 11) > 0.3)):
        torch.testing.assert_close(program.module()(*given), module(*given), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("module", MODULES, ids=MODULE_NAMES)
def test_onnx(module, problem, tmp_path):
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package)
    onnxruntime = pytest.importorskip("onnxruntime")
    path = tmp_path / "mapping.onnx"
    torch.onnx.export(module.eval(), problem, path, input_names=["scores", "mask"], dynamo=True, verbose=False)
    session = onnxruntime.InferenceSession(path)
    scores, mask = problem
    (result,) = session.run(None, {"scores": scores.numpy(), "mask": mask.numpy()})
    torch.testing.assert_close(torch.from_numpy(result), module(*problem), rtol=1e-5, atol=1e-6)
