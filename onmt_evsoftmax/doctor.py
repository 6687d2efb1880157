"""``onmt_evsoftmax doctor``: is the plugin armed, what does it see, which attention will run."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import logging
import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .base import extensions
from .base.errors import InputError
from .base.versions import (
    TESTED,
    TESTED_OPENNMT,
    TESTED_PYTHON,
    TESTED_TRANSFORMERS,
    missing_opennmt,
    opennmt_is_available,
)
from .plugin.startup import ACTIVE, SWITCH, is_switched_off

STARTUP_FILE = "onmt_evsoftmax_startup.pth"
PACKAGES = ("onmt_evsoftmax", *TESTED)
OPENNMT = "OpenNMT-py"


@dataclass(frozen=True)
class Finding:
    """One line of the report; ``remedy`` says what to do when it is not ``good``.

    What is only a ``note`` does not count as a fault.
    """

    subject: str
    good: bool
    detail: str
    remedy: str = ""
    note: bool = False

    @property
    def mark(self) -> str:
        return "ok  " if self.good else "note" if self.note else "BAD "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command has no options."""


def run(_arguments: argparse.Namespace) -> int:
    """Print every finding; the exit status is 1 when one of them is bad."""
    findings = [check() for check in CHECKS]
    for finding in findings:
        print(f"{finding.mark} {finding.subject}: {finding.detail}")
        if not finding.good:
            print(f"     -> {finding.remedy}")
    return 0 if all(finding.good or finding.note for finding in findings) else 1


def check_versions() -> Finding:
    """Versions of the packages that matter."""
    versions = {name: _version(name) for name in PACKAGES}
    missing = [name for name, version in versions.items() if not version]
    if not _opennmt_is_expected():
        missing = [name for name in missing if name != OPENNMT]  # has a line of its own
    detail = ", ".join(f"{name} {version or 'missing'}" for name, version in versions.items())
    return Finding(
        "versions",
        not missing,
        f"Python {platform.python_version()}, {detail}",
        f"pip install {' '.join(missing)}",
    )


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _opennmt_is_expected() -> bool:
    """Whether it is a fault that OpenNMT-py is missing: not where it cannot be had, or Transformers is used instead."""
    return opennmt_is_available() and not _version("transformers")


def check_tested_versions() -> Finding:
    """Whether the versions are those that the tests and the published figures were run with."""
    installed = {name: _version(name).split("+")[0] for name in TESTED}  # a build of torch: 2.13.0+cpu
    others = [
        f"{name} {version} (tested: {' and '.join(TESTED[name])})"
        for name, version in installed.items()
        if version and version not in TESTED[name]
    ]
    python = ".".join(platform.python_version_tuple()[:2])
    if python not in TESTED_PYTHON:
        others.insert(0, f"Python {python} (tested: {TESTED_PYTHON[0]} to {TESTED_PYTHON[-1]})")
    return Finding(
        "tested versions",
        not others,
        ", ".join(others) or "all of them",
        "to have the tested ones, install from a checkout with: pip install -c constraints.txt .",
        note=True,
    )


def check_opennmt_version() -> Finding:
    """Whether this OpenNMT-py is one that the plugin is tested with."""
    found = _version(OPENNMT)
    if not found:
        rest = "; mappings, attention, nn and Transformers work without it" if not _opennmt_is_expected() else ""
        detail = "missing; attend on its checkpoints, convert, sweep and onmt_train need it"
        return Finding(OPENNMT, False, detail, missing_opennmt() + rest, note=not _opennmt_is_expected())
    return Finding(
        OPENNMT,
        found in TESTED_OPENNMT,
        found,
        f"tested versions are {' and '.join(TESTED_OPENNMT)}: pip install 'OpenNMT-py>=3.0.4,<3.6' 'torch>=2.6'",
    )


def check_startup_file() -> Finding:
    """Whether the file that arms the plugin lies in site-packages."""
    path = Path(sysconfig.get_paths()["purelib"]) / STARTUP_FILE
    return Finding(
        "start-up file",
        path.is_file(),
        str(path),
        "it is missing: install the package with pip (pip install . or pip install -e .)",
    )


def check_switch() -> Finding:
    """Whether the user switched the plugin off."""
    value = os.environ.get(SWITCH)
    return Finding(
        SWITCH,
        not is_switched_off(),
        "not set" if value is None else f"={value}",
        f"the plugin is off, and sparse models are refused; unset {SWITCH} to switch it on",
    )


