"""Corpora: `fetching` brings published ones to this machine, `corpus` prepares them for training. Knows no torch."""
