"""Scores of translations, read from files: line-aligned text and attention archives.

`metrics.METRICS` is the table of metrics, `system.score_texts` the way in from Python;
``onmt_evsoftmax score`` is the command.
Nothing here imports torch.
"""
