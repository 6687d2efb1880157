"""The rooms of the package: arrows between them point one way, and most of them never load torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "onmt_evsoftmax"
MAY_USE = {
    "base": "",
    "plugin": "base",
    "archive": "base",
    "normalizers": "base",
    "attention": "base normalizers",
    "nn": "base normalizers attention",
    "conversion": "base",
    "opennmt": "base plugin archive normalizers attention conversion",
    "huggingface": "base plugin archive normalizers attention",
    "data": "base",
    "evaluation": "base archive data",
    "sweep": "base plugin archive data evaluation opennmt",
    "figures": "base archive",
    "pages": "base archive evaluation sweep figures",
    "doctor": "base plugin normalizers nn opennmt",
    "attend": "base archive opennmt huggingface",
    "cli": "base",
    "__main__": "cli",
}
"""The table of docs/house.md; a room uses none that comes after it."""

LIGHT = ("base", "plugin", "archive", "data", "evaluation", "sweep", "figures", "pages", "cli")
"""Rooms that work where torch is broken, and do not wait for it."""


def modules() -> dict[str, Path]:
    """Dotted name below the package -> file."""
    files = (path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in files}


def imported_rooms(name: str, path: Path) -> set[str]:
    """The rooms whose modules ``path`` imports, anywhere in its text."""
    package = name.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("onmt_evsoftmax.")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("onmt_evsoftmax."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.ImportFrom) and node.level:
            outside = node.level > len(package)
            base = [] if outside else package[: len(package) - node.level + 1]
            parts = base + (node.module.split(".") if node.module else [])
            found |= {parts[0]} if parts else {alias.name for alias in node.names}
    return found - {"__version__"}


def test_every_module_belongs_to_a_room():
    assert {name.split(".")[0] for name in modules()} == set(MAY_USE)


def test_no_room_uses_one_that_it_may_not():
    arrows = {(name, room) for name, path in modules().items() for room in imported_rooms(name, path)}
    assert {("attention.api", "normalizers"), ("pages.report.page", "sweep")} <= arrows
    unplanned = [f"{name} uses {room}" for name, room in arrows if room not in _allowed(name.split(".")[0])]
    assert unplanned == []


def _allowed(room: str) -> set[str]:
    return {room, *MAY_USE[room].split()}


def test_the_plan_itself_points_one_way():
    rooms = list(MAY_USE)
    assert all(rooms.index(used) < rooms.index(room) for room in rooms for used in MAY_USE[room].split())


def test_the_light_rooms_load_no_torch():
    names = [f"onmt_evsoftmax.{name}" for name in modules() if name.split(".")[0] in LIGHT]
    # the guards of OpenNMT-py are imported after it, and patch it; the trainer runs it
    names = [name.removesuffix(".__init__") for name in names if not name.endswith((".switched_off", ".export_guard"))]
    code = f"import importlib, sys\nfor name in {names}: importlib.import_module(name)\nprint('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "False\n", result.stderr
