"""The function travels with the checkpoint: train, resume, average, release, translate, serve, export.

That it is active is shown by exact zeros in the attention weights.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path

import pytest
import torch


def options_of(path: Path):
    import onmt_evsoftmax.opennmt  # noqa: F401  (allows Namespace)

    return torch.load(path, weights_only=True)["opt"]


def zeros_dropped_by(path: Path, sources, counter, **overrides) -> dict[str, int]:
    """Zeros among valid keys, by mapping, in a pass of the model at ``path`` over ``sources``."""
    from onmt_evsoftmax.opennmt.attend import load_model, teacher_forced_attention

    loaded = load_model(path, **overrides)
    with counter:
        list(teacher_forced_attention(loaded, sources, sources))
    return counter.zeros


@pytest.fixture(scope="module")
def sources(trained) -> list[list[str]]:
    return [line.split() for line in trained.folder.joinpath("src.txt").read_text().splitlines()[:20]]


@pytest.fixture
def source_file(trained, tmp_path, sources) -> Path:
    path = tmp_path / "sources.txt"
    path.write_text("".join(" ".join(tokens) + "\n" for tokens in sources))
    return path


def test_training_stores_the_key(trained):
    assert options_of(trained.folder / "evsoftmax_step_6.pt").self_attn_function == "evsoftmax"
    assert options_of(trained.folder / "softmax_step_6.pt").self_attn_function == "softmax"


def test_a_trained_model_attends_sparsely(trained, sources, zero_counter):
    assert zeros_dropped_by(trained.folder / "evsoftmax_step_6.pt", sources, zero_counter)["evsoftmax"] > 0


def test_a_softmax_model_attends_to_everything(trained, sources, zero_counter):
    assert zeros_dropped_by(trained.folder / "softmax_step_6.pt", sources, zero_counter) == {"softmax": 0}


def test_stock_training_runs_the_mapping(trained, zero_counter, monkeypatch, tmp_path):
    from onmt.bin import train

    config = trained.config(
        "in_process.yaml", self_attn_function="evsoftmax", save_model=str(tmp_path / "m"), train_steps=2
    )
    monkeypatch.setattr(sys, "argv", ["onmt_train", "-config", str(config)])
    with zero_counter:
        train.main()
    assert zero_counter.zeros["evsoftmax"] > 0 and list(zero_counter.zeros) == ["evsoftmax"]


def test_resuming_keeps_the_function(trained, command, tmp_path):
    config = trained.config("resume.yaml", save_model=str(tmp_path / "resumed"), train_steps=8)
    command("onmt_train", "-config", config, "-train_from", trained.folder / "evsoftmax_step_4.pt")
    assert options_of(tmp_path / "resumed_step_8.pt").self_attn_function == "evsoftmax"


@pytest.mark.parametrize("override_opts", [False, True])
def test_an_explicit_key_beats_the_checkpoint(trained, command, tmp_path, override_opts, sources, zero_counter):
    config = trained.config(
        "fine_tune.yaml", self_attn_function="evsoftmax", save_model=str(tmp_path / "tuned"), train_steps=2
    )
    extra = ["-override_opts"] if override_opts else []
    command(
        "onmt_train",
        "-config",
        config,
        "-train_from",
        trained.folder / "softmax_step_6.pt",
        "-reset_optim",
        "all",
        *extra,
    )
    assert zeros_dropped_by(tmp_path / "tuned_step_2.pt", sources, zero_counter)["evsoftmax"] > 0


def test_override_opts_inherits_an_absent_key_from_the_checkpoint(trained, command, tmp_path):
    config = trained.config("inherit.yaml", save_model=str(tmp_path / "inherited"), train_steps=2)
    command(
        "onmt_train",
        "-config",
        config,
        "-train_from",
        trained.folder / "evsoftmax_step_6.pt",
        "-reset_optim",
        "all",
        "-override_opts",
    )
    assert options_of(tmp_path / "inherited_step_2.pt").self_attn_function == "evsoftmax"


def test_averaging_keeps_the_function(trained, command, tmp_path, sources, zero_counter):
    steps = [trained.folder / f"evsoftmax_step_{step}.pt" for step in (4, 6)]
    command("onmt_average_models", "-models", *steps, "-output", tmp_path / "averaged.pt")
    assert zeros_dropped_by(tmp_path / "averaged.pt", sources, zero_counter)["evsoftmax"] > 0


def test_releasing_keeps_the_function(trained, command, tmp_path, sources, zero_counter):
    command(
        "onmt_release_model",
        "--model",
        trained.folder / "evsoftmax_step_6.pt",
        "--output",
        tmp_path / "released.pt",
    )
    assert zeros_dropped_by(tmp_path / "released.pt", sources, zero_counter)["evsoftmax"] > 0


def translate_in_process(monkeypatch, counter, *arguments) -> dict[str, int]:
    from onmt.bin import translate

    monkeypatch.setattr(sys, "argv", ["onmt_translate", *map(str, arguments)])
    with counter:
        translate.main()
    return counter.zeros


def test_stock_translation_runs_the_checkpoints_mapping(trained, source_file, tmp_path, monkeypatch, zero_counter):
    zeros = translate_in_process(
        monkeypatch,
        zero_counter,
        "-model",
        trained.folder / "evsoftmax_step_6.pt",
        "-src",
        source_file,
        "-output",
        tmp_path / "hyp.txt",
        "-beam_size",
        "3",
        "-max_length",
        "15",
    )
    assert zeros["evsoftmax"] > 0
    assert len((tmp_path / "hyp.txt").read_text().splitlines()) == 20


def test_post_hoc_evidential_is_an_override_on_a_softmax_model(
    trained, source_file, tmp_path, monkeypatch, zero_counter
):
    zeros = translate_in_process(
        monkeypatch,
        zero_counter,
        "-model",
        trained.folder / "softmax_step_6.pt",
        "-src",
        source_file,
        "-output",
        tmp_path / "hyp.txt",
        "-beam_size",
        "2",
        "-max_length",
        "15",
        "-self_attn_function",
        "posthoc_evidential",
    )
    assert list(zeros) == ["posthoc_evidential"] and zeros["posthoc_evidential"] > 0


def test_an_ensemble_runs_each_models_own_mapping(trained, source_file, tmp_path, monkeypatch, zero_counter):
    zeros = translate_in_process(
        monkeypatch,
        zero_counter,
        "-model",
        trained.folder / "evsoftmax_step_6.pt",
        trained.folder / "softmax_step_6.pt",
        "-src",
        source_file,
        "-output",
        tmp_path / "hyp.txt",
        "-beam_size",
        "2",
        "-max_length",
        "15",
    )
    assert zeros["evsoftmax"] > 0 and zeros["softmax"] == 0


def test_the_stock_translate_command(trained, command, source_file, tmp_path):
    command(
        "onmt_translate",
        "-model",
        trained.folder / "evsoftmax_step_6.pt",
        "-src",
        source_file,
        "-output",
        tmp_path / "hyp.txt",
        "-beam_size",
        "2",
        "-max_length",
        "15",
    )
    assert len((tmp_path / "hyp.txt").read_text().splitlines()) == 20


def server_settings(folder: Path, model: Path) -> Path:
    path = folder / "server.json"
    settings = {
        "models_root": str(model.parent),
        "models": [
            {
                "id": 100,
                "model": model.name,
                "timeout": 600,
                "on_timeout": "to_cpu",
                "load": True,
                "opt": {"gpu": -1, "beam_size": 2, "max_length": 15},
            }
        ],
    }
    path.write_text(json.dumps(settings))
    return path


def test_the_translation_server_runs_the_mapping(trained, tmp_path, zero_counter, sources, monkeypatch):
    from onmt.translate import TranslationServer

    monkeypatch.setattr(sys, "argv", ["onmt_server"])
    server = TranslationServer()
    server.start(str(server_settings(tmp_path, trained.folder / "evsoftmax_step_6.pt")))
    with zero_counter:
        translations = server.run([{"id": 100, "src": " ".join(sources[0])}])[0]
    assert len(translations) == 1 and zero_counter.zeros["evsoftmax"] > 0


def test_the_stock_server_answers(trained, tmp_path, sources):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = server_settings(tmp_path, trained.folder / "evsoftmax_step_6.pt")
    config = "--config" if version("OpenNMT-py").startswith("3.0") else "--model_config"
    script = Path(sys.executable).with_name("onmt_server")
    command = [str(script), "--ip", "127.0.0.1", "--port", str(port), config, str(settings)]
    question = [{"id": 100, "src": " ".join(sources[0])}]
    with open(tmp_path / "server.log", "w") as log:
        process = subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log)
    try:
        answer = ask(process, f"http://127.0.0.1:{port}/translator/translate", question)
    except OSError:
        pytest.fail((tmp_path / "server.log").read_text())
    finally:
        process.terminate()
        process.wait(timeout=30)
    assert "tgt" in answer[0][0], answer


def ask(server: subprocess.Popen, url: str, question) -> list:
    """The server's answer; waits up to two minutes for it to come up, if it is alive."""
    request = urllib.request.Request(url, json.dumps(question).encode(), {"Content-Type": "application/json"})
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)
        except OSError:
            if time.monotonic() > deadline or server.poll() is not None:
                raise
            time.sleep(0.5)


