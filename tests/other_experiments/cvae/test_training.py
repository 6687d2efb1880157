"""Training in a run folder: it continues from its checkpoint, and stops when the loss is no number."""

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common import training
from other_experiments.common.datasets import load_digits
from other_experiments.common.runs import RunFolder
from other_experiments.common.training import train
from other_experiments.cvae.judge import Judge
from other_experiments.cvae.training import Data, Trainer


class Counting(Trainer):
    """Counts its steps, and is interrupted after so many of them."""

    steps, limit = 0, None

    def step(self, batch):
        if self.steps == self.limit:
            raise KeyboardInterrupt
        self.steps += 1
        return super().step(batch)


@pytest.fixture
def data():
    return Data(load_digits(), Judge(8), 1.0)


def test_a_run_continues_from_its_last_epoch(config, data, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SAVE_SECONDS", 0.0)
    config = {**config, "epochs": 3, "evaluate_every": 10}
    per_epoch = len(data.images.train_labels) // config["batch_size"]
    whole, first, second = (Counting("evsoftmax", (1, 2), config, data) for _ in range(3))
    expected = train(RunFolder(tmp_path / "whole", config), "whole", lambda: whole)
    first.limit = 2 * per_epoch + 5
    with pytest.raises(KeyboardInterrupt):
        train(RunFolder(tmp_path / "parts", config), "first", lambda: first)
    assert train(RunFolder(tmp_path / "parts", config), "second", lambda: second) == expected
    assert (whole.steps, second.steps) == (3 * per_epoch, per_epoch)
    assert (tmp_path / "parts" / "log.jsonl").read_text() == (tmp_path / "whole" / "log.jsonl").read_text()


def test_the_kl_weight_is_of_the_mean_or_of_the_sum(config, data):
    """One step of SGD from the same start: what the divergence adds is proportional to its factor."""

    def prior_after_a_step(weight, reduction):
        settings = {**config, "kl_weight": weight, "kl_reduction": reduction}
        trainer = Trainer("softmax", (3,), settings, data)
        trainer.step(next(iter(trainer.batches.epoch(0))))
        return trainer.model.prior[2].bias.detach()

    still = prior_after_a_step(0.0, "sum")
    by_mean, by_sum = (prior_after_a_step(1.0, reduction) - still for reduction in ("mean", "sum"))
    assert by_mean.abs().max() > 1e-6
    torch.testing.assert_close(by_sum, config["batch_size"] * by_mean, rtol=1e-3, atol=1e-6)


def test_a_loss_that_is_no_number_stops_the_run_and_names_the_seed(config, data, tmp_path):
    trainer = Trainer("softmax", (3, 4), {**config, "evaluate_every": 1}, data)
    with torch.no_grad():
        trainer.model.decoder[2].bias[1] = torch.nan
    with pytest.raises(InputError, match="loss of seed 4 is no number at iteration 1; lower"):
        train(RunFolder(tmp_path, config), "broken", lambda: trainer)
