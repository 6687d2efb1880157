"""Experiments around the mappings, each in its own folder with its own command."""