def check_armed() -> Finding:
    """Whether a fresh interpreter that only imports OpenNMT-py has the plugin active."""
    if not _version(OPENNMT):
        note = not _opennmt_is_expected()
        return Finding("plugin", False, f"nothing to arm without {OPENNMT}", "see the line above on it", note)
    probe = f"import onmt; print(getattr(onmt, {ACTIVE!r}, False))"
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", probe], capture_output=True, text=True, check=False)
    active = result.stdout.strip() == "True"
    lines = (result.stderr.strip() or "onmt imported without the plugin").splitlines()
    return Finding(
        "plugin",
        active,
        "active as soon as onmt is imported" if active else lines[-1],
        "mend the lines above this one",
    )


def check_transformers() -> Finding:
    """Whether a fresh interpreter that only imports Transformers knows our functions."""
    found = _version("transformers")
    if not found:
        return Finding("Transformers", True, "not installed; pip install 'onmt_evsoftmax[transformers]'")
    if found not in TESTED_TRANSFORMERS:
        found += f" (tested: {', '.join(TESTED_TRANSFORMERS)})"
    probe = (
        "from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS as known\n"
        "print(*(name.split(':')[1] for name in known if name.startswith('cross:')), sep=', ')"
    )
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", probe], capture_output=True, text=True, check=False)
    names = result.stdout.strip()
    lines = (result.stderr.strip() or "imported without the plugin").splitlines()
    return Finding(
        "Transformers",
        bool(names),
        f"{found}; attn_implementation takes {names}" if names else f"{found}; {lines[-1]}",
        "mend the lines above this one, or install a tested version",
    )


def check_own_functions() -> Finding:
    """Which functions of the user's are loaded, and from which files."""
    subject = "functions of your own"
    try:
        places = _own_functions()
    except InputError as error:
        return Finding(subject, False, str(error), f"mend the module, or take it out of {extensions.VARIABLE}")
    found = "; ".join(f"{', '.join(names)} ({place})" for place, names in places.items())
    return Finding(subject, True, found or f"none ({extensions.VARIABLE} names their module)")


def _own_functions() -> dict[str, list[str]]:
    from .normalizers import registry

    places: dict[str, list[str]] = {}
    for normalizer in map(registry.get, registry.names()):
        if normalizer.own is not None:
            place = getattr(sys.modules.get(normalizer.own.__module__), "__file__", normalizer.own.__module__)
            places.setdefault(place, []).append(normalizer.name)
    return places


def check_attention() -> Finding:
    """Build a small model through OpenNMT-py, or of torch without it, and count exact zeros in its attention."""
    try:
        zeros, path = _zeros_in_attention() if _version(OPENNMT) else _zeros_in_torch()
    except Exception as error:  # a broken installation can fail in any way; the report must still be printed
        return Finding("attention", False, f"{type(error).__name__}: {error}", "mend the lines above this one")
    return Finding(
        "attention",
        zeros > 0,
        f"evsoftmax gave {zeros:.0%} exact zeros in a test model, {path}",
        "the mapping was bypassed; please report this with the lines above",
    )


def _zeros_in_attention() -> tuple[float, str]:
    import torch
    from onmt.modules import MultiHeadedAttention

    import onmt_evsoftmax.opennmt  # noqa: F401  (activates)

    from .opennmt.functions import AttentionFunctions
    from .opennmt.modules import install

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model: Any = torch.nn.ModuleDict({"encoder": MultiHeadedAttention(2, 8, dropout=0.0, attn_type="self")})
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    install(model.to(device), AttentionFunctions("evsoftmax", "evsoftmax"))
    weights: list[torch.Tensor] = []
    inputs = torch.randn(2, 6, 8, device=device)
    handle = model["encoder"].softmax.register_forward_hook(lambda _module, _in, out: weights.append(out))
    model["encoder"](inputs, inputs, inputs)
    handle.remove()
    with _debug_messages("onmt_evsoftmax") as messages:  # unwatched, as in training
        model["encoder"](inputs, inputs, inputs)
    return float((weights[0] == 0).float().mean()), f"on {device}; {messages[-1]}"


def _zeros_in_torch() -> tuple[float, str]:
    import torch

    from .nn import MultiheadAttention

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = MultiheadAttention(8, 2, device=device, function="evsoftmax")
    inputs = torch.randn(2, 6, 8, device=device)
    weights = model(inputs, inputs, inputs, average_attn_weights=False)[1]
    assert weights is not None
    with _debug_messages("onmt_evsoftmax") as messages:
        model(inputs, inputs, inputs, need_weights=False)
    return float((weights == 0).float().mean()), f"on {device}; {messages[-1]}"


@contextlib.contextmanager
def _debug_messages(logger_name: str) -> Iterator[list[str]]:
    """The debug messages of a logger while the context lasts."""
    messages: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    handler, logger = Keep(), logging.getLogger(logger_name)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        yield messages
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_versions,
    check_tested_versions,
    check_opennmt_version,
    check_startup_file,
    check_switch,
    check_own_functions,
    check_armed,
    check_transformers,
    check_attention,
)
