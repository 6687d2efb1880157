"""Arms the plugin at interpreter start; imported by ``onmt_evsoftmax_startup.pth``.

Neither OpenNMT-py nor Transformers reads entry points, so this puts a finder on ``sys.meta_path`` that waits for
a few module names. When one of them has been imported, the part of the plugin that belongs to
it is imported too. Only what the interpreter has loaded anyway is used here: this file runs at every
start of Python in the environment.

The environment variable ``ONMT_EVSOFTMAX`` is a switch. With ``0`` OpenNMT-py and Transformers stay as they are, and
sparse models are refused: OpenNMT-py alone would run them as softmax, and Transformers does not know the names. With
``strict`` a training that would ignore something of its start from a checkpoint ends with an error instead of a
warning; sweeps set it.
"""

import os
import sys

SWITCH = "ONMT_EVSOFTMAX"
OFF, STRICT = "0", "strict"

ACTIVE = "onmt_evsoftmax_active"
"""attribute of the modules ``onmt`` and ``transformers.modeling_utils`` that is True where the plugin is active"""

GUARD = {"ctranslate2.converters.opennmt_py": "onmt_evsoftmax.plugin.export_guard"}
WAITING = {
    "onmt": "onmt_evsoftmax.opennmt",
    "transformers.modeling_utils": "onmt_evsoftmax.huggingface",
    **GUARD,
}
"""module that somebody imports -> module of ours that is imported right after it"""
WAITING_WHEN_OFF = {"onmt": "onmt_evsoftmax.plugin.switched_off", **GUARD}


class PluginFinder:
    """Finds nothing itself: lets the others find the module and adds a step after its execution."""

    def __init__(self):
        self._waiting = dict(WAITING_WHEN_OFF if is_switched_off() else WAITING)

    def find_spec(self, name, path=None, target=None):
        follower = self._waiting.pop(name, None)  # not twice, should another finder ask all of them
        if follower is None:
            return None
        try:
            return _find_and_follow(self, follower, name, path, target)
        finally:
            self._waiting[name] = follower  # not installed yet, or only asked for: an import may come later


def _find_and_follow(ours, follower, *question):
    for finder in sys.meta_path:
        if finder is ours or not hasattr(finder, "find_spec"):
            continue
        spec = finder.find_spec(*question)
        if spec is not None:
            if spec.loader is not None:
                _follow(spec.loader, follower)
            return spec
    return None


def _follow(loader, follower):
    execute = loader.exec_module

    def exec_module(module):
        execute(module)
        __import__(follower)

    loader.exec_module = exec_module


def is_switched_off():
    """Whether the user wants OpenNMT-py as it is."""
    return os.environ.get(SWITCH) == OFF


def arm():
    """Put the finder first on ``sys.meta_path``, once."""
    if not is_armed():
        sys.meta_path.insert(0, PluginFinder())


def is_armed():
    """Whether the finder waits in this interpreter."""
    return any(isinstance(finder, PluginFinder) for finder in sys.meta_path)


arm()
