"""Heat maps of attention archives: PNG, SVG, PDF and one self-contained HTML page. Knows no torch.

`models` opens archives side by side, `panel` picks one map out of each, `words` merges subword
pieces, `colour` gives a weight its colour, `heatmap` and `bars` draw with matplotlib, `page` fills
``heatmap.html``, and `command` is the command line. `html_page` inlines what this page and that of
`sweep_report` share: ``page_common.*``, ``map.*`` and ``choices.js``.
"""
