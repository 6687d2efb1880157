"""What stays in float32 inside of autocast: the search for the nearest code, and the scores."""

import torch

from other_experiments.vqvae.codebook import Codebook
from other_experiments.vqvae.pixelcnn import PixelCNN


def test_the_nearest_code_is_sought_in_float32():
    torch.manual_seed(0)
    codebook, outputs = Codebook(512, 64), 5 + torch.randn(2000, 64)  # outputs are not centred
    codebook.start_from(outputs, torch.Generator().manual_seed(0))
    expected = torch.cdist(outputs.double(), codebook.vectors.detach().double()).argmin(1)
    with torch.autocast("cpu", torch.bfloat16):
        assert (codebook.nearest(outputs) == expected).float().mean() > 0.999


def test_scores_are_computed_in_float32():
    torch.manual_seed(0)
    model = PixelCNN(64, 3, {"layers": 2, "hidden": 8, "head": 16, "output_scale": 0.01})
    codes, labels = torch.randint(64, (4, 5, 5)), torch.tensor([0, 1, 2, 0])
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        scores = model(codes, labels)
        units = model.units(codes, labels)
    assert scores.dtype == torch.float32 and units.dtype == torch.bfloat16
    assert len(scores.unique()) > 0.9 * scores.numel()  # in bfloat16 a quarter of them are distinct
