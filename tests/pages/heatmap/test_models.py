import pytest

from onmt_evsoftmax.archive.models import open_models, require_kind, require_same_source, titles
from onmt_evsoftmax.base.errors import InputError


def test_titles_are_the_printed_names_of_the_functions(archive):
    models = open_models([archive("softmax"), archive("evsoftmax"), archive("entmax15")])
    assert titles(models, "cross") == ["softmax", "ev-softmax", "entmax-1.5"]


def test_a_function_without_a_printed_name_keeps_its_own(archive):
    assert titles(open_models([archive("mine")]), "cross") == ["mine"]


def test_two_archives_of_one_function_are_told_apart_by_their_files(archive):
    models = open_models([archive(name="seed1"), archive(name="seed2")])
    first, second = titles(models, "cross")
    assert first.endswith("seed1 (ev-softmax)") and second.endswith("seed2 (ev-softmax)")


def test_given_names_come_with_the_function(archive):
    models = open_models([archive("softmax"), archive()], ["before", "my ev-softmax"])
    assert titles(models, "cross") == ["before (softmax)", "my ev-softmax"]


def test_a_name_for_each_archive_is_required(archive):
    with pytest.raises(InputError, match="--names: 1 names for 2 archives"):
        open_models([archive("softmax"), archive()], ["one"])


def test_a_kind_that_one_archive_does_not_hold_names_it(archive):
    models = open_models([archive("softmax"), archive("evsoftmax", kinds=["cross"])])
    require_kind(models, "cross")
    with pytest.raises(InputError, match=r"evsoftmax\.npz: holds no decoder attention, only: cross"):
        require_kind(models, "decoder")


def test_different_sources_name_both_archives_and_the_sentence(archive):
    pairs = [("same source", "x"), ("one", "x")]
    other = [("same source", "y"), ("two", "x")]
    models = open_models([archive("softmax", pairs=pairs), archive(pairs=other)])
    require_same_source(models, 0)
    message = r"softmax\.npz and .*evsoftmax\.npz: sentence 1 has different sources"
    with pytest.raises(InputError, match=message):
        require_same_source(models, 1)


def test_the_same_words_in_other_pieces_are_the_same_source(archive):
    cut, whole = [("a steam@@ boat", "x")], [("a steamboat", "x")]
    models = open_models([archive("softmax", pairs=cut), archive(pairs=whole)])
    assert [len(model.archive[0].source) for model in models] == [3, 2]
    require_same_source(models, 0)


@pytest.mark.parametrize("sentence", [-1, 2])
def test_a_sentence_that_one_archive_does_not_hold_names_it(archive, sentence):
    models = open_models([archive("softmax"), archive(pairs=[("a", "b"), ("c", "d")])])
    with pytest.raises(InputError, match="no sentence"):
        require_same_source(models, sentence)
