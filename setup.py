"""Build hooks: put the start-up files beside the package. The metadata is in pyproject.toml.

OpenNMT-py offers no plugin mechanism and ignores unknown keys of a YAML, so a plugin that
is not active trains plain softmax without a word. ``onmt_evsoftmax_startup.pth`` makes every
interpreter of the environment arm the plugin (see ``onmt_evsoftmax/plugin/startup.py``).
Python 3.15 and newer read ``onmt_evsoftmax_startup.start`` for that instead (PEP 829).
"""

import base64
import hashlib
import os
import shutil
import zipfile

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

# site.py reads .pth files in alphabetical order: this one after __editable__..., which puts the package on the path
STARTUP_FILES = ("onmt_evsoftmax_startup.pth", "onmt_evsoftmax_startup.start")


class BuildWithStartupFiles(build_py):
    """Wheels and ordinary installations: the files go to the top of the build folder."""

    def run(self):
        super().run()
        if not self.editable_mode:
            for name in STARTUP_FILES:
                self.copy_file(name, os.path.join(self.build_lib, name), preserve_mode=False)

    def get_outputs(self, include_bytecode=True):
        return super().get_outputs(include_bytecode) + [os.path.join(self.build_lib, name) for name in STARTUP_FILES]


class EditableWithStartupFiles(editable_wheel):
    """``pip install -e``: the finished wheel gets the files and their lines in RECORD."""

    def run(self):
        super().run()
        for name in os.listdir(self.dist_dir):
            if name.startswith("onmt_evsoftmax-") and name.endswith(".whl"):
                add_startup_files(os.path.join(self.dist_dir, name))


def add_startup_files(wheel):
    """Rewrite ``wheel`` with the start-up files in it; done already: nothing happens."""
    contents = {}
    for name in STARTUP_FILES:
        with open(name, "rb") as stream:
            contents[name] = stream.read()
    with zipfile.ZipFile(wheel) as old:
        if STARTUP_FILES[0] in old.namelist():
            return
        with zipfile.ZipFile(wheel + ".new", "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                data = old.read(entry)
                if entry.filename.endswith(".dist-info/RECORD"):
                    data = "".join(record_line(*item) for item in contents.items()).encode() + data
                new.writestr(entry, data)
            for name, content in contents.items():
                new.writestr(name, content)
    shutil.move(wheel + ".new", wheel)


def record_line(name, content):
    """The line of a wheel's RECORD for a file."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}\n"


setup(cmdclass={"build_py": BuildWithStartupFiles, "editable_wheel": EditableWithStartupFiles})
