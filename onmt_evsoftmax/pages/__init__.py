"""Self-contained HTML pages: `heatmap` of archives, `report` of a sweep. Knows no torch.

`html_page` inlines what all share: ``page_common.*`` and the viewer of attention. ``viewer.js`` chooses and searches,
with the data of `viewer`; ``map.js`` draws; ``weights.js`` reads what `weights` packs.
"""
