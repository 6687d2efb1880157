"""Functions of the user's inside OpenNMT-py: their parameters start, train, travel, and are never lost in silence."""

from __future__ import annotations

import inspect
import logging
import sys

import pytest
import torch
from torch import nn

from onmt_evsoftmax.base import catalogue
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.normalizers import get, register, softmax, unregister

from .conftest import make_workshop

KEY = "encoder.transformer.0.self_attn.softmax.learned_tempered.temperature"


class Tempered(nn.Module):
    """Softmax with a temperature of its own for each head; another parameter that OpenNMT-py would initialise."""

    def __init__(self, heads, start=2.0, **more):
        super().__init__()
        self.temperature = nn.Parameter(torch.full((heads, 1, 1), start))
        self.mix = nn.Linear(1, 1)
        nn.init.eye_(self.mix.weight)
        nn.init.constant_(self.mix.bias, 0.25)
        for name, value in more.items():
            setattr(self, name, value)

    def forward(self, scores, mask):
        return softmax(self.mix((scores * self.temperature).unsqueeze(-1)).squeeze(-1), mask)


def squared(scores, mask):
    weights = softmax(scores, mask).square()
    return weights / weights.sum(-1, keepdim=True)


@pytest.fixture(scope="module", autouse=True)
def mine():
    register("squared", squared)
    register("tempered", Tempered)
    yield
    for name in ("squared", "tempered"):
        unregister(name)


@pytest.fixture
def another():
    """Function that registers another ``tempered``, until the test ends."""

    def replace(**more):
        unregister("tempered")
        register("tempered", lambda_class(**more))

    yield replace
    unregister("tempered")
    register("tempered", Tempered)


def lambda_class(**more):
    class Another(Tempered):
        def __init__(self, heads):
            super().__init__(heads, **{name: make(heads) for name, make in more.items()})

    return Another


def run(main, *words) -> None:
    """One of OpenNMT-py's commands in this process, where the functions are registered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["onmt", *map(str, words)])
        main()


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A workshop with checkpoints of five steps with ``tempered``, ``squared`` and softmax."""
    from onmt.bin import train

    workshop = make_workshop(tmp_path_factory.mktemp("mine"))
    workshop.settings.update(layers=1, train_steps=5, valid_steps=100, save_checkpoint_steps=4)
    for function in ("tempered", "squared", "softmax"):
        prefix = str(workshop.folder / function)
        run(train.main, "-config", workshop.config(self_attn_function=function, save_model=prefix))
    return workshop


@pytest.fixture
def start(models, monkeypatch, caplog):
    """Function that begins a training as onmt_train does, up to its optimiser; gives the model and our lines."""
    import onmt.train_single
    from onmt.bin.train import _get_parser
    from onmt.utils.optimizers import Optimizer
    from onmt.utils.parse import ArgumentParser

    def begin(*words, switch="1", **changes):
        monkeypatch.setenv("ONMT_EVSOFTMAX", switch)
        config = models.config("start.yaml", **{"train_steps": 9, **changes})
        opt, _ = _get_parser().parse_known_args(["-config", str(config), *map(str, words)])
        ArgumentParser.validate_train_opts(opt)
        ArgumentParser.update_model_opts(opt)
        ArgumentParser.validate_model_opts(opt)
        opt.data_task = "seq2seq"
        torch.manual_seed(opt.seed)
        caplog.set_level(logging.INFO)
        caplog.clear()
        checkpoint, vocabs, _ = onmt.train_single._init_train(opt)
        model_opt = onmt.train_single._get_model_opts(opt, checkpoint=checkpoint)
        build = onmt.train_single.build_model
        device = (-1,) if "device_id" in inspect.signature(build).parameters else ()
        model = build(model_opt, opt, vocabs, checkpoint, *device)
        optimizer = Optimizer.from_opt(model, opt, checkpoint=checkpoint)
        told = [text.split("onmt_evsoftmax: ")[1] for text in caplog.messages if "onmt_evsoftmax: " in text]
        return model, optimizer, [line for line in told if not line.startswith("self_attn_function=")]

    return begin


def learned(state) -> dict[str, torch.Tensor]:
    return {key: value for key, value in state.items() if "learned_" in key}


def saved(models, name):
    import onmt_evsoftmax.opennmt  # noqa: F401  (allows Namespace)

    return torch.load(models.folder / f"{name}_step_5.pt", weights_only=True)


def load(models, name, **overrides):
    from onmt_evsoftmax.opennmt.attend import load_model

    return load_model(models.folder / f"{name}_step_5.pt", **overrides).model


def test_five_steps_train_the_parameters_of_each_layer_and_head(models):
    state = learned(saved(models, "tempered")["model"])
    assert len(state) == 3 * 3 and state[KEY].shape == (2, 1, 1)  # encoder, decoder, cross; three parameters
    assert all((value != 2.0).all() for key, value in state.items() if key.endswith("temperature"))
    assert not learned(saved(models, "squared")["model"])


