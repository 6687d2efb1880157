"""`onmt_evsoftmax doctor` finds what is wrong, and says what to do."""

from __future__ import annotations

import pytest

from onmt_evsoftmax import doctor


def test_a_sound_installation(command):
    result = command("onmt_evsoftmax", "doctor")
    lines = result.stdout.splitlines()
    assert all(line.startswith("ok") for line in lines), result.stdout
    assert "exact zeros" in result.stdout and "OpenNMT-py" in result.stdout
    assert "attention with evsoftmax: dense" in result.stdout  # the path that training takes


def test_a_plugin_that_is_switched_off_is_found(command):
    result = command("onmt_evsoftmax", "doctor", check=False, ONMT_EVSOFTMAX="0")
    assert result.returncode == 1
    assert "BAD  ONMT_EVSOFTMAX" in result.stdout and "unset ONMT_EVSOFTMAX" in result.stdout
    assert "BAD  plugin: onmt imported without the plugin" in result.stdout


@pytest.mark.parametrize(
    "check, attribute, value, remedy",
    [
        ("check_versions", "_version", lambda name: "" if name == "entmax" else "1.0", "pip install entmax"),
        ("check_opennmt_version", "_version", lambda name: "2.3.0", "OpenNMT-py>=3.0.4"),
        ("check_startup_file", "STARTUP_FILE", "no_such_file.pth", "pip install"),
    ],
)
def test_each_check_can_fail(monkeypatch, check, attribute, value, remedy):
    monkeypatch.setattr(doctor, attribute, value)
    finding = getattr(doctor, check)()
    assert not finding.good and remedy in finding.remedy


def test_a_mapping_that_drops_nothing_is_found(monkeypatch):
    monkeypatch.setattr(doctor, "_zeros_in_attention", lambda: (0.0, "somewhere"))
    assert not doctor.check_attention().good


def test_a_crash_of_a_check_is_a_finding(monkeypatch):
    def crash():
        raise OSError("libcudart.so is missing")

    monkeypatch.setattr(doctor, "_zeros_in_attention", crash)
    finding = doctor.check_attention()
    assert not finding.good and "libcudart" in finding.detail
