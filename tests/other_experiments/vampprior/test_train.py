"""The command: settings, splits, a run of both priors, and one that is killed and continued."""

import json

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common import training as common
from other_experiments.common.runs import read_log
from other_experiments.vampprior import data, train, training

TINY = "{epochs: 4, warm_up: 2, hidden: 8, latent: 3, pseudo_inputs: 9, samples: 300, score_images: 7}"


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "tiny.yaml"
    file.write_text("{dataset: digits, decoder: bernoulli, " + TINY[1:])
    return str(file)


def test_both_priors_train_and_are_scored(config, tmp_path):
    train.main(["--config", config, "--out", str(tmp_path / "runs")])
    folders = sorted((tmp_path / "runs").glob("*/seed-1"))
    assert [folder.parent.name.split("-")[1] for folder in folders] == ["standard", "vampprior"]
    for folder in folders:
        results = json.loads((folder / "results.json").read_text())
        assert results["nats"]["mean"] <= results["negative_elbo"]["mean"]
        assert results["test_images"] == 7
        assert [record["beta"] for record in read_log(folder)] == [0, 0.5, 1, 1]
    assert 1 <= results["components_train"] <= 9


def test_a_killed_run_continues_to_the_same_result(config, tmp_path, monkeypatch):
    monkeypatch.setattr(common, "SAVE_SECONDS", 0.0)
    arguments = ["--config", config, "--prior", "vampprior", "--out"]
    train.main([*arguments, str(tmp_path / "whole")])
    for place in ("epoch", "_score"):  # killed in training, then in scoring
        with monkeypatch.context() as patch:
            stop_at(patch, place)
            with pytest.raises(KeyboardInterrupt):
                train.main([*arguments, str(tmp_path / "cut")])
    train.main([*arguments, str(tmp_path / "cut")])
    whole, cut = (next((tmp_path / name).glob("*/*/results.json")) for name in ("whole", "cut"))
    assert without_time(whole) == without_time(cut)
    logs = [read_log(file.parent) for file in (whole, cut)]
    for record in logs[0] + logs[1]:
        del record["cpu_seconds"]
    assert logs[0] == logs[1]


def stop_at(patch, place):
    if place == "epoch":
        original = training.Trainer.epoch

        def epoch(self, number):
            if number == 3:
                raise KeyboardInterrupt
            return original(self, number)

        patch.setattr(training.Trainer, "epoch", epoch)
    else:
        original = training.estimate

        def estimate(model, images, samples, seed, start):
            if start > 0:
                raise KeyboardInterrupt
            return original(model, images, samples, seed, start)

        patch.setattr(training, "estimate", estimate)


def without_time(file):
    results = json.loads(file.read_text())
    del results["training_cpu_seconds"]
    return results


def test_the_split_is_whole_disjoint_and_the_same_for_every_seed():
    settings = {"split_seed": 0, "shares": [0.8, 0.1, 0.1], "decoder": "logistic"}
    images = torch.arange(1965.0)[:, None]
    parts = [data.split(images, settings) for _ in range(2)]
    assert [len(p) for p in (parts[0].train, parts[0].validation, parts[0].test)] == [1572, 196, 197]
    assert torch.equal(torch.cat([parts[0].train, parts[0].validation, parts[0].test]).sort(0)[0], images)
    assert torch.equal(parts[0].test, parts[1].test)


def test_both_priors_of_a_seed_start_from_the_same_networks(tmp_path):
    settings = train.load_config(train.CONFIG, overrides={"hidden": 8})
    images = data.split(torch.rand(800, 6), settings)
    models = [training.new_model({**settings, "prior": p}, 1, images) for p in ("standard", "vampprior")]
    torch.testing.assert_close(models[0].encoder.state_dict(), models[1].encoder.state_dict())
    torch.testing.assert_close(models[0].decoder.state_dict(), models[1].decoder.state_dict())


def test_pseudo_inputs_start_from_images_near_them():
    settings = {"prior": "vampprior", "pseudo_inputs": 5, "pseudo_start": "data", "pseudo_std": 0.01}
    images = torch.rand(30, 40)
    start = data.first_pseudo_inputs(settings, images, 1)
    distance = torch.cdist(start, images).min(1)
    assert distance.values.max() < 0.2 and len(distance.indices.unique()) == 5
    with pytest.raises(InputError, match="31 cannot start from 30"):
        data.first_pseudo_inputs({**settings, "pseudo_inputs": 31}, images, 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("prior: flat", "prior: unknown 'flat'; known: standard, vampprior"),
        ("decoder: bernoulli", "decoder: bernoulli does not fit frey"),
        ("latent: 0", "latent: must be at least 1"),
        ("learning_rate: 0.0", "learning_rate: must be positive"),
        ("hiden: 3", "unknown key hiden; did you mean hidden?"),
    ],
)
def test_a_plan_that_cannot_be_trained_is_refused_before_anything_is(changes, message, tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("- {epochs: 1}\n- {" + changes + "}\n")
    with pytest.raises(InputError, match="plan.yaml, entry 2: .*" + message):
        train.main(["--plan", str(plan), "--out", str(tmp_path / "runs"), "--mirror", str(tmp_path)])
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("plan", "options", "count"), [("report", [], 21), ("digits", ["--preset", "small", "--epochs", "120"], 27)]
)
def test_the_plans_can_be_trained(plan, options, count):
    arguments = train.parser().parse_args(["--plan", str(train.CONFIG.with_name(f"{plan}.yaml")), *options])
    names = [(train.name(settings), seed) for settings, seed in train.planned(arguments)]
    assert len(set(names)) == len(names) == count


def test_a_device_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="--device nowhere: cannot be used"):
        train.main(["--device", "nowhere", "--out", str(tmp_path)])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_scores_as_the_cpu_does(config, tmp_path):
    for device in ("cpu", "cuda"):
        train.main(["--config", config, "--device", device, "--out", str(tmp_path / device)])
    for file in (tmp_path / "cpu").glob("*/*/results.json"):
        other = tmp_path / "cuda" / file.relative_to(tmp_path / "cpu")
        nats = [json.loads(f.read_text())["nats"]["mean"] for f in (file, other)]
        assert nats[0] == pytest.approx(nats[1], rel=1e-2)


@pytest.mark.realdata
def test_frey_faces_in_full(real_data, tmp_path):
    images = data.load("frey", tmp_path, str(real_data / "frey"))
    assert images.shape == (1965, 560)
    assert torch.equal((images * 256).round() / 256, images)
    assert images.max() == 238 / 256
