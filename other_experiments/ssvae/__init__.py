"""Semi-supervised VAE on MNIST: eleven ways to train with a categorical latent variable (paper, Table 2)."""
