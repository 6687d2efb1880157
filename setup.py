"""Build hooks: put the start-up file beside the package. The metadata is in pyproject.toml.

OpenNMT-py offers no plugin mechanism and ignores unknown keys of a YAML, so a plugin that
is not active trains plain softmax without a word. ``onmt_evsoftmax_startup.pth`` makes every
interpreter of the environment arm the plugin (see ``onmt_evsoftmax/plugin/startup.py``).
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
STARTUP_FILE = "onmt_evsoftmax_startup.pth"


class BuildWithStartupFile(build_py):
    """Wheels and ordinary installations: the file goes to the top of the build folder."""

    def run(self):
        super().run()
        if not self.editable_mode:
            self.copy_file(STARTUP_FILE, os.path.join(self.build_lib, STARTUP_FILE), preserve_mode=False)

    def get_outputs(self, include_bytecode=True):
        return super().get_outputs(include_bytecode) + [os.path.join(self.build_lib, STARTUP_FILE)]


class EditableWithStartupFile(editable_wheel):
    """``pip install -e``: the finished wheel gets the file and its line in RECORD."""

    def run(self):
        super().run()
        for name in os.listdir(self.dist_dir):
            if name.startswith("onmt_evsoftmax-") and name.endswith(".whl"):
                add_startup_file(os.path.join(self.dist_dir, name))


def add_startup_file(wheel):
    """Rewrite ``wheel`` with the start-up file in it; done already: nothing happens."""
    with open(STARTUP_FILE, "rb") as stream:
        content = stream.read()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    with zipfile.ZipFile(wheel) as old:
        if STARTUP_FILE in old.namelist():
            return
        with zipfile.ZipFile(wheel + ".new", "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                data = old.read(entry)
                if entry.filename.endswith(".dist-info/RECORD"):
                    data = f"{STARTUP_FILE},sha256={digest},{len(content)}\n".encode() + data
                new.writestr(entry, data)
            new.writestr(STARTUP_FILE, content)
    shutil.move(wheel + ".new", wheel)


setup(cmdclass={"build_py": BuildWithStartupFile, "editable_wheel": EditableWithStartupFile})
