"""The examples in the docstrings; every public function has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import sys

import pytest

from onmt_evsoftmax import normalizers


def module(name):
    importlib.import_module(name)
    return sys.modules[name]  # an attribute of the package may be the function of the same name


MODULES = [f"onmt_evsoftmax.normalizers.{info.name}" for info in pkgutil.iter_modules(normalizers.__path__)] + [
    "onmt_evsoftmax.normalizers.losses"
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    assert doctest.testmod(module(name)).failed == 0


def test_every_public_function_has_an_example():
    losses = module("onmt_evsoftmax.normalizers.losses")
    public = [getattr(normalizers, name) for name in normalizers.__all__]
    public += [getattr(losses, name) for name in vars(losses) if name.endswith(("_loss", "_kl"))]
    lacking = [item.__name__ for item in public if inspect.isfunction(item) and ">>>" not in (item.__doc__ or "")]
    assert lacking == []
