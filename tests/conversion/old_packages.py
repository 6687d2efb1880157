"""Old torchtext and OpenNMT-py, as far as pickle needs them: classes under the names of that time."""

from __future__ import annotations

import contextlib
import functools
import sys
import types
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

CLASSES = {
    "torchtext.vocab": ("Vocab",),
    "torchtext.data.field": ("RawField", "Field"),
    "onmt.inputters.text_dataset": ("TextMultiField",),
}
FUNCTIONS = {
    "torchtext.vocab": ("_default_unk_index",),
    "torchtext.data.utils": ("_split_tokenizer",),
    "onmt.inputters.text_dataset": ("_feature_tokenize",),
}


class OldPackages:
    """Makes objects of the old classes, which have the instance dictionaries that torchtext gave them."""

    def __init__(self) -> None:
        self.modules = {name: types.ModuleType(name) for name in {**CLASSES, **FUNCTIONS}}
        self.modules.update({name: types.ModuleType(name) for name in ("torchtext", "torchtext.data")})
        for module, names in CLASSES.items():
            for name in names:
                setattr(self.modules[module], name, type(name, (), {"__module__": module}))
        for module, names in FUNCTIONS.items():
            for name in names:
                setattr(self.modules[module], name, _function(module, name))

    def vocabulary(self, tokens: Sequence[str], default_dict: bool = False):
        numbers = {token: index for index, token in enumerate(tokens)}
        if default_dict:  # as torchtext 0.2 had it
            numbers = defaultdict(self.modules["torchtext.vocab"]._default_unk_index, numbers)
        counts = Counter({token: len(tokens) - index for index, token in enumerate(tokens[4:])})
        return self._make("torchtext.vocab", "Vocab", freqs=counts, itos=list(tokens), stoi=numbers, vectors=None)

    def field(self, tokens: Sequence[str]):
        tokenize = functools.partial(
            self.modules["onmt.inputters.text_dataset"]._feature_tokenize,
            layer=0,
            truncate=None,
            feat_delim=None,
        )
        return self._make(
            "torchtext.data.field",
            "Field",
            sequential=True,
            pad_token="<blank>",
            unk_token="<unk>",
            tokenize=tokenize,
            dtype="int64",
            vocab=self.vocabulary(tokens),
        )

    def number_field(self):
        tokenize = self.modules["torchtext.data.utils"]._split_tokenizer
        return self._make("torchtext.data.field", "Field", sequential=False, use_vocab=False, tokenize=tokenize)

    def multi_field(self, side: str, tokens: Sequence[str], *features):
        return self._make(
            "onmt.inputters.text_dataset",
            "TextMultiField",
            preprocessing=None,
            fields=[(side, self.field(tokens)), *features],
        )

    def _make(self, module: str, name: str, **attributes):
        thing = getattr(self.modules[module], name)()
        vars(thing).update(attributes)
        return thing


def _function(module: str, name: str):
    def function(*_arguments, **_keywords):
        raise AssertionError(f"{module}.{name} was called")

    function.__module__, function.__name__, function.__qualname__ = module, name, name
    return function


@contextlib.contextmanager
def installed() -> Iterator[OldPackages]:
    """The old modules are importable inside the block, and gone after it."""
    packages = OldPackages()
    before = {name: sys.modules.get(name) for name in packages.modules}
    sys.modules.update(packages.modules)
    try:
        yield packages
    finally:
        for name, module in before.items():
            del sys.modules[name]
            if module is not None:
                sys.modules[name] = module
