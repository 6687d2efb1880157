"""``onmt_evsoftmax report``: one self-contained ``report.html`` of a sweep. Knows no torch.

`curves`, `attended` and `sentences` make the data of the page from what `onmt_evsoftmax.sweep` finds,
`markup` and `colours` its HTML; `page` fills ``page.html`` with them, ``style.css`` and the scripts; `command` is
the command line.
"""
