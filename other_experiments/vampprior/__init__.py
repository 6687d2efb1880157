"""The VampPrior autoencoder on Frey faces and MNIST: a Gaussian prior, or a mixture of posteriors."""
