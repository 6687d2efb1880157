"""Pictures of attention, drawn with matplotlib: `heatmap`, `bars`, and the colours that the pages use too."""