def test_export_of_a_sparse_model_to_ctranslate2_is_refused(trained, command, tmp_path):
    result = command(
        "onmt_release_model",
        "--model",
        trained.folder / "evsoftmax_step_6.pt",
        "--output",
        tmp_path / "exported",
        "--format",
        "ctranslate2",
        check=False,
    )
    assert result.returncode != 0
    assert "self_attn_function=evsoftmax" in result.stderr and "CTranslate2 can only run softmax" in result.stderr
    assert not (tmp_path / "exported").exists()


def test_export_of_a_softmax_model_to_ctranslate2_still_works(trained, command, tmp_path):
    command(
        "onmt_release_model",
        "--model",
        trained.folder / "softmax_step_6.pt",
        "--output",
        tmp_path / "exported",
        "--format",
        "ctranslate2",
    )
    assert (tmp_path / "exported" / "model.bin").is_file()


def test_ctranslate2s_own_converter_is_guarded_too(trained, command, tmp_path):
    result = command(
        "ct2-opennmt-py-converter",
        "--model_path",
        trained.folder / "evsoftmax_step_6.pt",
        "--output_dir",
        tmp_path / "exported",
        check=False,
    )
    assert result.returncode != 0 and "CTranslate2 can only run softmax" in result.stderr


def test_checkpoints_load_with_weights_only(trained):
    """The plugin allows Namespace and nothing else: a pickle with any other class is still refused."""
    import pickle

    evil = trained.folder / "evil.pt"
    torch.save({"opt": trained.settings, "model": subprocess.Popen}, evil)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(evil)


