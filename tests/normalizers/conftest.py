"""Every mapping of the registry, by name, and inputs that all the tests share."""

from __future__ import annotations

import pytest
import torch

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.normalizers import get, names

DTYPES = (torch.float64, torch.float32, torch.bfloat16, torch.float16)


@pytest.fixture(params=names())
def mapping(request):
    """The function of every mapping in turn."""
    return get(request.param).function


@pytest.fixture(params=[name for name in names() if catalogue.get(name).sums_to_one])
def distribution(request):
    """The function of every mapping whose rows sum to one."""
    return get(request.param).function


@pytest.fixture(params=DTYPES, ids=lambda dtype: str(dtype).replace("torch.", ""))
def dtype(request):
    return request.param


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def tolerance():
    """Absolute difference that rounding alone may cause in a probability of this type."""
    return lambda dtype: 8 * torch.finfo(dtype).eps
