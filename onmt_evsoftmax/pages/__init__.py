"""Self-contained HTML pages: `heatmap` of archives, `report` of a sweep. Knows no torch.

`html_page` inlines what both share: ``page_common.*``, ``map.*`` and ``choices.js``.
"""