def test_a_stock_checkpoint_needs_namespace_and_nothing_else(trained):
    """docs/checkpoints.md: why torch refuses it without the plugin."""
    allowed = torch.serialization.get_safe_globals()
    torch.serialization.clear_safe_globals()
    try:
        refused = torch.serialization.get_unsafe_globals_in_checkpoint(trained.folder / "softmax_step_6.pt")
    finally:
        torch.serialization.add_safe_globals(allowed)
    assert refused == ["argparse.Namespace"]


def test_a_model_without_the_plugin_reads_as_softmax(trained, sources, zero_counter, tmp_path):
    checkpoint = torch.load(trained.folder / "softmax_step_6.pt", weights_only=True)
    for key in ("self_attn_function", "context_attn_function"):
        delattr(checkpoint["opt"], key)
    torch.save(checkpoint, tmp_path / "stock.pt")
    assert zeros_dropped_by(tmp_path / "stock.pt", sources, zero_counter) == {"softmax": 0}


def test_the_generator_function_trains_and_translates(workshop, command, tmp_path):
    config = workshop.config(generator_function="evsoftmax", label_smoothing=0.1)
    command("onmt_train", "-config", config)
    assert options_of(workshop.folder / "model_step_6.pt").generator_function == "evsoftmax"
    command(
        "onmt_translate",
        "-model",
        workshop.folder / "model_step_6.pt",
        "-src",
        workshop.folder / "src.txt",
        "-output",
        tmp_path / "hyp.txt",
        "-beam_size",
        "2",
        "-max_length",
        "15",
    )
    assert len((tmp_path / "hyp.txt").read_text().splitlines()) == 200


