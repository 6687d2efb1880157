"""`attend` on folders of Transformers: the weights of a plain pass, the tokens as read, and what may be wrong."""

from __future__ import annotations

import doctest
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

transformers = pytest.importorskip("transformers")

import sentencepiece  # noqa: E402
import torch  # noqa: E402

from onmt_evsoftmax.archive import AttentionArchive  # noqa: E402
from onmt_evsoftmax.archive.segmentation import merge  # noqa: E402
from onmt_evsoftmax.cli import main  # noqa: E402
from onmt_evsoftmax.evaluation.attended import measure_attended  # noqa: E402
from onmt_evsoftmax.huggingface import pieces as pieces_module  # noqa: E402
from onmt_evsoftmax.huggingface.attend import attention_weights  # noqa: E402
from onmt_evsoftmax.huggingface.translation import TranslationModel, load_model, load_tokenizer  # noqa: E402

TEXTS = ("The old dog sleeps in the garden.", "Snow fell.", "My sister reads a green book although it rains, too.")
TRANSLATIONS = ("Der alte Hund schläft im Garten.", "Schnee fiel.", "Meine Schwester liest ein grünes Buch.")
SIZE: dict[str, Any] = dict(
    d_model=16,
    encoder_layers=2,
    decoder_layers=3,
    encoder_attention_heads=2,
    decoder_attention_heads=2,
    encoder_ffn_dim=24,
    decoder_ffn_dim=24,
    max_position_embeddings=64,
    init_std=0.5,
)


@dataclass(frozen=True)
class Folder:
    """A random model with a tokeniser that was trained on the texts."""

    path: Path
    languages: tuple[str, ...] = ()

    @property
    def options(self) -> list[str]:
        return [word for pair in zip(("--src_lang", "--tgt_lang"), self.languages) for word in pair]


def learn_pieces(folder: Path) -> tuple[Path, dict[str, int]]:
    """A SentencePiece model, and its vocabulary in the order of Marian and M2M100."""
    folder.mkdir(parents=True)
    text = folder / "text"
    text.write_text("\n".join([*TEXTS, *TRANSLATIONS]), encoding="utf-8")
    options = dict(vocab_size=90, character_coverage=1.0, minloglevel=2, hard_vocab_limit=False)
    sentencepiece.SentencePieceTrainer.train(input=str(text), model_prefix=str(folder / "pieces"), **options)
    model = sentencepiece.SentencePieceProcessor(model_file=str(folder / "pieces.model"))
    pieces = [model.id_to_piece(number) for number in range(model.get_piece_size())]
    names = dict.fromkeys(["<s>", "<pad>", "</s>", "<unk>", *pieces])
    return folder / "pieces.model", {piece: number for number, piece in enumerate(names)}


def write_vocabulary(path: Path, vocabulary: dict[str, int]) -> str:
    path.write_text(json.dumps(vocabulary), encoding="utf-8")
    return str(path)


def save(model: Any, tokenizer: Any, path: Path, *languages: str) -> Folder:
    model.generation_config.max_new_tokens = 12
    model.save_pretrained(path)
    tokenizer.save_pretrained(path)
    return Folder(path, languages)


def ids_of(tokenizer: Any, start: str) -> dict[str, int]:
    return dict(
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.convert_tokens_to_ids(start),
    )


def marian(path: Path, **changes: Any) -> Folder:
    pieces, vocabulary = learn_pieces(path / "learned")
    extra = {prefix: len(vocabulary) + number for number, prefix in enumerate(changes.pop("prefixes", ()))}
    words = write_vocabulary(path / "learned" / "vocab.json", {**vocabulary, **extra})
    tokenizer = transformers.MarianTokenizer(str(pieces), str(pieces), words, source_lang="en", target_lang="de")
    ids = {**ids_of(tokenizer, "<pad>"), "forced_eos_token_id": None, "bad_words_ids": None}
    config = transformers.MarianConfig(vocab_size=len(vocabulary) + len(extra), **SIZE, **ids, **changes)
    torch.manual_seed(1)
    return save(transformers.MarianMTModel(config), tokenizer, path / "model")


