import dataclasses
import math

import numpy as np
import pytest

from onmt_evsoftmax.archive import AttentionArchive, Sentence
from onmt_evsoftmax.archive.segmentation import merge
from onmt_evsoftmax.base.errors import InputError
from onmt_evsoftmax.evaluation.attended import count_attended, measure_attended

from .archives import HEADS, LAYERS, archive_file, random_sentences, sentence


def measure(path, sentences, **changes):
    return measure_attended(AttentionArchive(archive_file(path / "a.npz", sentences, **changes)))


def word_of_each_piece(tokens, scheme):
    """Grow the sentence piece by piece; a piece that adds no word belongs to the one before."""
    return [len(merge(tokens[: end + 1], scheme)) - 1 for end in range(len(tokens))]


def brute_force_rows(sentences, kind, layer, head, scheme):
    """(positions, words, share, entropy) of every query token, one weight at a time."""
    rows = []
    for item in sentences:
        queries, keys = item.tokens(kind)
        word = word_of_each_piece(keys, scheme)
        for query in range(len(queries)):
            positions, words, entropy = 0, set(), 0.0
            for key in range(len(keys)):
                weight = float(item.attention[kind][layer, head, query, key])
                if weight > 0:
                    positions += 1
                    words.add(word[key])
                    entropy -= weight * math.log(weight)
            visible = query + 1 if kind == "decoder" else len(keys)
            rows.append((positions, len(words), positions / visible, entropy))
    return np.array(rows)


@pytest.mark.parametrize("scheme", ["bpe", "sentencepiece", "none"])
@pytest.mark.parametrize("seed", range(4))
def test_every_kind_layer_and_head_equals_brute_force(tmp_path, seed, scheme):
    sentences = random_sentences(seed, scheme)
    measured = measure(tmp_path, sentences, segmentation=scheme)
    for kind in ("encoder", "decoder", "cross"):
        means = measured.kinds[kind]
        for layer in range(LAYERS):
            for head in range(HEADS):
                rows = brute_force_rows(sentences, kind, layer, head, scheme)
                grids = (means.positions, means.words, means.share, means.entropy)
                found = [grid[layer][head] for grid in grids]
                assert found == pytest.approx(rows.mean(axis=0).tolist(), rel=1e-6)
                assert means.query_tokens == len(rows)


@pytest.mark.parametrize("seed", range(4))
def test_the_headline_equals_brute_force(tmp_path, seed):
    sentences = random_sentences(seed)
    measured = measure(tmp_path, sentences)
    heads = [brute_force_rows(sentences, "cross", LAYERS - 1, head, "bpe") for head in range(HEADS)]
    positions, words = np.mean(heads, axis=0)[:, :2].T  # averaged over heads for each token
    for spread, counts in ((measured.positions, positions), (measured.words, words)):
        assert (spread.mean, spread.std) == pytest.approx((counts.mean(), counts.std()))
    assert measured.target_tokens == len(words)
    ends = np.cumsum([len(item.target) for item in sentences])[:-1]
    assert measured.sentence_target_tokens == [len(item.target) for item in sentences]
    assert measured.sentence_words == pytest.approx([part.mean() for part in np.split(words, ends)])
    assert measured.sentence_positions == pytest.approx([part.mean() for part in np.split(positions, ends)])


def test_three_heads_on_different_words_are_one_word_per_head_and_three_of_any(tmp_path):
    """The two readings of "averaged over heads"; the union is where the mean of the weights is > 0."""
    weights = np.eye(3, dtype=np.float32)[None, :, None, :]
    apart = Sentence(["a", "b", "c"], ["</s>"], ["<s>"], {"cross": weights})
    measured = measure(tmp_path, [apart], kinds=["cross"])
    assert (measured.words.mean, measured.words_any_head.mean) == (1, 3)
    assert (measured.positions.mean, measured.positions_any_head.mean) == (1, 3)


@pytest.mark.parametrize("seed", range(4))
def test_the_union_over_heads_equals_brute_force(tmp_path, seed):
    sentences = random_sentences(seed)
    measured = measure(tmp_path, sentences)
    counts = []
    for item in sentences:
        word = word_of_each_piece(item.source, "bpe")
        for query in range(len(item.target)):
            mean = item.attention["cross"][-1, :, query].mean(axis=0)
            keys = [key for key, weight in enumerate(mean) if weight > 0]
            counts.append((len(keys), len({word[key] for key in keys})))
    positions, words = np.array(counts).T
    for spread, expected in ((measured.positions_any_head, positions), (measured.words_any_head, words)):
        assert (spread.mean, spread.std) == pytest.approx((expected.mean(), expected.std()))
    assert measured.words.mean <= measured.words_any_head.mean <= HEADS * measured.words.mean


def test_a_word_is_attended_once_whichever_of_its_pieces_are():
    weights = np.array([[0.5, 0.5, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 1], [1, 0, 0, 0]])[None, None]
    positions, words = count_attended(weights, [0, 0, 0, 1])
    assert positions.tolist() == [[[2, 2, 1, 1]]]
    assert words.tolist() == [[[1, 1, 1, 1]]]


