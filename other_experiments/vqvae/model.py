"""The autoencoder with discrete codes (van den Oord et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn

from .codebook import Codebook, Quantised


class ResidualBlock(nn.Module):
    """x + a 3x3 and a 1x1 convolution, each with batch norm after it and ReLU before it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 1),
            nn.BatchNorm2d(channels),
        )

    def forward(self, images: Tensor) -> Tensor:
        return images + self.layers(images)


class VQVAE(nn.Module):
    """Images ``[N, C, S, S]`` in [-1, 1] to codes ``[N, S / 2^h, S / 2^h]`` and back.

    Args:
        settings: ``codes`` (size of the codebook), ``hidden`` (channels) and ``halvings`` (h above).
        channels: of the images.
    """

    def __init__(self, settings: Mapping[str, Any], channels: int) -> None:
        super().__init__()
        hidden, halvings = settings["hidden"], settings["halvings"]
        down: list[nn.Module] = []
        up: list[nn.Module] = []
        for number in range(halvings):
            last = number == halvings - 1
            down.append(nn.Conv2d(channels if number == 0 else hidden, hidden, 4, stride=2, padding=1))
            up.append(nn.ConvTranspose2d(hidden, channels if last else hidden, 4, stride=2, padding=1))
            if not last:
                down += [nn.BatchNorm2d(hidden), nn.ReLU()]
                up += [nn.BatchNorm2d(hidden), nn.ReLU()]
        self.encoder = nn.Sequential(*down, ResidualBlock(hidden), ResidualBlock(hidden))
        self.codebook = Codebook(settings["codes"], hidden)
        self.decoder = nn.Sequential(ResidualBlock(hidden), ResidualBlock(hidden), nn.ReLU(), *up, nn.Tanh())
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def encode(self, images: Tensor) -> Tensor:
        """The images' codes, int64 ``[N, H, W]``."""
        return self.codebook.encode(self.encoder(images).float())

    def decode(self, codes: Tensor) -> Tensor:
        """The images that codes stand for, in [-1, 1]."""
        return self.decoder(self.codebook.decode(codes)).float()

    def forward(self, images: Tensor) -> tuple[Tensor, Quantised, Tensor]:
        """The reconstructions, the codes, and the encoder's outputs, all float32."""
        outputs = self.encoder(images).float()
        quantised = self.codebook(outputs)
        return self.decoder(quantised.vectors).float(), quantised, outputs