def m2m100(path: Path, **saved: str) -> Folder:
    pieces, vocabulary = learn_pieces(path / "learned")
    tokenizer = transformers.M2M100Tokenizer(
        write_vocabulary(path / "learned" / "vocab.json", vocabulary), str(pieces), **saved
    )
    config = transformers.M2M100Config(vocab_size=len(vocabulary) + 108, **SIZE, **ids_of(tokenizer, "</s>"))
    torch.manual_seed(2)
    return save(transformers.M2M100ForConditionalGeneration(config), tokenizer, path / "model", "en", "de")


def nllb(path: Path) -> Folder:
    if not hasattr(transformers, "TokenizersBackend"):
        pytest.skip("before Transformers 5 its tokeniser is made from files alone")
    learned = json.loads(train_tokenizer("sentencepiece").backend_tokenizer.to_str())["model"]
    merges = [tuple(pair) for pair in learned["merges"]]
    tokenizer = transformers.NllbTokenizer(vocab=learned["vocab"], merges=merges)
    config = transformers.M2M100Config(vocab_size=len(tokenizer), **SIZE, **ids_of(tokenizer, "</s>"))
    torch.manual_seed(5)
    model = transformers.M2M100ForConditionalGeneration(config)
    return save(model, tokenizer, path / "model", "eng_Latn", "deu_Latn")


def t5(path: Path) -> Folder:
    from transformers.models.t5 import modeling_t5

    if not hasattr(modeling_t5, "ALL_ATTENTION_FUNCTIONS"):
        pytest.skip("T5 of this Transformers takes no function")
    tokenizer = train_tokenizer("sentencepiece")
    config = transformers.T5Config(
        vocab_size=len(tokenizer),
        d_model=16,
        d_kv=8,
        d_ff=24,
        num_layers=3,
        num_decoder_layers=2,
        num_heads=2,
        **ids_of(tokenizer, "<pad>"),
    )
    torch.manual_seed(3)
    return save(transformers.T5ForConditionalGeneration(config), tokenizer, path / "model")


def bart(path: Path) -> Folder:
    tokenizer = train_tokenizer("byte-level")
    config = transformers.BartConfig(
        vocab_size=len(tokenizer), **SIZE, **ids_of(tokenizer, "</s>"), forced_bos_token_id=None
    )
    torch.manual_seed(4)
    return save(transformers.BartForConditionalGeneration(config), tokenizer, path / "model")


