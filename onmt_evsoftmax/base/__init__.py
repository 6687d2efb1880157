"""What every room may use, and what uses no room: errors, files, documents, downloads, progress, workers, versions,
and the catalogue of functions. Knows no torch.
"""
