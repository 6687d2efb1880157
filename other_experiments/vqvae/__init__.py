"""Images from discrete codes (paper, section 4.3): a VQ-VAE, priors over its codes, and a judge of their samples."""
