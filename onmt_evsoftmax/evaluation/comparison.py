"""Functions compared over their seeds: means, standard errors, and tests against one of them."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from importlib.metadata import version
from statistics import fmean
from typing import Any, Optional

from .. import __version__
from .attended_seeds import pool_attended
from .corpus_significance import corpus_significance
from .metrics import METRICS
from .runs import Groups, Run, shared_metrics, shared_seeds
from .significance import (
    OVER_SENTENCES,
    TESTS,
    Resampling,
    Significance,
    joint_p,
    mean_significance,
    seed_test,
    standard_error,
)

FORMAT = "onmt_evsoftmax.comparison"
VERSION = 2
LEVELS = (0.05, 0.01)
VERSIONS = {
    "onmt_evsoftmax": __version__,
    **{name: version(name) for name in ("sacrebleu", "numpy", "scipy")},
}

METHOD = {
    "mean": "mean ± standard error over seeds (sample standard deviation / sqrt(seeds))",
    "attended": "source words or pieces with a weight > 0 in the last decoder layer; per head: counted in "
    "each head by itself, then averaged over heads; any head: what at least one head attends to; mean ± standard "
    "deviation over the target tokens of all seeds; entropy: mean over heads, ± standard error over seeds",
    "sentences": "A sentence is drawn or swapped with all of its seeds: its score is the mean over seeds where a "
    "metric is a mean over sentences; else the test set's score is the mean over seeds of the corpus score.",
    "randomisation": "paired approximate randomisation, two-sided; of corpus scores: sacrebleu's",
    "bootstrap": "paired bootstrap resampling; of means over sentences: two-sided, shifted to the null; of corpus "
    "scores: sacrebleu's, which is close to one-sided",
    "interval": "95 %, percentiles of the bootstrap",
    "seeds": "paired t-test, seed i against seed i",
    "joint": "over seeds and sentences together (Behrens-Fisher): Student's t with the standard error of the "
    "seeds, plus a normal error with that of the sentences; never below p (seeds)",
}
"""What the figures mean, for the legend and the JSON."""


def compare(
    groups: Groups,
    against: str,
    *,
    test: str = TESTS[0],
    resampling: Optional[Resampling] = None,
    allow_missing: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Compare every function with ``against`` in each metric that all runs have; ready for JSON.

    Args:
        groups, against: see `runs.group_runs`; the others are tested against the last.
        test: of `significance.TESTS`; whose p-value sets the marks. Where seeds cannot be tested, with
            one seed, ``joint`` is the randomisation over sentences.
        resampling: how often to draw.
        allow_missing: compare functions that lack a seed of each other on those they share.
        progress: called with a line of text before each long step.

    Returns:
        ``functions``: name -> see `_summary`; ``differences``: name -> metric -> see `_difference`.

    Raises:
        InputError: a seed is missing, the runs share no metric, or the models of a function differ in size.
    """
    resampling = resampling or Resampling()
    others = [name for name in groups if name != against]
    seeds = {name: shared_seeds(groups, name, against, allow_missing=allow_missing) for name in others}
    metrics = shared_metrics([run for runs in groups.values() for run in runs.values()])
    functions = {name: _summary(list(runs.values()), metrics) for name, runs in groups.items()}
    differences: dict[str, dict[str, Any]] = {name: {} for name in seeds}
    for name, metric in itertools.product(seeds, metrics):
        progress(f"{name} against {against}: {METRICS[metric].printed_name}")
        pairs = [(groups[name][seed], groups[against][seed]) for seed in seeds[name]]
        found = _difference(metric, pairs, test, resampling)
        differences[name][metric] = {"seeds": seeds[name], **found}
    return {
        "format": FORMAT,
        "version": VERSION,
        "against": against,
        "test": test,
        "resampling": dataclasses.asdict(resampling),
        "method": METHOD,
        "versions": VERSIONS,
        "functions": functions,
        "differences": differences,
    }


def mark(difference: float, p: Optional[float], higher_is_better: bool = True) -> str:
    """``*`` or ``**``: significantly worse than the reference at 0.05, 0.01; ``†``, ``††``: better.

    The paper's asterisks say that ev-softmax outperformed the method; the daggers are ours.
    """
    if p is None:
        return ""
    worse = difference < 0 if higher_is_better else difference > 0
    return ("*" if worse else "†") * sum(p < level for level in LEVELS)


def _summary(runs: Sequence[Run], metrics: Sequence[str]) -> dict[str, Any]:
    """Seeds, scores (metric -> mean, standard error, value of each seed) and attention of a function."""
    scores = {}
    for metric in metrics:
        values = [run.scores[metric] for run in runs]
        scores[metric] = {"mean": fmean(values), "standard_error": standard_error(values), "values": values}
    return {
        "seeds": [run.seed for run in runs],
        "runs": [{"path": run.path, "name": run.name} for run in runs],
        "scores": scores,
        "attended": pool_attended(runs),
    }


def _difference(metric: str, pairs: Sequence[tuple[Run, Run]], test: str, resampling: Resampling) -> dict[str, Any]:
    """System minus reference on the shared seeds: effect size, intervals, p-values, mark and whose it is."""
    gaps = [system.scores[metric] - reference.scores[metric] for system, reference in pairs]
    paired = _significance(metric, pairs, resampling)
    over_seeds = seed_test(gaps)
    p_values = {
        "joint": joint_p(gaps, paired.interval) if paired else None,
        "randomisation": paired.p_randomisation if paired else None,
        "bootstrap": paired.p_bootstrap if paired else None,
        "seeds": over_seeds.p if over_seeds else None,
    }
    deciding = OVER_SENTENCES[0] if test == "joint" and len(pairs) == 1 else test
    return {
        "difference": fmean(gaps),
        "interval": paired and list(paired.interval),
        "interval_over_seeds": over_seeds and list(over_seeds.interval),
        "p": p_values,
        "test": deciding,
        "mark": mark(fmean(gaps), p_values[deciding], METRICS[metric].higher_is_better),
    }


def _significance(metric: str, pairs: Sequence[tuple[Run, Run]], resampling: Resampling) -> Optional[Significance]:
    """Tests over sentences; None where the JSON of a run lacks the sentence statistics of a corpus metric."""
    corpus_score = METRICS[metric].corpus_score()
    if corpus_score is None:
        gaps = [a.sentence_scores[metric] - b.sentence_scores[metric] for a, b in pairs]
        return mean_significance(sum(gaps) / len(gaps), resampling)
    if not all(metric in run.statistics for pair in pairs for run in pair):
        return None
    systems, references = zip(*((a.statistics[metric], b.statistics[metric]) for a, b in pairs))
    return corpus_significance(corpus_score, systems, references, resampling)
