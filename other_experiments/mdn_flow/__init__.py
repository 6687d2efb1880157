"""Normalizing flows over a relaxed mixture of Gaussians: the note on mixture density networks."""
