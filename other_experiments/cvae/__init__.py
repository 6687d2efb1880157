"""Conditional variational autoencoder on MNIST (paper, section 4.1 and appendix E.1; Figures 2 and 3)."""
