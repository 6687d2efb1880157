"""``onmt_evsoftmax sweep``: Snakemake on the Snakefile that lies here."""

from __future__ import annotations

import argparse
import signal
from importlib.util import find_spec
from pathlib import Path

from ..base.documents import read_yaml
from ..base.errors import InputError
from ..base.versions import missing_opennmt

SNAKEFILE = Path(__file__).with_name("Snakefile")
PROFILES = SNAKEFILE.with_name("profiles")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options; what is unknown here is Snakemake's."""
    shipped = ", ".join(sorted(folder.name for folder in PROFILES.iterdir()))
    parser.description = (
        f"{parser.description}. Interrupted in any way, the same command continues. Other options go to Snakemake."
    )
    parser.usage = "%(prog)s SETTINGS [--cores N] [--workflow-profile NAME] [options of Snakemake]"
    parser.epilog = (
        "Exit status: 0 done; 1 a job failed, or settings are wrong; 2 no such file, no Snakemake; 130 Ctrl-C."
    )
    parser.allow_abbrev = False  # an abbreviation may be another option to Snakemake
    parser.add_argument("settings", nargs="?", metavar="SETTINGS", help="such as configs/sweeps/toy_ende.yaml")
    parser.add_argument("--cores", metavar="N", help="CPU cores that its jobs may use (default: all)")
    parser.add_argument(
        "--workflow-profile",
        metavar="NAME",
        default="default",
        help=f"how jobs are run: a profile that is shipped ({shipped}) or the folder of your own (default: default)",
    )
    parser.add_argument("--snakefile", action="store_true", help="print the path of the Snakefile, and do nothing else")
    parser.set_defaults(others=[])


def run(arguments: argparse.Namespace) -> int:
    """Run the sweep; the exit status is Snakemake's.

    Raises:
        InputError: no settings, no such file or profile, or OpenNMT-py or Snakemake is not installed.
    """
    if arguments.snakefile:
        print(SNAKEFILE)
        return 0
    if arguments.settings is None:
        raise InputError("SETTINGS is missing: name a settings file such as configs/sweeps/toy_ende.yaml")
    if find_spec("onmt") is None:
        raise InputError(missing_opennmt())
    if find_spec("snakemake") is None:
        raise InputError("Snakemake is not installed; pip install 'onmt_evsoftmax[sweep]' (Python 3.11 or newer)")
    read_yaml(arguments.settings, "configs/sweeps/ shows what it looks like")
    words = ["--snakefile", SNAKEFILE, "--configfile", arguments.settings]
    words += ["--workflow-profile", _profile(arguments.workflow_profile)]
    if arguments.cores is not None or arguments.workflow_profile == "default":
        words += ["--cores", arguments.cores or "all"]
    return _snakemake([*map(str, words), *arguments.others])


def _profile(name: str) -> Path:
    """A folder of the user wins over a shipped profile of the same name."""
    for folder in (Path(name), PROFILES / name):
        if (folder / "config.yaml").is_file():
            return folder
    raise InputError(f"--workflow-profile {name}: no folder with a config.yaml, nor the name of a shipped profile")


def _snakemake(words: list[str]) -> int:
    """Snakemake's own exit status, which does not tell an interruption from a failure.

    Raises:
        KeyboardInterrupt: it was interrupted; its jobs have ended.
    """
    from snakemake.cli import main

    interrupted = False

    def note(number, frame) -> None:
        nonlocal interrupted
        interrupted = True
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, note)
    try:
        main(words)
    except SystemExit as end:
        if interrupted:
            raise KeyboardInterrupt from None
        return end.code if isinstance(end.code, int) else 1
    finally:
        signal.signal(signal.SIGINT, before)
    return 0