def train_tokenizer(kind: str) -> Any:
    """A fast tokeniser as T5's (pieces and </s>) or BART's (<s>, bytes, </s>)."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    is_byte = kind == "byte-level"
    if is_byte:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if is_byte else []
    trainer = trainers.BpeTrainer(
        vocab_size=310 if is_byte else 90, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([*TEXTS, *TRANSLATIONS], trainer)
    template = "<s> $A </s>" if is_byte else "$A </s>"
    tokenizer.post_processor = processors.TemplateProcessing(template, special_tokens=[("<s>", 0), ("</s>", 2)])
    names = dict(bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>")
    # as T5's and BART's; Transformers 4 would make token_type_ids too, which they do not take
    inputs = ["input_ids", "attention_mask"]
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_input_names=inputs, **names)


MODELS = {"marian": marian, "m2m100": m2m100, "nllb": nllb, "t5": t5, "bart": bart}


@pytest.fixture(scope="module", params=MODELS)
def folder(request, tmp_path_factory) -> Folder:
    return MODELS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def marian_folder(tmp_path_factory) -> Folder:
    return marian(tmp_path_factory.mktemp("marian"))


@pytest.fixture
def texts(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("src").write_text("".join(f"{line}\n" for line in TEXTS), encoding="utf-8")
    tmp_path.joinpath("hyp").write_text("".join(f"{line}\n" for line in TRANSLATIONS), encoding="utf-8")
    return tmp_path


def attend(folder: Folder, *options: object, text: str = "--hyp") -> AttentionArchive:
    words = ["attend", "--model", folder.path, "--src", "src", text, "hyp", "--out", "a.npz", *folder.options, *options]
    assert main([str(word) for word in words]) == 0
    return AttentionArchive("a.npz")


def refused(capsys, folder: Folder, *options: object, text: str = "--hyp") -> str:
    words = ["attend", "--model", folder.path, "--src", "src", text, "hyp", "--out", "a.npz", *options]
    assert main([str(word) for word in words]) == 2 and not Path("a.npz").exists()
    return capsys.readouterr().err


def plain_passes(folder: Folder, targets: list[list[str]], implementation: str) -> Iterator[dict[str, np.ndarray]]:
    """The weights of the model in float64, one sentence at a time, without anything of ours but the function."""
    kinds = {"encoder": "encoder_attentions", "decoder": "decoder_attentions", "cross": "cross_attentions"}
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder.path)
    if folder.languages:
        tokenizer.src_lang, tokenizer.tgt_lang = folder.languages
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder.path, attn_implementation=implementation)
    model = model.double().eval()
    for text, target in zip(TEXTS, targets):
        read = [model.config.decoder_start_token_id, *target[:-1]]
        with torch.no_grad():
            output = model(
                **tokenizer(text, return_tensors="pt"), decoder_input_ids=torch.tensor([read]), output_attentions=True
            )
        yield {kind: torch.stack(list(output[name]))[:, 0].numpy() for kind, name in kinds.items()}


def target_ids(folder: Folder) -> list[list[int]]:
    """As the tokeniser itself makes labels."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder.path)
    if folder.languages:
        tokenizer.src_lang, tokenizer.tgt_lang = folder.languages
    return [tokenizer(text_target=line).input_ids for line in TRANSLATIONS]


@pytest.mark.parametrize("function", ["softmax", "evsoftmax"])
def test_the_weights_are_those_of_a_plain_pass(folder, texts, function):
    """With softmax that is Transformers' own eager attention."""
    archive = attend(folder, "--self_attn_function", function)
    implementation = "eager" if function == "softmax" else function
    for sentence, weights in zip(archive, plain_passes(folder, target_ids(folder), implementation)):
        for kind in ("encoder", "decoder", "cross"):
            assert sentence.attention[kind].shape == weights[kind].shape
            np.testing.assert_allclose(sentence.attention[kind], weights[kind], atol=2e-5)
        assert archive.metadata["layers"] == {kind: len(array) for kind, array in weights.items()}
    assert archive.metadata["functions"] == dict.fromkeys(("encoder", "decoder", "cross"), function)
    assert archive.metadata["heads"] == 2


def test_in_float64_they_are_equal_to_the_last_digit(folder, texts):
    """What the archive rounds to float32 comes from the same batch of three, and from nothing else."""
    targets = target_ids(folder)
    model = load_model(folder.path, attn_implementation="evsoftmax").double()
    translation = TranslationModel(model, load_tokenizer(folder.path, *folder.languages), folder.path)
    kinds = ("encoder", "decoder", "cross")
    weights = attention_weights(translation, translation.encode_sources(TEXTS), targets, kinds)
    for row, expected in enumerate(plain_passes(folder, targets, "evsoftmax")):
        for kind in kinds:
            queries, keys = expected[kind].shape[2:]
            found = torch.stack(weights[kind])[:, row, :, :queries, :keys].numpy()
            np.testing.assert_allclose(found, expected[kind], atol=1e-7)


def test_a_sentence_does_not_depend_on_its_batch(folder, texts):
    alone, together = (
        list(attend(folder, "--self_attn_function", "evsoftmax", "--batch_size", size)) for size in (1, 3)
    )
    for one, other in zip(alone, together):
        assert (one.source, one.target, one.target_input) == (other.source, other.target, other.target_input)
        for kind, weights in one.attention.items():
            np.testing.assert_allclose(weights, other.attention[kind], atol=2e-5)


