"""Scores of translations, read from files: line-aligned text and attention archives.

`system.score_texts` is the way in from Python; ``onmt_evsoftmax score`` is the command.
Nothing here imports torch.
"""
