"""How the mappings are written in tables and figures; known to rooms that never load torch."""

PRINTED_NAMES = {
    "softmax": "softmax",
    "evsoftmax": "ev-softmax",
    "sparsemax": "sparsemax",
    "entmax15": "entmax-1.5",
    "posthoc_evidential": "post-hoc evidential",
    "sparsehourglass": "sparsehourglass",
    "topk_softmax": "top-k softmax",
}
"""name in configurations, checkpoints and files -> printed name, in the order of the tables"""
