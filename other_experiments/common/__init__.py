"""What at least two experiments use: data, seeds, configs, run folders, progress, figures."""