def test_the_pieces_make_up_the_words_of_the_text(folder, texts):
    archive = attend(folder)
    for index, (text, translation) in enumerate(zip(TEXTS, TRANSLATIONS)):
        tokens = archive.tokens(index)
        special = {"<s>", "</s>", "__en__", "__de__", *folder.languages}
        for side, line in (("source", text), ("target", translation)):
            words = [word for word in merge(tokens[side], "sentencepiece") if word not in special]
            assert words == line.split()
        assert tokens["target"][-1] == "</s>" and tokens["target_input"] == ["<s>", *tokens["target"][:-1]]
        assert archive.lines("source")[index] == text and archive.lines("target")[index] == translation
    assert measure_attended(archive).words.mean <= max(len(text.split()) for text in TEXTS) + 3


def test_the_translations_are_the_beam_search_of_transformers(folder, texts):
    """And attention is read for the very tokens that the beam search found."""
    archive = attend(folder, "--beam_size", 3, text="--translate")
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder.path)
    options: dict[str, Any] = {}
    if folder.languages:
        tokenizer.src_lang = folder.languages[0]
        tokenizer.tgt_lang = folder.languages[1]
        options["forced_bos_token_id"] = tokenizer(text_target="").input_ids[0]
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder.path, attn_implementation="softmax")
    lines = texts.joinpath("hyp").read_text(encoding="utf-8").split("\n")[:-1]
    found = []
    for index, text in enumerate(TEXTS):
        encoded = tokenizer(text, return_tensors="pt")
        (ids,) = model.generate(**encoded, num_beams=3, **options).tolist()
        found.append([*[id for id in ids[1:] if id != tokenizer.eos_token_id], tokenizer.eos_token_id])
        assert lines[index] == tokenizer.decode(ids, skip_special_tokens=True).strip()
        assert len(archive.tokens(index)["target"]) == len(found[-1])
    for sentence, weights in zip(archive, plain_passes(folder, found, "eager")):
        np.testing.assert_allclose(sentence.attention["cross"], weights["cross"], atol=2e-5)


def test_a_translation_of_unset_length_ends_before_the_positions_do(marian_folder):
    translation = TranslationModel(load_model(marian_folder.path), load_tokenizer(marian_folder.path), "marian")
    translation.model.generation_config.max_new_tokens = None
    translation.model.generation_config.eos_token_id = None
    (target,) = translation.translate([[5, 6, translation.end]], beam_size=1)
    assert len(target) <= 64 and target[-1] == translation.end


def test_score_compares_the_text_and_counts(marian_folder, texts, capsys):
    attend(marian_folder, "--self_attn_function", "evsoftmax")
    words = "score --hyp hyp --ref hyp --lang de --src src --attention a.npz --json scores.json"
    assert main(words.split()) == 0
    attended = json.loads(Path("scores.json").read_text())["systems"][0]["attended"]
    assert 1 < attended["words"]["mean"] < 9
    texts.joinpath("hyp").write_text("Der alte Hund.\nSchnee fiel.\nMeine Schwester.\n", encoding="utf-8")
    assert main(words.split()) == 2
    assert "sentence 0 is not line 1 of hyp: 'Der alte Hund schläft im Garten.'" in capsys.readouterr().err


def test_the_model_remembers_its_function_and_an_option_overrides_it(marian_folder, texts):
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
        marian_folder.path, attn_implementation="cross:sparsemax"
    )
    model.save_pretrained("tuned")
    transformers.AutoTokenizer.from_pretrained(marian_folder.path).save_pretrained("tuned")
    tuned = Folder(Path("tuned"))
    assert attend(tuned).metadata["functions"] == {"encoder": "softmax", "decoder": "softmax", "cross": "sparsemax"}
    functions = attend(tuned, "--self_attn_function", "evsoftmax").metadata["functions"]
    assert functions == {"encoder": "evsoftmax", "decoder": "evsoftmax", "cross": "sparsemax"}
    functions = attend(tuned, "--context_attn_function", "posthoc_evidential").metadata["functions"]
    assert functions == {"encoder": "softmax", "decoder": "softmax", "cross": "posthoc_evidential"}


