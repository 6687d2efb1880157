"""Installing arms the plugin, uninstalling leaves nothing armed; as a wheel, editable, and from an sdist."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from onmt_evsoftmax.plugin.startup import ACTIVE
from tests.sweep.projects import make_project

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = (
    "setup.py",
    "pyproject.toml",
    "MANIFEST.in",
    "onmt_evsoftmax_startup.pth",
    "README.md",
    "LICENSE",
    "onmt_evsoftmax",
)
PROBE = f"import onmt; print(getattr(onmt, {ACTIVE!r}, False))"

pytestmark = pytest.mark.slow


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy of what pip needs: building leaves files behind."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in SHIPPED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


@pytest.fixture
def environment(tmp_path) -> Path:
    """The Python of a new virtual environment that sees this one's packages but not its ``.pth`` files."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    # Python < 3.12 bundles a setuptools that would hide this environment's
    subprocess.run(
        [python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools"], check=True, capture_output=True
    )
    packages = subprocess.check_output(
        [python, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"], text=True
    )
    Path(packages.strip(), "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return python


def python(executable: Path, *arguments, check: bool = True) -> str:
    result = subprocess.run(
        [executable, "-W", "ignore", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=executable.parent,
    )
    assert result.returncode == 0 or not check, result.stdout + result.stderr
    return result.stdout.strip()


def data_files(package: Path) -> list[Path]:
    """HTML pages, the sweep's workflow, the mark of typed packages: an installation needs more than Python."""
    files = (path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc"))
    return sorted(path.relative_to(package) for path in files)


def source_distribution(checkout: Path) -> Path:
    """The sdist of a checkout, as `python -m build` makes it."""
    build = "from setuptools import build_meta; print(build_meta.build_sdist('dist'))"
    output = subprocess.check_output([sys.executable, "-c", build], cwd=checkout, text=True)
    return checkout / "dist" / output.splitlines()[-1]


@pytest.mark.parametrize("form", ["wheel", "editable", "sdist"])
def test_install_and_uninstall(checkout, environment, form):
    assert python(environment, "-c", PROBE) == "False"

    targets = {"wheel": lambda: [checkout], "editable": lambda: ["-e", checkout]}
    target = targets.get(form, lambda: [source_distribution(checkout)])()
    python(environment, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", *target)
    assert python(environment, "-c", PROBE) == "True"
    installed = Path(python(environment, "-c", "import onmt_evsoftmax; print(onmt_evsoftmax.__file__)")).parent
    assert data_files(installed) == data_files(ROOT / "onmt_evsoftmax") != []

    assert not list(installed.parent.glob("tests")), "the tests are no part of an installation"

    python(environment, "-m", "pip", "uninstall", "--quiet", "--yes", "onmt_evsoftmax")
    assert python(environment, "-c", PROBE) == "False"
    packages = python(environment, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])")
    assert not [path.name for path in Path(packages).iterdir() if "evsoftmax" in path.name]


def test_an_installed_plugin_serves_the_stock_training(checkout, environment, workshop):
    python(environment, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", checkout)
    config = workshop.config(self_attn_function="evsoftmax", train_steps=5, save_checkpoint_steps=5, valid_steps=5)
    python(environment, "-c", "from onmt.bin.train import main; main()", "-config", config)
    checkpoint = workshop.folder / "model_step_5.pt"
    stored = python(
        environment,
        "-c",
        "import onmt, torch, sys; print(torch.load(sys.argv[1])['opt'].self_attn_function)",
        checkpoint,
    )
    assert stored == "evsoftmax"


def test_an_installed_wheel_sweeps_in_an_empty_folder(checkout, environment, tmp_path):
    pytest.importorskip("snakemake", reason="needs pip install 'onmt_evsoftmax[sweep]', Python 3.11 or newer")
    python(environment, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", checkout)
    project = make_project(tmp_path / "empty")
    command = [environment.with_name("onmt_evsoftmax"), "sweep", project.write(), "--cores", "1"]
    result = subprocess.run(
        [*command, "--until", "prepare"], cwd=project.folder, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Snakefile: {environment.parents[1].resolve()}" in result.stdout + result.stderr
    assert (project.folder / "prepared" / "manifest.json").exists()


def test_an_unsupported_python_is_one_clear_line(tmp_path):
    """`make` checks before it makes an environment."""
    fake = tmp_path / "python3"
    fake.write_text("#!/bin/sh\ncase \"$1\" in -V) echo 'Python 3.13.0';; *) exit 1;; esac\n")
    fake.chmod(0o755)
    result = subprocess.run(
        ["make", "-s", "venv", f"PYTHON={fake}", f"VENV={tmp_path / 'venv'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0
    assert (
        "needs Python 3.9 to 3.12" in result.stderr and "3.13.0" in result.stderr and "Traceback" not in result.stderr
    )


def test_python_is_where_the_suite_expects_it():
    assert Path(sys.executable).with_name("onmt_train").is_file()
