"""Run folders: the log follows the checkpoint, and another config is refused."""

import pytest
import torch

from onmt_evsoftmax.base.errors import InputError
from other_experiments.common.runs import RunFolder, keep_config, read_config, read_log

CONFIG = {"rate": 0.1, "seeds": [0, 1], "name": "x"}


def test_what_was_logged_after_the_checkpoint_is_dropped(tmp_path):
    folder = RunFolder(tmp_path / "run", CONFIG)
    assert folder.load() is None
    folder.log({"step": 1})
    folder.save({"model": {"w": torch.ones(2)}, "step": 1})
    folder.log({"step": 2})
    folder.close()
    with (tmp_path / "run" / "log.jsonl").open("a") as stream:
        stream.write('{"step": 3, "torn')  # what kill -9 can leave
    state = folder.load()
    assert state["step"] == 1 and torch.equal(state["model"]["w"], torch.ones(2))
    assert folder.read_log() == [{"step": 1}]
    folder.log({"step": "2 again"})
    folder.save({"step": 2})
    folder.close()
    assert read_log(tmp_path / "run") == [{"step": 1}, {"step": "2 again"}]


def test_without_a_checkpoint_the_log_starts_anew(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    folder.log({"step": 1})
    folder.close()
    assert folder.load() is None
    assert folder.read_log() == []


def test_generators_and_results_come_back(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    generator = torch.Generator().manual_seed(3)
    folder.save({"generator": generator.get_state()})
    expected = torch.rand(3, generator=generator)
    generator.set_state(folder.load()["generator"])
    assert torch.equal(torch.rand(3, generator=generator), expected)
    assert folder.results is None
    folder.finish({"accuracy": 0.5})
    assert folder.results == {"accuracy": 0.5}


def test_another_config_is_refused_naming_the_keys(tmp_path):
    keep_config(tmp_path, CONFIG)
    keep_config(tmp_path, dict(CONFIG))
    with pytest.raises(InputError) as error:
        RunFolder(tmp_path, {**CONFIG, "rate": 0.2, "extra": 1})
    message = str(error.value)
    assert "rate: 0.1 there, 0.2 here" in message and "extra" in message and "seeds" not in message
    assert "\n" not in message
    assert read_config(tmp_path) == CONFIG


def test_two_processes_cannot_write_one_folder(tmp_path):
    first = RunFolder(tmp_path, CONFIG)
    with pytest.raises(InputError, match="another process"):
        RunFolder(tmp_path, CONFIG)
    del first
    RunFolder(tmp_path, CONFIG)


def test_damaged_files_are_named(tmp_path):
    folder = RunFolder(tmp_path, CONFIG)
    folder.log({"step": 1})
    folder.save({"step": 1})
    (tmp_path / "log.jsonl").write_text("")
    with pytest.raises(InputError, match="log.jsonl: has 0 lines"):
        folder.load()
    (tmp_path / "checkpoint.pt").write_bytes(b"no checkpoint")
    with pytest.raises(InputError, match="checkpoint.pt"):
        folder.load()
    (tmp_path / "log.jsonl").write_text("{}\n{torn\n")
    with pytest.raises(InputError, match="line 2"):
        read_log(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_log(tmp_path / "absent")


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be used as a run folder"):
        RunFolder(tmp_path / "file", CONFIG)
