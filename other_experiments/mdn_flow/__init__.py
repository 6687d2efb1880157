"""A relaxed mixture of Gaussians under a normalizing flow, as the note on mixture density networks describes it."""
