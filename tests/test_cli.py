"""The command line itself: help, unknown commands, errors, and start-up cost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import onmt_evsoftmax
from onmt_evsoftmax.base.versions import missing_opennmt
from onmt_evsoftmax.cli import COMMANDS, main

TORCH_ROOMS = {name for name, (module, _) in COMMANDS.items() if ".opennmt." in module or ".normalizers." in module}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_and_only_rooms_of_torch_import_it(name):
    code = (
        "import sys\nfrom onmt_evsoftmax.cli import main\n"
        f"try:\n    main([{name!r}, '--help'])\n"
        "except SystemExit as stop:\n    print('status', stop.code, 'torch' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    imports_torch = name in TORCH_ROOMS
    assert result.stdout.splitlines()[-1] == f"status 0 {imports_torch}", result.stderr
    assert result.stdout.startswith(f"usage: onmt_evsoftmax {name}")


def test_the_module_is_the_command(command):
    as_module = subprocess.run([sys.executable, "-m", "onmt_evsoftmax", "--help"], capture_output=True, text=True)
    assert as_module.stdout == command("onmt_evsoftmax", "--help").stdout
    assert all(name in as_module.stdout for name in COMMANDS)


def test_an_unknown_command_lists_the_known_ones(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["scroe"])
    assert stop.value.code == 2
    assert "score" in capsys.readouterr().err


def test_bad_input_is_one_line_and_status_2(capsys, tmp_path):
    assert main(["heatmap", str(tmp_path / "missing.npz"), "--out", str(tmp_path / "x.png")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("onmt_evsoftmax heatmap: error: ") and error.count("\n") == 1


@pytest.mark.parametrize("command", ["attend --model m.pt --src s --hyp h --out a.npz", "sweep settings.yaml"])
def test_without_opennmt_one_line_says_what_is_missing(command, tmp_path):
    """`convert` is in tests/conversion: it looks at the checkpoint first."""
    for name in ("m.pt", "s", "h", "settings.yaml"):
        (tmp_path / name).write_text("a b\n", encoding="utf-8")
    code = "import sys\nsys.modules['onmt'] = None\nfrom onmt_evsoftmax.cli import main\nsys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", code, *command.split()]
    result = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"onmt_evsoftmax {command.split()[0]}: error: {missing_opennmt()}\n"


def test_another_missing_module_is_no_matter_of_opennmt(monkeypatch):
    def broken(_arguments):
        raise ModuleNotFoundError("No module named 'rich'", name="rich")

    monkeypatch.setattr("onmt_evsoftmax.doctor.run", broken)
    with pytest.raises(ModuleNotFoundError, match="rich"):
        main(["doctor"])


def test_an_interrupt_is_status_130(monkeypatch, capsys):
    import onmt_evsoftmax.doctor

    def interrupted(_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(onmt_evsoftmax.doctor, "run", interrupted)
    assert main(["doctor"]) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("name, module", [("attend", "numpy"), ("properties", "torch._C")])
def test_an_interrupt_while_modules_load_is_one_line(name, module):
    """SIGINT arrives when ``module`` is about to be imported."""
    code = f"""
import os, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
from onmt_evsoftmax.cli import main
main([{name!r}, "--help"])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert result.returncode == 130
    assert result.stderr == f"\nonmt_evsoftmax {name}: interrupted; the same command continues\n"


def test_after_loading_an_interrupt_is_an_exception_again():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit):
        main(["score", "--help"])
    assert signal.getsignal(signal.SIGINT) is before


def test_the_version(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"onmt_evsoftmax {onmt_evsoftmax.__version__}\n"


def start(*arguments, output) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "onmt_evsoftmax", *arguments]
    return subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, timeout=120)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full")
def test_a_full_disk_behind_the_output_is_one_line():
    with open("/dev/full", "w") as full:
        result = start("doctor", output=full)
    assert result.returncode == 2
    assert result.stderr == "onmt_evsoftmax doctor: error: output: No space left on device\n"


def test_output_that_nobody_reads_is_no_error():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        result = start("doctor", output=closed)
    assert (result.returncode, result.stderr) == (141, "")
