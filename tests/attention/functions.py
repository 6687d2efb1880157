"""The functions that every form of attention has a path of its own for."""

from onmt_evsoftmax.normalizers import get, names

FUNCTIONS = [name for name in names() if get(name).family != "row"]