def test_training_resumes_after_kill_9(workshop, command):
    """The last whole checkpoint continues, with the function it was trained with."""
    config = workshop.config(
        self_attn_function="evsoftmax", train_steps=400, save_checkpoint_steps=5, keep_checkpoint=2
    )
    script = Path(sys.executable).with_name("onmt_train")
    process = subprocess.Popen(
        [str(script), "-config", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not list(workshop.folder.glob("model_step_1?.pt")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    checkpoints = sorted(workshop.folder.glob("model_step_*.pt"), key=lambda path: int(path.stem.split("_")[-1]))
    last = checkpoints[-2]  # the newest may be half written: OpenNMT-py does not write beside and rename
    resumed_to = int(last.stem.split("_")[-1]) + 5
    config = workshop.config(train_steps=resumed_to, save_checkpoint_steps=5)
    command("onmt_train", "-config", config, "-train_from", last)
    assert options_of(workshop.folder / f"model_step_{resumed_to}.pt").self_attn_function == "evsoftmax"


def test_switched_off_a_sparse_model_is_refused_and_not_run_as_softmax(trained, source_file, tmp_path, command):
    options = ["-src", source_file, "-output", tmp_path / "hyp.txt", "-max_length", "5"]
    for function, status in (("softmax", 0), ("evsoftmax", 1)):
        model = ["-model", trained.folder / f"{function}_step_6.pt"]
        result = command("onmt_translate", *model, *options, check=False, ONMT_EVSOFTMAX="0")
        assert result.returncode == status, result.stderr
    assert "self_attn_function=evsoftmax: ONMT_EVSOFTMAX=0 switches onmt_evsoftmax off" in result.stderr
    assert "weights_only" not in result.stderr  # torch's advice to switch it off


def test_switched_off_a_sparse_function_is_not_trained_as_softmax(workshop, command):
    for place in ("config", "command line"):
        in_config = {"self_attn_function": "evsoftmax"} if place == "config" else {}
        words = [] if in_config else ["-self_attn_function=evsoftmax"]
        result = command("onmt_train", "-config", workshop.config(**in_config), *words, check=False, ONMT_EVSOFTMAX="0")
        assert result.returncode == 2
        assert result.stderr.splitlines()[-1] == (
            "onmt_train: error: self_attn_function=evsoftmax: ONMT_EVSOFTMAX=0 switches onmt_evsoftmax off, "
            "and OpenNMT-py alone would use softmax. Unset ONMT_EVSOFTMAX"
        )


def test_switched_off_softmax_trains_as_in_opennmt_alone(workshop, command):
    command("onmt_train", "-config", workshop.config(self_attn_function="softmax"), ONMT_EVSOFTMAX="0")
    options = options_of(workshop.folder / "model_step_6.pt")
    assert not hasattr(options, "self_attn_function") and not hasattr(options, "context_attn_function")


def test_switched_off_the_export_guard_stays(trained, command, tmp_path):
    result = command(
        "ct2-opennmt-py-converter",
        "--model_path",
        trained.folder / "evsoftmax_step_6.pt",
        "--output_dir",
        tmp_path / "exported",
        check=False,
        ONMT_EVSOFTMAX="0",
    )
    assert result.returncode != 0 and "CTranslate2 can only run softmax" in result.stderr
