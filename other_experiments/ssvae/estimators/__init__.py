"""Estimates of E_q(z|x)[f(x, z)] and of its gradient: one per file, one interface, one table."""

from .estimator import Estimator
from .gumbel import Gumbel
from .marginal import Marginal
from .nvil import Nvil
from .sfe import Sfe
from .sfe_plus import SfePlus
from .st_gumbel import StraightThroughGumbel
from .sum_and_sample import SumAndSample

ESTIMATORS: dict[str, type[Estimator]] = {
    "sfe": Sfe,
    "sfe_plus": SfePlus,
    "nvil": Nvil,
    "sum_and_sample": SumAndSample,
    "gumbel": Gumbel,
    "st_gumbel": StraightThroughGumbel,
    "marginal": Marginal,
}

__all__ = ["ESTIMATORS", "Estimator", *(kind.__name__ for kind in ESTIMATORS.values())]