def test_a_multilingual_model_has_to_be_told_its_languages(tmp_path, texts, capsys):
    folder = m2m100(tmp_path / "m2m100")
    assert "give --src_lang and --tgt_lang, of: af, am, ar" in refused(capsys, folder)
    wrong = refused(capsys, folder, "--src_lang", "en", "--tgt_lang", "deu")
    assert "--tgt_lang deu: no language of" in wrong and "did you mean de?" in wrong
    archive = attend(folder)
    assert archive.tokens(0)["source"][0] == "__en__" and archive.tokens(0)["target"][0] == "__de__"
    saved = m2m100(tmp_path / "saved", src_lang="en", tgt_lang="fr")
    assert attend(Folder(saved.path)).tokens(0)["target"][0] == "__fr__"


def test_marian_with_several_target_languages(tmp_path, texts, capsys):
    folder = marian(tmp_path / "romance", prefixes=(">>fra<<", ">>spa<<"))
    assert "line 1 of the source names none; give --tgt_lang, of: fra, spa" in refused(capsys, folder)
    assert "--tgt_lang deu: no language" in refused(capsys, folder, "--tgt_lang", "deu")
    assert attend(folder, "--tgt_lang", "spa").tokens(0)["source"][0] == ">>spa<<"


def test_a_line_longer_than_the_positions_is_named(marian_folder, texts, capsys):
    texts.joinpath("src").write_text("Snow fell.\n" * 2 + "Snow fell. " * 40 + "\n", encoding="utf-8")
    assert "src, line 3: " in (message := refused(capsys, marian_folder)) and "positions for 64" in message


@pytest.mark.parametrize(
    "options, message",
    [
        (["--src_lang", "en"], "has no languages; leave it out"),
        (["--segmentation", "bpe"], "leave the option out, or give none"),
        (["--self_attn_function", "evsoftmx"], "known: softmax"),
        (["--beam_size", "0"], "from 1 up"),
    ],
)
def test_bad_options_are_one_clear_line(marian_folder, texts, capsys, options, message):
    error = refused(capsys, marian_folder, *options)
    assert message in error and error.startswith("onmt_evsoftmax attend: error: ") and error.count("\n") == 1
    assert "Loading" not in error, "options are looked at before the model is loaded"


def test_folders_that_are_none_of_ours(marian_folder, texts, capsys):
    Path("empty").mkdir()
    assert "has no config.json" in refused(capsys, Folder(Path("empty")))
    Path("bare").mkdir()
    for file in ("config.json", "model.safetensors"):
        Path("bare", file).write_bytes((marian_folder.path / file).read_bytes())
    assert "save it beside the model with tokenizer.save_pretrained" in refused(capsys, Folder(Path("bare")))
    config = transformers.GPT2Config(n_layer=1, n_head=2, n_embd=8, vocab_size=310)
    save(transformers.GPT2LMHeadModel(config), train_tokenizer("byte-level"), Path("gpt"))
    assert "gpt2 has no encoder and decoder" in refused(capsys, Folder(Path("gpt")))
    hub = refused(capsys, Folder(Path("facebook/nllb")))
    assert "no such file or folder" in hub and "hf download facebook/nllb --local-dir DIR" in hub


def test_the_doctests_of_the_pieces():
    assert doctest.testmod(pieces_module).failed == 0


def test_a_tokeniser_without_marks_needs_to_be_told(texts, capsys):
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = {word: number for number, word in enumerate(["<pad>", "</s>", "<unk>", "Snow", "fell."])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )
    config = transformers.BartConfig(vocab_size=5, **SIZE, **ids_of(fast, "</s>"), forced_bos_token_id=None)
    folder = save(transformers.BartForConditionalGeneration(config), fast, Path("words"))
    assert "marks no words" in (message := refused(capsys, folder)) and "--segmentation none" in message
    assert attend(folder, "--segmentation", "none").tokens(1)["source"] == ["Snow", "fell."]
