"""Heat maps of attention archives: PNG, SVG, PDF and one self-contained HTML page. Knows no torch.

`models` opens archives side by side, `panel` picks one map out of each, `words` merges subword
pieces, `colour` gives a weight its colour, `figure` and `bars` draw with matplotlib, `page` fills
``heatmap.html``, and `command` is the command line.
"""
