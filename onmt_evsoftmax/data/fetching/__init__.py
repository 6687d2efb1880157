"""Published corpora and models -> files on this machine, checked, with a manifest of where they are from."""