@pytest.mark.parametrize("initialisation", [{}, {"param_init": 0.3, "param_init_glorot": None}])
def test_they_start_where_the_users_module_starts_and_change_nothing_else(start, initialisation):
    """Not where OpenNMT-py's initialisation puts them; the other weights are those of a softmax model."""
    ours, _, told = start(self_attn_function="tempered", **initialisation)
    softmax_model, _, _ = start(self_attn_function="softmax", **initialisation)
    own = learned(ours.state_dict())
    assert (own[KEY] == 2.0).all() and told == []
    assert own[KEY.replace("temperature", "mix.bias")] == 0.25 and own[KEY.replace("temperature", "mix.weight")] == 1
    for key, value in softmax_model.state_dict().items():
        assert torch.equal(ours.state_dict()[key], value), key


@pytest.mark.parametrize("name", [name for name in catalogue.names() if get(name).module and not get(name).own])
def test_functions_of_the_package_learn_as_well(start, name):
    model, optimizer, told = start(self_attn_function=name)
    own = learned(model.state_dict())
    expected = get(name).make(2).function.state_dict()
    assert len(own) == 3 * len(expected) and told == []
    trained = {id(one) for group in optimizer._optimizer.param_groups for one in group["params"]}
    for key, parameter in model.named_parameters():
        if "learned_" in key:
            assert id(parameter) in trained and torch.equal(parameter, expected[key.rpartition(".")[2]])


def test_the_optimiser_has_them_and_a_frozen_encoder_keeps_its_own(start):
    model, optimizer, _ = start("-freeze_encoder", self_attn_function="tempered")
    trained = {id(one) for group in optimizer._optimizer.param_groups for one in group["params"]}
    for name, parameter in model.named_parameters():
        if "learned_" in name:
            assert (id(parameter) in trained) == parameter.requires_grad == (not name.startswith("encoder"))


def test_training_goes_on_with_them(models, start):
    model, optimizer, told = start("-train_from", models.folder / "tempered_step_5.pt", switch="strict")
    assert told == [] and optimizer.training_step == 6
    for key, value in learned(saved(models, "tempered")["model"]).items():
        assert torch.equal(model.state_dict()[key], value)


@pytest.mark.parametrize("reset", ["all", "states"])
@pytest.mark.parametrize("more", [(), ("-update_vocab",)])
def test_a_softmax_model_is_fine_tuned_from_their_initial_values(models, start, reset, more):
    words = ("-train_from", models.folder / "softmax_step_5.pt", "-reset_optim", reset, *more)
    model, _, told = start(*words, switch="strict", self_attn_function="tempered")
    assert told == [f"{words[1]} has no learned parameters of tempered; they start at their initial values"]
    assert (model.state_dict()[KEY] == 2.0).all()
    before = saved(models, "softmax")["model"]
    assert all(torch.equal(value, model.state_dict()[key]) for key, value in before.items())


@pytest.mark.parametrize("reset", ["none", "keep_states"])
@pytest.mark.parametrize("start_from, function", [("softmax", "tempered"), ("tempered", "squared")])
def test_the_state_of_another_optimiser_is_refused_with_what_to_set(models, start, reset, start_from, function):
    path = models.folder / f"{start_from}_step_5.pt"
    with pytest.raises(InputError, match=f"reset_optim: {reset}.*tempered. Set reset_optim: all, or states"):
        start("-train_from", path, "-reset_optim", reset, self_attn_function=function)


def test_learned_parameters_that_another_function_would_lose(models, start):
    words = ("-train_from", models.folder / "tempered_step_5.pt", "-reset_optim", "all")
    model, _, (line,) = start(*words, self_attn_function="softmax")
    assert "has learned parameters of tempered" in line and "Keep them with self_attn_function: tempered" in line
    assert not learned(model.state_dict())
    with pytest.raises(InputError, match="learned parameters of tempered"):
        start(*words, self_attn_function="softmax", switch="strict")


def test_a_function_does_not_take_the_parameters_of_another(models, start):
    """Both call theirs ``temperature``."""
    register("warm", Tempered)
    try:
        words = ("-train_from", models.folder / "tempered_step_5.pt", "-reset_optim", "all")
        model, _, told = start(*words, self_attn_function="warm")
        assert len(told) == 2
        assert (model.state_dict()[KEY.replace("tempered", "warm")] == 2.0).all()
    finally:
        unregister("warm")


def test_a_translation_has_the_trained_values(models):
    model = load(models, "tempered")
    for key, value in learned(saved(models, "tempered")["model"]).items():
        assert torch.equal(model.state_dict()[key], value)


def test_a_translation_can_leave_them_out_and_says_so(models, caplog):
    model = load(models, "tempered", self_attn_function="softmax")
    assert not learned(model.state_dict())
    assert "learned parameters of tempered are not used where another function takes its place" in caplog.text


def test_a_translation_does_not_invent_them(models):
    with pytest.raises(InputError, match=r"softmax_step_5.pt: tempered has learned parameters that this model was not"):
        load(models, "softmax", self_attn_function="tempered")


def test_without_parameters_a_function_can_replace_another(models):
    assert "squared" in repr(load(models, "softmax", self_attn_function="squared"))


