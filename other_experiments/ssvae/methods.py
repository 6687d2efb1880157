"""The eleven rows of Table 2: which estimator, which mapping, which name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from onmt_evsoftmax.base import catalogue

from ..common.config import check_known

MARGINAL = "marginal"


@dataclass(frozen=True)
class Method:
    """A method of the paper's Table 2: how a classifier is trained, and tested.

    Attributes:
        name: on the command line, in folders and results.
        printed_name: in tables.
        estimator: a key of `estimators.ESTIMATORS`.
        normalizer: the mapping of q(z | x) in training, whose own loss is the label loss.
        test_normalizer: the mapping of q(z | x) at test.
        trained_as: the row whose training it shares.
    """

    name: str
    printed_name: str
    estimator: str
    normalizer: str
    test_normalizer: str
    trained_as: str


def _sampled(name: str, printed_name: str) -> Method:
    return Method(name, printed_name, name, "softmax", "softmax", name)


def _marginal(name: str) -> Method:
    function = catalogue.get(name)
    return Method(name, function.printed_name, MARGINAL, function.trained_as, name, function.trained_as)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        _sampled("sfe", "SFE"),
        _sampled("sfe_plus", "SFE+"),
        _sampled("nvil", "NVIL"),
        _sampled("sum_and_sample", "Sum&Sample"),
        _sampled("gumbel", "Gumbel"),
        _sampled("st_gumbel", "ST Gumbel"),
        *(_marginal(name) for name in catalogue.names() if catalogue.get(name).family != "row"),
    )
}
"""Name -> method, in the order of the paper's table."""


def select(names: Iterable[str]) -> list[Method]:
    """The rows to train for ``names``, each once; post-hoc evidential is the training of softmax.

    Raises:
        InputError: a name is not known.
    """
    names = list(names)
    check_known("method", names, METHODS)
    return [METHODS[name] for name in dict.fromkeys(METHODS[name].trained_as for name in names)]


def evaluated_as(method: Method) -> list[Method]:
    """The rows that the trained model of ``method`` stands for."""
    return [row for row in METHODS.values() if row.trained_as == method.name]
