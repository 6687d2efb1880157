"""Installing arms the plugin, uninstalling leaves nothing armed; as a wheel, editable, and from an sdist."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from onmt_evsoftmax.plugin.startup import ACTIVE
from tests.release.building import PACKAGE, ROOT, build_sdist, build_wheel, copy_checkout, package_files
from tests.sweep.projects import make_project

PROBE = f"import onmt; print(getattr(onmt, {ACTIVE!r}, False))"

pytestmark = pytest.mark.slow


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A copy: building leaves files behind."""
    return copy_checkout(tmp_path / "checkout")


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


@pytest.mark.parametrize("form", ["wheel", "editable", "sdist"])
def test_install_and_uninstall(checkout, environment, form):
    assert python(environment, "-c", PROBE) == "False"

    targets = {
        "wheel": lambda: [checkout],
        "editable": lambda: ["-e", checkout],
        "sdist": lambda: [build_sdist(checkout)],
    }
    python(environment, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", *targets[form]())
    assert python(environment, "-c", PROBE) == "True"
    assert files_in_place(environment, editable=form == "editable")

    python(environment, "-m", "pip", "uninstall", "--quiet", "--yes", "onmt_evsoftmax")
    assert python(environment, "-c", PROBE) == "False"
    packages = python(environment, "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])")
    assert not [path.name for path in Path(packages).iterdir() if "evsoftmax" in path.name]


@pytest.mark.parametrize("form", ["wheel", "sdist"])
def test_a_release_serves_the_stock_training(form, pytestconfig, checkout, environment, workshop, tmp_path):
    """Installed and asked by `doctor`, then five steps of the stock `onmt_train`.

    With ``--from-index`` (`make test-release`) the files are those of dist/ and the environment is empty; else the
    packages of this one serve it.
    """
    if pytestconfig.getoption("--from-index"):
        environment = install_from_index(form, tmp_path / "empty")
    else:
        sdist = build_sdist(checkout)
        release = sdist if form == "sdist" else build_wheel(sdist, tmp_path / "unpacked")
        python(environment, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", release)
    assert files_in_place(environment)

    findings = python(environment, "-m", "onmt_evsoftmax", "doctor").splitlines()
    assert all(line.startswith("ok") for line in findings) and "exact zeros" in findings[-1], findings

    config = workshop.config(self_attn_function="evsoftmax", train_steps=5, save_checkpoint_steps=5, valid_steps=5)
    scripts = (environment.with_name("onmt_train"), Path(sys.executable).with_name("onmt_train"))
    python(environment, next(script for script in scripts if script.is_file()), "-config", config)
    stored = python(
        environment,
        "-c",
        "import onmt, torch, sys; print(torch.load(sys.argv[1])['opt'].self_attn_function)",
        workshop.folder / "model_step_5.pt",
    )
    assert stored == "evsoftmax"


def install_from_index(form: str, folder: Path) -> Path:
    """The Python of a new environment with the wheel or sdist of dist/, and what it asks for from a package index."""
    (release,) = (ROOT / "dist").glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[form])
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    assert not list(folder.glob("lib/python*/site-packages/torch*")), "the environment is not empty"
    pip = [python, "-m", "pip"]
    index = subprocess.run(
        [*pip, "download", "--no-deps", "--dest", folder / "probe", "entmax"], capture_output=True, text=True
    )
    if index.returncode:
        pytest.skip(f"no package index: pip could not download entmax ({index.stderr.strip().splitlines()[-1]})")
    subprocess.run([*pip, "install", "--quiet", "-c", ROOT / "constraints.txt", release], check=True)
    return python


def files_in_place(environment: Path, editable: bool = False) -> bool:
    """Whether the package, its pages, its Snakefile and its mark of types are installed, and no tests.

    An editable installation is the checkout itself, which has tests.
    """
    installed = Path(python(environment, "-c", "import onmt_evsoftmax; print(onmt_evsoftmax.__file__)")).parent
    assert package_files(installed) == package_files(PACKAGE)
    return (installed.parent / "tests").exists() == editable


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
        "needs Python 3.10 to 3.12" in result.stderr and "3.13.0" in result.stderr and "Traceback" not in result.stderr
    )


def test_python_is_where_the_suite_expects_it():
    assert Path(sys.executable).with_name("onmt_train").is_file()