@pytest.mark.parametrize(
    "more, message",
    [
        ({"temperature": lambda heads: nn.Parameter(torch.ones(1))}, r"has the shape \(2, 1, 1\).*, and \(1,\) as it"),
        ({"second": lambda heads: nn.Parameter(torch.ones(2))}, "not trained with .*learned_tempered.second"),
        ({"mix": lambda heads: nn.Identity()}, "no parameter .*learned_tempered.mix"),
    ],
)
def test_a_function_that_was_changed_since_is_noticed(models, another, more, message):
    another(**more)
    with pytest.raises(InputError, match=message):
        load(models, "tempered")


@pytest.mark.parametrize("override", [{"self_attn_function": "tempered"}, {"context_attn_function": "softmax"}])
def test_an_override_elsewhere_loses_nothing_in_silence(models, override):
    """The function is registered anew without its parameters; where it stays in its place they would be lost."""
    unregister("tempered")
    register("tempered", lambda scores, mask: softmax(scores, mask))
    try:
        with pytest.raises(InputError, match="tempered as it is registered here has no parameter"):
            load(models, "tempered", **override)
    finally:
        unregister("tempered")
        register("tempered", Tempered)


def test_a_checkpoint_with_an_unknown_function_names_it_and_the_variable(models, start):
    unregister("tempered")
    try:
        for use in (
            lambda: load(models, "tempered"),
            lambda: start("-train_from", models.folder / "tempered_step_5.pt"),
        ):
            with pytest.raises(InputError, match="unknown function 'tempered'.*ONMT_EVSOFTMAX_FUNCTIONS"):
                use()
    finally:
        register("tempered", Tempered)


def hidden_buffer(module):
    module.register_buffer("seen", torch.zeros(1), persistent=False)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda module: setattr(module, "bias", nn.Parameter(torch.tensor(1.0))), "bias has no dimension"),
        (lambda module: setattr(module, "generator", nn.Linear(1, 1)), "generator.weight.*choose another name"),
        (hidden_buffer, "seen: .*register it as persistent"),
    ],
)
def test_what_opennmt_would_lose_is_refused_before_the_training(start, change, message):
    class Odd(Tempered):
        def __init__(self, heads):
            super().__init__(heads)
            change(self)

    register("odd", Odd)
    try:
        with pytest.raises(InputError, match=f"odd: .*{message}"):
            start(self_attn_function="odd")
    finally:
        unregister("odd")


def test_lora_would_not_save_them(start):
    from onmt_evsoftmax.opennmt.learned import check_storable

    model, _, _ = start(self_attn_function="tempered")
    options = type("Options", (), {"lora_layers": ["linear_query"]})
    with pytest.raises(InputError, match="without lora_layers"):
        check_storable(model, options)
    options = type("Options", (), {"parallel_mode": "tensor_parallel", "world_size": 2})
    with pytest.raises(InputError, match="data_parallel"):
        check_storable(model, options)


def test_averaged_released_and_in_an_ensemble(models, tmp_path):
    from onmt.bin import average_models, release_model, translate

    steps = [models.folder / f"tempered_step_{step}.pt" for step in (4, 5)]
    run(average_models.main, "-models", *steps, "-output", models.folder / "averaged_step_5.pt")
    run(release_model.main, "--model", steps[1], "--output", models.folder / "released_step_5.pt")
    values = [learned(torch.load(step, weights_only=True)["model"])[KEY] for step in steps]
    torch.testing.assert_close(learned(load(models, "averaged").state_dict())[KEY], sum(values) / 2)
    assert torch.equal(learned(load(models, "released").state_dict())[KEY], values[1])
    (tmp_path / "src.txt").write_text("w1 w2 w3\nw4\n")
    together = [models.folder / f"{name}_step_5.pt" for name in ("averaged", "squared", "softmax")]
    files = ("-src", tmp_path / "src.txt", "-output", tmp_path / "hyp.txt")
    run(translate.main, "-model", *together, *files, "-beam_size", 2, "-max_length", 5)
    assert len((tmp_path / "hyp.txt").read_text().splitlines()) == 2


def test_they_stay_accurate_in_a_half_model(models):
    from onmt_evsoftmax.opennmt.learned import keep_accurate

    model = load(models, "tempered").half()
    keep_accurate(model)
    state = model.state_dict()
    assert state[KEY].dtype == torch.float32
    assert state["encoder.transformer.0.self_attn.linear_query.weight"].dtype == torch.float16


def test_attention_step_by_step_is_that_of_a_whole_sentence(models):
    """With weights that the recorder of `attend` watches, and through `attention`, which nobody watches."""
    from onmt_evsoftmax.opennmt.attend import AttentionRecorder

    model = load(models, "tempered")
    source, lengths = torch.randint(5, 20, (2, 6, 1)), torch.tensor([6, 4])
    with torch.no_grad():
        unwatched, _ = model(source, source, lengths)
        with AttentionRecorder(model) as recorder:
            watched, _ = model(source, source, lengths)
    torch.testing.assert_close(watched, unwatched, atol=1e-5, rtol=0)
    assert all(weights[0].shape[1] == 2 for weights in recorder.take().values())
