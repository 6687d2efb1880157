import numpy as np
import pytest

from onmt_evsoftmax.archive import AttentionArchive
from onmt_evsoftmax.archive.models import open_models
from onmt_evsoftmax.archive.panel import View, select_panels
from onmt_evsoftmax.base.errors import InputError


def panel_of(path, sentence=0, **view):
    (panel,) = select_panels(open_models([path]), sentence, View(**view))
    return panel


@pytest.mark.parametrize("kind", ["cross", "encoder", "decoder"])
@pytest.mark.parametrize("layer, index", [(0, 0), (1, 1), (-1, 1), (-2, 0)])
def test_a_panel_is_the_archive_at_its_layer_and_head(archive, kind, layer, index):
    path = archive()
    sentence = AttentionArchive(path)[1]
    panel = panel_of(path, 1, kind=kind, layer=layer, head="2")
    np.testing.assert_array_equal(panel.weights, sentence.attention[kind][index, 2])
    assert (panel.queries, panel.keys) == sentence.tokens(kind)
    assert panel.subtitle == f"layer {index}{' (last)' if index == 1 else ''}, head 2"


def test_mean_and_max_over_heads(archive):
    path = archive()
    heads = AttentionArchive(path)[0].attention["cross"][-1]
    np.testing.assert_allclose(panel_of(path, head="mean").weights, heads.mean(0), rtol=1e-6)
    np.testing.assert_array_equal(panel_of(path, head="max").weights, heads.max(0))


def test_all_heads_of_all_models_in_order(archive):
    models = open_models([archive("softmax"), archive()])
    panels = select_panels(models, 0, View(head="all"))
    assert [(panel.title, panel.subtitle[-6:]) for panel in panels] == [
        (title, f"head {head}") for title in ("softmax", "ev-softmax") for head in range(3)
    ]
    for head, panel in enumerate(panels[3:]):
        np.testing.assert_array_equal(panel.weights, models[1].archive[0].attention["cross"][-1, head])


@pytest.mark.parametrize("kind", ["cross", "encoder", "decoder"])
@pytest.mark.parametrize("head", ["mean", "1"])
def test_rows_sum_to_one_with_pieces_and_with_words(archive, kind, head):
    path = archive()
    for merge in (False, True):
        panel = panel_of(path, kind=kind, head=head, merge_subwords=merge)
        assert panel.weights.shape == panel.visible.shape == (len(panel.queries), len(panel.keys))
        np.testing.assert_allclose(panel.weights.sum(-1), 1, rtol=1e-5)


def test_merged_tokens_are_words(archive):
    panel = panel_of(archive(), merge_subwords=True)
    assert panel.keys == ["a", "steamboat", "leaves", "."]
    assert panel.queries == ["ein", "Dampfschiff", "fährt", "ab", ".", "</s>"]


def test_max_is_taken_over_merged_heads(archive):
    path = archive()
    each = select_panels(open_models([path]), 0, View(head="all", merge_subwords=True))
    expected = np.max([panel.weights for panel in each], axis=0)
    np.testing.assert_array_equal(panel_of(path, head="max", merge_subwords=True).weights, expected)


def test_zeros_of_the_causal_mask_are_not_zeros_of_the_mapping(archive):
    dense = panel_of(archive("softmax"), kind="decoder")
    sparse = panel_of(archive(), kind="decoder", head="0")
    assert (dense.weights[~dense.visible] == 0).all() and not dense.zero.any()
    assert sparse.zero.any() and not (sparse.zero & ~sparse.visible).any()
    np.testing.assert_array_equal(sparse.visible, np.tril(np.ones((7, 7), bool)))


def test_a_merged_word_is_visible_where_one_of_its_pieces_is(archive):
    panel = panel_of(archive(), kind="decoder", merge_subwords=True)
    # "Dampf@@ schiff" is predicted with its own first piece in view, never with what follows it
    assert panel.visible[1].tolist() == [True, True, True, False, False, False]


@pytest.mark.parametrize("layer", [2, -3])
def test_layer_out_of_range(archive, layer):
    message = rf"evsoftmax\.npz: no layer {layer} of cross attention; it holds layers 0 to 1"
    with pytest.raises(InputError, match=message):
        panel_of(archive(), layer=layer)


def test_head_out_of_range(archive):
    with pytest.raises(InputError, match=r"evsoftmax\.npz: no head 3; it holds heads 0 to 2"):
        panel_of(archive(), head="3")


@pytest.mark.parametrize("head", ["median", "-1", "1.5", ""])
def test_unknown_head(head):
    with pytest.raises(InputError, match="expected mean, max, all or a number"):
        View(head=head)


@pytest.mark.parametrize("change", [lambda a: a - 0.1, lambda a: a * np.nan, lambda a: a * 2 + 1])
def test_weights_that_are_none(archive, change):
    with pytest.raises(InputError, match=r"evsoftmax\.npz: sentence 0: encoder .*outside \[0, 1\]"):
        panel_of(archive(change=change))


@pytest.mark.parametrize("change", [lambda a: a[..., :-1], lambda a: a[0], lambda a: a[:0]])
def test_arrays_that_do_not_fit_their_tokens(archive, change):
    message = r"sentence 0: encoder has (shape .* expected \(layers, heads, 5, 5\)|no layers or no heads)"
    with pytest.raises(InputError, match=message):
        panel_of(archive(change=change))


def test_notes_say_how_weights_were_put_together():
    assert View().notes() == []
    merged, largest = View(merge_subwords=True, head="max").notes()
    assert "summed" in merged and "averaged" in merged and "need not sum to 1" in largest
