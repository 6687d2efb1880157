"""Checkpoints of OpenNMT-py 0.x, 1.x and 2.x -> checkpoints of 3.x; nothing that they store is run."""
