"""The classifier that says which digit a decoded image shows."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.base.files import atomic_write
from onmt_evsoftmax.base.progress import bar_on_stderr

from ..common.datasets import Images

EPOCHS = {"mnist": 3, "digits": 30}
REQUIRED = {"mnist": 0.985, "digits": 0.95}
"""Accuracy on test images below which a judge may not judge."""
BATCH = 64
LEARNING_RATE = 3e-3
"""The highest one of Adam's single cycle, reached after a third of the training."""
SEED = 0


class Judge(nn.Module):
    """Two convolutions and two linear layers; ``[B, side * side]`` -> scores of the ten digits."""

    def __init__(self, side: int) -> None:
        super().__init__()
        self.side = side
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * (side // 4) ** 2, 128),
            nn.ReLU(),
            nn.Linear(128, 10),
        )

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images.unflatten(-1, (1, self.side, self.side)))

    @torch.no_grad()
    def probabilities(self, images: Tensor) -> Tensor:
        """Probabilities of the ten digits, ``[..., 10]``, for images ``[..., pixels]``."""
        return torch.softmax(self(images.flatten(0, -2)), -1).unflatten(0, images.shape[:-1])


def trained_judge(dataset: str, images: Images, cache: Path) -> tuple[Judge, float]:
    """The judge of a data set and its accuracy on the test images; trained once and kept in ``cache``.

    Raises:
        InputError: it is right less often than `REQUIRED`.
    """
    judge = Judge(int(images.train_images.shape[1] ** 0.5))
    file = Path(cache) / f"judge-{dataset}-seed{SEED}-{EPOCHS[dataset]}epochs.pt"
    if file.exists():
        try:
            judge.load_state_dict(torch.load(file, weights_only=True))
        except Exception as error:
            raise InputError(f"{file}: no usable judge; delete it, and it is trained again") from error
    else:
        _train(judge, images, EPOCHS[dataset])
        with atomic_write(file, "wb") as stream:
            torch.save(judge.state_dict(), stream)
    accuracy = _accuracy(judge, images.test_images, images.test_labels)
    if accuracy < REQUIRED[dataset]:
        raise InputError(
            f"{file}: the judge is right on {accuracy:.2%} of the test images, below the "
            f"{REQUIRED[dataset]:.1%} that its verdict needs; delete it, and it is trained again"
        )
    return judge, accuracy


def _train(judge: Judge, images: Images, epochs: int) -> None:
    steps = len(images.train_labels) // BATCH
    with torch.random.fork_rng(), bar_on_stderr("judge") as bar:
        bar.start(epochs * steps)
        torch.manual_seed(SEED)
        judge.load_state_dict(Judge(judge.side).state_dict())  # initialised from SEED
        optimiser = torch.optim.Adam(judge.parameters())
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=epochs * steps)
        for _ in range(epochs):
            for batch in torch.randperm(len(images.train_labels))[: steps * BATCH].split(BATCH):
                loss = functional.cross_entropy(judge(images.train_images[batch]), images.train_labels[batch])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
                bar.advance(1)


@torch.no_grad()
def _accuracy(judge: Judge, images: Tensor, labels: Tensor) -> float:
    guesses = torch.cat([judge(part).argmax(-1) for part in images.split(1000)])
    return (guesses == labels).double().mean().item()
