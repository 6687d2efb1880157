"""``onmt_evsoftmax report``: one self-contained ``report.html`` of a sweep. Knows no torch.

`folder` finds what a sweep left behind, `plan` what its settings ask for, `missing` what is not there (yet);
`train_log` reads a training's log and `testset` gathers scores (`comparison`), texts and archives of one
test set. `curves`, `attended`, `sentences` and `payload` make the data of the page, `markup` and `colours`
its HTML; `page` fills ``page.html`` with them, ``style.css`` and the scripts, and those of
`visualization.html_page` for the maps; `command` is the command line.
"""