def test_softmax_attends_to_everything(tmp_path):
    source = ["Dampf@@", "schiff", "fährt", "."]
    everything = np.full((1, 2, 3, 4), 0.25, np.float32)
    dense = Sentence(source, ["a", "b", "</s>"], ["<s>", "a", "b"], {"cross": everything})
    measured = measure(tmp_path, [dense], kinds=["cross"])
    assert (measured.positions.mean, measured.positions.std) == (4, 0)
    assert (measured.words.mean, measured.words.std) == (3, 0)
    assert measured.kinds["cross"].share == [[1, 1]]
    assert measured.kinds["cross"].entropy == [pytest.approx([math.log(4)] * 2)]


def test_the_last_layer_is_the_headline(tmp_path):
    weights = np.zeros((2, 1, 1, 2), np.float32)
    weights[0, ..., :] = 0.5
    weights[1, ..., 0] = 1
    two_layers = Sentence(["a", "b"], ["</s>"], ["<s>"], {"cross": weights})
    measured = measure(tmp_path, [two_layers], kinds=["cross"])
    assert measured.words.mean == 1
    assert measured.kinds["cross"].words == [[2], [1]]


def test_the_order_of_sentences_does_not_matter(tmp_path):
    sentences = random_sentences(7)
    there, back = measure(tmp_path, sentences), measure(tmp_path, sentences[::-1])
    assert (there.words, there.positions) == (back.words, back.positions)
    assert there.sentence_words == back.sentence_words[::-1]


def test_half_precision_is_counted_alike(tmp_path):
    sentences = random_sentences(3)
    halved = [
        dataclasses.replace(s, attention={kind: w.astype(np.float16) for kind, w in s.attention.items()})
        for s in sentences
    ]
    single, half = measure(tmp_path, sentences), measure(tmp_path, halved)
    assert single.words == half.words
    np.testing.assert_allclose(half.kinds["cross"].entropy, single.kinds["cross"].entropy, atol=1e-2)


def test_an_empty_source_line_attends_to_nothing(tmp_path):
    empty = sentence([], ["a"])
    measured = measure(tmp_path, [empty, sentence(["a", "b"], ["b"])])
    assert measured.sentence_words[0] == measured.sentence_positions[0] == 0 < measured.sentence_words[1]
    assert measured.kinds["encoder"].query_tokens == 2
    alone = measure(tmp_path, [empty])
    assert alone.kinds["encoder"].entropy == alone.kinds["cross"].share == [[0] * HEADS] * LAYERS


@pytest.mark.parametrize("kinds, held", [(["encoder"], "encoder"), ([], "nothing")])
def test_cross_attention_is_needed(tmp_path, kinds, held):
    archive = AttentionArchive(archive_file(tmp_path / "a.npz", random_sentences(0), kinds=kinds))
    with pytest.raises(InputError, match=rf"a\.npz: holds no cross attention, only: {held}"):
        measure_attended(archive)


def test_an_archive_without_sentences(tmp_path):
    with pytest.raises(InputError, match="holds no sentences"):
        measure(tmp_path, [])


def with_cross(weights, target=("a", "</s>")):
    target = list(target)
    return Sentence(["x", "y"], target, ["<s>", *target][: len(target)], {"cross": np.asarray(weights)})


@pytest.mark.parametrize(
    "weights, message",
    [
        (np.zeros((1, 1, 2, 3)), r"expected \(layers, heads, 2, 2\)"),
        (np.zeros((1, 2, 2)), r"expected \(layers, heads, 2, 2\)"),
        (np.zeros((0, 1, 2, 2)), "no layers"),
        (np.full((1, 1, 2, 2), np.nan), "NaN"),
        (np.full((1, 1, 2, 2), np.inf), "outside"),
        (np.full((1, 1, 2, 2), -0.1), "outside"),
        (np.full((1, 1, 2, 2), 1.1), "outside"),
    ],
)
def test_weights_that_cannot_be(tmp_path, weights, message):
    good = with_cross(np.full((1, 1, 2, 2), 0.5))
    with pytest.raises(InputError, match=f"sentence 1: cross .*{message}"):
        measure(tmp_path, [good, with_cross(weights)], kinds=["cross"])


def test_no_target_tokens(tmp_path):
    with pytest.raises(InputError, match="target of sentence 0 in its metadata"):
        measure(tmp_path, [with_cross(np.zeros((1, 1, 0, 2)), target=[])], kinds=["cross"])


def test_layers_that_change_between_sentences(tmp_path):
    shapes = [with_cross(np.full((layers, 1, 2, 2), 0.5)) for layers in (1, 2)]
    with pytest.raises(InputError, match="sentence 1: cross has other layers or heads"):
        measure(tmp_path, shapes, kinds=["cross"])


def test_an_array_that_is_missing(tmp_path):
    archive = AttentionArchive(archive_file(tmp_path / "a.npz", [with_cross(np.zeros((1, 1, 2, 2)))]))
    with pytest.raises(InputError, match="sentence 0 cannot be read"):  # metadata promises all kinds
        measure_attended(archive)


def test_an_array_with_damaged_bytes(tmp_path):
    path = archive_file(tmp_path / "a.npz", [sentence(["x"] * 40, ["y"] * 40)])
    damaged = bytearray(path.read_bytes())
    damaged[2000:2400] = bytes(400)
    path.write_bytes(damaged)
    with pytest.raises(InputError, match="sentence 0 cannot be read"):
        measure_attended(AttentionArchive(path))
