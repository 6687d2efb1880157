"""What the source distribution and the wheel hold, and what they say of themselves."""

from __future__ import annotations

import email
import pkgutil
import re
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

import onmt_evsoftmax
from onmt_evsoftmax.base.versions import TESTED_PYTHON
from onmt_evsoftmax.doctor import STARTUP_FILE
from onmt_evsoftmax.plugin import startup
from tests.release.building import PACKAGE, ROOT, build_sdist, build_wheel, copy_checkout, package_files

STARTUP_FILES = {STARTUP_FILE, STARTUP_FILE.replace(".pth", ".start")}
VERSION = onmt_evsoftmax.__version__


@pytest.fixture(scope="module")
def sdist(tmp_path_factory) -> Path:
    return build_sdist(copy_checkout(tmp_path_factory.mktemp("sdist") / "checkout"))


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory) -> Path:
    return build_wheel(sdist, tmp_path_factory.mktemp("wheel"))


def test_the_wheel_holds_the_package_the_start_up_files_and_nothing_else(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    metadata = {name for name in held if name.startswith(f"onmt_evsoftmax-{VERSION}.dist-info/")}
    assert held - metadata == package_files(PACKAGE) | STARTUP_FILES
    suffixes = {Path(name).suffix for name in held}
    assert {".html", ".css", ".js", ".yaml"} <= suffixes
    assert {"onmt_evsoftmax/py.typed", "onmt_evsoftmax/sweep/Snakefile"} <= held
    assert not [name for name in held if {"tests", "conftest.py"} & set(Path(name).parts)]


def test_the_sdist_holds_what_a_reader_and_a_builder_need_and_no_tests(sdist):
    with tarfile.open(sdist) as archive:
        files = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert package_files(PACKAGE) | STARTUP_FILES <= files
    assert {"README.md", "CHANGELOG.md", "LICENSE", "CITATION.cff", "constraints.txt"} <= files
    assert {"pyproject.toml", "setup.py", "docs/house.md"} <= files
    assert {name.partition("/")[0] for name in files if "/" in name} <= {
        "docs",
        "onmt_evsoftmax",
        "onmt_evsoftmax.egg-info",
    }


def test_the_metadata(wheel):
    text = zipfile.ZipFile(wheel).read(f"onmt_evsoftmax-{VERSION}.dist-info/METADATA").decode()
    metadata = email.message_from_string(text)
    assert metadata["Version"] == VERSION
    assert metadata["License-Expression"] == "MIT" and metadata["License-File"] == "LICENSE"
    assert f"Copyright (c) 2026 {metadata['Author']}\n" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert metadata["Project-URL"] == "Paper, https://arxiv.org/abs/2110.14182"
    assert metadata["Description-Content-Type"] == "text/markdown" and "ev-softmax" in metadata.get_payload()


def test_the_pythons_that_are_claimed_are_the_tested_ones():
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert tuple(re.findall(r'"Programming Language :: Python :: (3\.\d+)"', pyproject)) == TESTED_PYTHON
    oldest = re.search(r'requires-python = ">=3\.(\d+),', pyproject)[1]
    assert f'target-version = "py3{oldest}"' in pyproject


def test_the_start_file_of_later_pythons_arms_what_the_pth_file_imports():
    """PEP 829: Python 3.15 calls the entry points of a .start file, and not the import lines of the .pth beside it."""
    pth, start = sorted(STARTUP_FILES)
    assert f"import {startup.__name__}\\n" in (ROOT / pth).read_text(encoding="utf-8")
    lines = (ROOT / start).read_text(encoding="utf-8").splitlines()
    (entry_point,) = [line for line in lines if line and not line.startswith("#")]
    assert pkgutil.resolve_name(entry_point) is startup.arm


def test_the_citation_names_this_version_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == VERSION
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\d\S+) \((\S+)\)$", changelog, flags=re.MULTILINE)
    assert newest is not None and newest.groups() == (VERSION, str(citation["date-released"]))
    assert citation["authors"] == [{"name": "The onmt_evsoftmax authors"}] and citation["license"] == "MIT"
    paper = citation["preferred-citation"]
    assert [author["family-names"] for author in paper["authors"]] == ["Chen", "Itkina", "Senanayake", "Kochenderfer"]
    assert paper["title"] == "Evidential Softmax for Sparse Multimodal Distributions in Deep Generative Models"
