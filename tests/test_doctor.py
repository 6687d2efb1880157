"""`onmt_evsoftmax doctor` finds what is wrong, and says what to do."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

import pytest

from onmt_evsoftmax import doctor
from onmt_evsoftmax.base import versions
from onmt_evsoftmax.base.versions import TESTED, TESTED_PYTHON


@pytest.mark.opennmt
def test_a_sound_installation(command):
    result = command("onmt_evsoftmax", "doctor")
    lines = result.stdout.splitlines()
    assert all(line.startswith("ok") for line in lines), result.stdout
    assert "exact zeros" in result.stdout and "OpenNMT-py" in result.stdout
    assert "attention with evsoftmax: dense" in result.stdout  # the path that training takes


@pytest.mark.opennmt
def test_a_plugin_that_is_switched_off_is_found(command):
    result = command("onmt_evsoftmax", "doctor", check=False, ONMT_EVSOFTMAX="0")
    assert result.returncode == 1
    assert "BAD  ONMT_EVSOFTMAX" in result.stdout and "unset ONMT_EVSOFTMAX" in result.stdout
    assert "BAD  plugin: onmt imported without the plugin" in result.stdout


def test_transformers_is_optional(monkeypatch):
    monkeypatch.setattr(doctor, "_version", lambda name: "")
    finding = doctor.check_transformers()
    assert finding.good and "not installed; pip install 'onmt_evsoftmax[transformers]'" in finding.detail


def test_transformers_without_the_plugin_is_found(monkeypatch):
    pytest.importorskip("transformers")
    assert "attn_implementation takes softmax, sparsemax, entmax15" in doctor.check_transformers().detail
    monkeypatch.setenv("ONMT_EVSOFTMAX", "0")
    finding = doctor.check_transformers()
    assert not finding.good and "imported without the plugin" in finding.detail


def all_but_entmax(name):
    if name == "entmax":
        raise importlib.metadata.PackageNotFoundError(name)
    return "1.0"


@pytest.mark.parametrize(
    "check, attribute, value, remedy",
    [
        ("check_versions", "importlib.metadata.version", all_but_entmax, "pip install entmax"),
        ("check_opennmt_version", "importlib.metadata.version", lambda name: "2.3.0", "OpenNMT-py>=3.0.4"),
        ("check_startup_file", "onmt_evsoftmax.doctor.STARTUP_FILE", "no_such_file.pth", "pip install"),
    ],
)
def test_each_check_can_fail(monkeypatch, check, attribute, value, remedy):
    monkeypatch.setattr(attribute, value)
    finding = getattr(doctor, check)()
    assert not finding.good and remedy in finding.remedy


def test_other_versions_than_the_tested_ones_are_named_and_no_fault(monkeypatch, capsys):
    versions = {name: tested[0] for name, tested in TESTED.items()}
    monkeypatch.setattr(importlib.metadata, "version", {**versions, "torch": "2.7.1+cu128", "nltk": "3.9"}.get)
    monkeypatch.setattr(doctor, "CHECKS", (doctor.check_tested_versions,))
    assert doctor.run(None) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("note tested versions: torch 2.7.1 (tested: 2.13.0), nltk 3.9 (tested: 3.10.4)\n")
    assert "constraints.txt" in printed
    monkeypatch.setattr(importlib.metadata, "version", {**versions, "torch": "2.13.0+cpu"}.get)
    assert doctor.check_tested_versions().good


def test_another_python_than_the_tested_ones_is_named_and_no_fault(monkeypatch):
    monkeypatch.setattr(importlib.metadata, "version", {name: tested[0] for name, tested in TESTED.items()}.get)
    monkeypatch.setattr(doctor.platform, "python_version_tuple", lambda: ("3", "99", "1"))
    finding = doctor.check_tested_versions()
    assert finding.note and finding.detail == f"Python 3.99 (tested: {TESTED_PYTHON[0]} to {TESTED_PYTHON[-1]})"


@pytest.mark.parametrize("name", ["constraints.txt", "constraints-onmt351.txt"])
def test_the_constraints_pin_the_tested_versions(name):
    text = (Path(__file__).parents[1] / name).read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, flags=re.MULTILINE))
    shared = set(pins) & set(TESTED)
    assert {"torch", "entmax", "sacrebleu"} <= shared
    assert all(pins[package] in TESTED[package] for package in shared)


def test_the_constraints_name_a_section_that_is_there():
    root = Path(__file__).parents[1]
    (section,) = re.findall(r'README.md, "(.*)"', (root / "constraints.txt").read_text(encoding="utf-8"))
    assert f"## {section}\n" in (root / "README.md").read_text(encoding="utf-8")


@pytest.mark.opennmt
def test_a_mapping_that_drops_nothing_is_found(monkeypatch):
    from onmt_evsoftmax.opennmt.functions import AttentionFunctions
    from onmt_evsoftmax.opennmt.modules import install

    def install_softmax(model, _functions):
        install(model, AttentionFunctions())

    monkeypatch.setattr("onmt_evsoftmax.opennmt.modules.install", install_softmax)
    finding = doctor.check_attention()
    assert not finding.good and "evsoftmax gave 0% exact zeros" in finding.detail


@pytest.mark.opennmt
def test_a_crash_of_a_check_is_a_finding(monkeypatch):
    def crash(_model, _functions):
        raise OSError("libcudart.so is missing")

    monkeypatch.setattr("onmt_evsoftmax.opennmt.modules.install", crash)
    finding = doctor.check_attention()
    assert not finding.good and "libcudart" in finding.detail


def installed_without_opennmt(transformers):
    def version(name):
        if name == "OpenNMT-py" or (name == "transformers" and not transformers):
            raise importlib.metadata.PackageNotFoundError(name)
        return TESTED.get(name, ("1.0",))[0]

    return version


@pytest.mark.parametrize("available, transformers", [(True, False), (True, True), (False, False)])
def test_without_opennmt_it_is_a_fault_only_where_it_is_expected(monkeypatch, capsys, available, transformers):
    """It is a note where it cannot be installed, and where Transformers is used instead."""
    monkeypatch.setattr(importlib.metadata, "version", installed_without_opennmt(transformers))
    for module in (doctor, versions):
        monkeypatch.setattr(module, "opennmt_is_available", lambda: available)
    checks = (doctor.check_versions, doctor.check_opennmt_version, doctor.check_armed, doctor.check_attention)
    monkeypatch.setattr(doctor, "CHECKS", checks)
    fault = available and not transformers
    assert doctor.run(None) == (1 if fault else 0)
    lines = capsys.readouterr().out.splitlines()
    marks = [line[:4] for line in lines if not line.startswith(" ")]
    assert marks == (["BAD ", "BAD ", "BAD ", "ok  "] if fault else ["ok  ", "note", "note", "ok  "])
    (remedy,) = [line for line in lines if "needs OpenNMT-py, which" in line]
    assert ("pip install" in remedy) is available and ("pyonmttok" in remedy) is not available
    assert any("attend on its checkpoints" in line for line in lines)
    assert "exact zeros in a test model" in lines[-1]
