"""Fixtures shared by all tests: real data, command lines as a user types them; the order of tests; what `make quick`
omits, and what waits for OpenNMT-py on a Python that it cannot be installed on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

import onmt_evsoftmax
from onmt_evsoftmax.base.versions import opennmt_is_available

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = Path(onmt_evsoftmax.__file__).resolve().parent

QUICK_SETS = 3
"""Sets of parameters that ``--quick`` keeps of one test."""

NEED_OPENNMT = ["opennmt", "conversion", "configs", "sweep", "scripts", "test_function_of_your_own.py"]
"""Rooms whose tests cannot run without it; where it could be installed they fail."""

collect_ignore = [] if opennmt_is_available() else NEED_OPENNMT


def pytest_report_header():
    header = [f"onmt_evsoftmax {onmt_evsoftmax.__version__} from {PACKAGE}"]
    if not opennmt_is_available():
        header.append(f"without OpenNMT-py, so without tests of: {', '.join(NEED_OPENNMT)}")
    return header


def pytest_addoption(parser):
    parser.addoption(
        "--installed",
        action="store_true",
        help="refuse to test the package of this checkout: it must be an installed one (make test-python)",
    )
    parser.addoption(
        "--from-index",
        action="store_true",
        help="tests/release installs what is in dist/ with all it needs from a package index (make test-release)",
    )
    parser.addoption(
        "--quick",
        action="store_true",
        help="no test that is marked slow, gpu or realdata, opens a browser or starts a process; of each of the others "
        f"at most {QUICK_SETS} sets of parameters",
    )


def pytest_configure(config):
    if config.getoption("--installed") and ROOT in PACKAGE.parents and "site-packages" not in PACKAGE.parts:
        raise pytest.UsageError(f"--installed: {PACKAGE} belongs to the checkout; start pytest by its script")


def pytest_collection_modifyitems(config, items):
    """Files with slow tests come first, so that no core waits at the end for one that was begun last."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    if not opennmt_is_available():
        for item in items:
            if item.get_closest_marker("opennmt"):
                item.add_marker(pytest.mark.skip(reason="needs OpenNMT-py, which this Python cannot have"))
    if config.getoption("--quick"):
        keep_quick_ones(config, items)


def keep_quick_ones(config, items):
    """Leave out the marked tests, and spread the sets of parameters that are kept over those there are."""
    tests = defaultdict(list)
    for item in items:
        marked = any(item.get_closest_marker(mark) for mark in ("slow", "gpu", "realdata"))
        if not marked and "browser" not in item.fixturenames:
            tests[item.nodeid.partition("[")[0]].append(item)
    kept = set()
    for sets in tests.values():
        count = min(QUICK_SETS, len(sets))
        kept.update(sets[number * len(sets) // count] for number in range(count))
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


@pytest.fixture(scope="session", autouse=True)
def no_processes(request):
    """Under ``--quick`` a test skips when it starts a process: each needs seconds to import torch."""

    def skip(*_arguments, **_keywords):
        pytest.skip("starts a process")

    with pytest.MonkeyPatch.context() as patch:
        if request.config.getoption("--quick"):
            patch.setattr(subprocess.Popen, "__init__", skip)
        yield


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real corpora and images; the test is skipped where there is none.

    ``ONMT_EVSOFTMAX_DATA`` names it; the default lies beside the checkout.
    """
    folder = Path(os.environ.get("ONMT_EVSOFTMAX_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}; set ONMT_EVSOFTMAX_DATA")
    return folder


def run_command(name: str, *arguments, cwd=None, check: bool = True, **environment) -> subprocess.CompletedProcess:
    """Run a console script of this environment the way a user does."""
    script = Path(sys.executable).with_name(name)
    result = subprocess.run(
        [str(script), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if check and result.returncode != 0:
        line = " ".join(map(str, [name, *arguments]))
        pytest.fail(f"{line} exited {result.returncode}\n{result.stdout}\n{result.stderr}")
    return result


@pytest.fixture(scope="session")
def command():
    """`run_command` as a fixture."""
    return run_command
