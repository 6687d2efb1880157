"""The versions that the test suite and the figures in docs/ were run with; constraints.txt pins the same."""

TESTED_OPENNMT = ("3.0.4", "3.5.1")
TESTED_TRANSFORMERS = ("4.53.3", "4.57.6", "5.23.0")
"""Each in an environment of its own, see constraints-transformers.txt; Transformers itself is optional."""
TESTED = {
    "OpenNMT-py": TESTED_OPENNMT,
    "torch": ("2.13.0",),
    "entmax": ("1.3",),
    "sacremoses": ("0.2.0",),
    "subword-nmt": ("0.3.8",),
    "sentencepiece": ("0.2.3",),
    "sacrebleu": ("2.6.0",),
    "rouge-score": ("0.1.2",),
    "nltk": ("3.10.4",),
}
"""package that results depend on -> its tested versions"""
