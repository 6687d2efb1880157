"""``onmt_evsoftmax heatmap``: pictures of attention archives, and one page to browse them.

`page` fills ``heatmap.html``; `command` is the command line, for the pictures of `onmt_evsoftmax.figures` too.
"""
