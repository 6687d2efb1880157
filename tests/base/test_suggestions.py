"""What a misspelt name was meant to be."""

from onmt_evsoftmax.base.suggestions import nearest, suggestion

KNOWN = ["softmax", "evsoftmax", "sparsemax"]


def test_the_nearest_name_must_resemble_enough():
    assert nearest("sparsmax", KNOWN) == "sparsemax"
    assert nearest("sparsmx", KNOWN, resemblance=0.95) is None
    assert nearest(3, KNOWN) is None


def test_a_message_ends_with_one_name_or_with_all():
    assert suggestion("sofmax", KNOWN, prefix="a.") == "did you mean a.softmax?"
    assert suggestion("xyz", (1, None)) == "known: 1, None"
    assert suggestion("xyz", []) == "known: none"
