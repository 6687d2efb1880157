"""The main job with Transformers, on the embedded corpus: a small Marian model, fine-tuned with softmax and ev-softmax.

    pip install 'onmt_evsoftmax[transformers]' datasets accelerate
    python -m scripts.transformers.translate          # everything lies in runs/transformers/

The one line that is new is ``attn_implementation=function``. Stages whose output is there are skipped, and training
continues from its last checkpoint: started again after an interruption, the command continues.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

import sentencepiece
from datasets import Dataset, concatenate_datasets, load_dataset
from transformers import (
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    Seq2SeqTrainer,
    Seq2SeqTrainingArguments,
    set_seed,
)

from scripts.demo import count, once

CORPUS = Path("data/toy_ende")
FUNCTIONS = ("softmax", "evsoftmax")
SEED, PIECES, LAYERS, HEADS, WIDTH, FEED_FORWARD = 1, 2000, 2, 4, 128, 512


def learn_tokenizer(folder: Path) -> None:
    """One SentencePiece model for both languages, and the vocabulary that Marian wants beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = [line for side in ("en", "de") for line in (CORPUS / f"train.{side}").open(encoding="utf-8")]
    model = folder / "pieces.model"
    with model.open("wb") as stream:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(text), model_writer=stream, vocab_size=PIECES, character_coverage=1, minloglevel=2
        )
    learned = sentencepiece.SentencePieceProcessor(model_file=str(model))
    pieces = [learned.id_to_piece(number) for number in range(len(learned))]
    names = dict.fromkeys(["</s>", "<unk>", "<pad>", *(piece for piece in pieces if piece != "<s>")])
    words = folder / "vocabulary.json"
    words.write_text(json.dumps({piece: number for number, piece in enumerate(names)}), encoding="utf-8")
    tokenizer = MarianTokenizer(str(model), str(model), str(words), source_lang="en", target_lang="de")
    tokenizer.save_pretrained(folder)


def new_model(tokenizer: Any) -> MarianMTModel:
    """A Marian model with random weights."""
    sides: dict[str, Any] = {}
    for side in ("encoder", "decoder"):
        sides.update({f"{side}_layers": LAYERS, f"{side}_attention_heads": HEADS, f"{side}_ffn_dim": FEED_FORWARD})
    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id
    ids: dict[str, Any] = dict(pad_token_id=pad, decoder_start_token_id=pad, eos_token_id=end, forced_eos_token_id=None)
    sizes: dict[str, Any] = dict(
        d_model=WIDTH, max_position_embeddings=128, attention_dropout=0.1, scale_embedding=True
    )
    model = MarianMTModel(MarianConfig(vocab_size=len(tokenizer), **sizes, **sides, **ids))
    model.generation_config.update(num_beams=5, max_length=100, bad_words_ids=[[pad]])
    return model


def read_corpus(tokenizer: Any, cache: Path) -> Dataset:
    """``input_ids`` and ``labels`` of the training files."""
    files = {side: str(CORPUS / f"train.{side}") for side in ("en", "de")}
    sides = (load_dataset("text", data_files=file, split="train", cache_dir=str(cache)) for file in files.values())
    pairs = concatenate_datasets([lines.rename_column("text", side) for side, lines in zip(files, sides)], axis=1)

    def encode(batch: dict[str, list[str]]) -> Any:
        return tokenizer(batch["en"], text_target=batch["de"])

    return pairs.map(encode, batched=True, remove_columns=[*files])


def whole_checkpoint(folder: Path) -> Optional[str]:
    """The last checkpoint of the Trainer that it wrote to its end."""
    steps = [int(path.parent.name.split("-")[1]) for path in folder.glob("checkpoint-*/trainer_state.json")]
    return str(folder / f"checkpoint-{max(steps)}") if steps else None


def train(
    model: MarianMTModel, folder: Path, data: Dataset, options: Any, *, steps: int, rate: float, warmup: int
) -> Path:
    """Train to ``steps``, or go on from the last checkpoint; returns the folder of the model and its tokeniser."""
    tokenizer = AutoTokenizer.from_pretrained(options.out / "tokenizer")
    arguments = Seq2SeqTrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        learning_rate=rate,
        lr_scheduler_type="inverse_sqrt",
        warmup_steps=warmup,
        per_device_train_batch_size=64,
        label_smoothing_factor=0.1,
        save_steps=options.save_steps,
        save_total_limit=2,
        logging_steps=50,
        report_to=[],
        seed=SEED,
    )
    collator = DataCollatorForSeq2Seq(tokenizer, model=model)
    trainer = Seq2SeqTrainer(model, arguments, data_collator=collator, train_dataset=data, processing_class=tokenizer)

    def make(path: Path) -> None:
        trainer.train(resume_from_checkpoint=whole_checkpoint(folder))
        trainer.save_model(str(path))

    return once(folder / "model", make)


def run(*words: object) -> None:
    """A command of this package, printed as it is typed; CalledProcessError if it failed, and has said why."""
    print("$", shlex.join(["onmt_evsoftmax", *map(str, words)]), flush=True)
    subprocess.run([sys.executable, "-m", "onmt_evsoftmax", *map(str, words)], check=True)


def evaluate(folder: Path, model: Path, source: Path, reference: Path) -> None:
    """Translations, their attention and their scores, called as `onmt_evsoftmax report` looks for them."""
    hyp, archive = folder / "test.hyp", folder / "test.npz"
    once(archive, lambda path: run("attend", "--model", model, "--src", source, "--translate", hyp, "--out", path))
    texts = ("--hyp", hyp, "--ref", reference, "--lang", "de", "--attention", archive, "--names", folder.name)
    once(folder / "test.json", lambda path: run("score", *texts, "--seed", SEED, "--json", path))


def head(file: Path, out: Path, lines: Optional[int]) -> Path:
    """The first lines of a file, or all."""
    text = file.read_text(encoding="utf-8").splitlines(keepends=True)[:lines]
    return once(out / file.name, lambda path: path.write_text("".join(text), encoding="utf-8"))


def main(argv: Optional[Sequence[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/transformers"))
    for name, steps in (("pretrain", 600), ("fine_tune", 100), ("save_steps", 100)):
        parser.add_argument(f"--{name}", type=count, default=steps, help="(default: %(default)s)")
    parser.add_argument("--sentences", type=count, help="translate the first N of the test set (default: all)")
    options = parser.parse_args(argv)
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    source, reference = (head(CORPUS / f"test.{side}", out, options.sentences) for side in ("en", "de"))
    once(out / "tokenizer", learn_tokenizer)
    tokenizer = AutoTokenizer.from_pretrained(out / "tokenizer")
    data = read_corpus(tokenizer, out / "cache")
    set_seed(SEED)
    model = new_model(tokenizer)
    start = train(model, out / "pretrain", data, options, steps=options.pretrain, rate=2e-3, warmup=160)
    for function in FUNCTIONS:
        folder = out / f"{function}.{SEED}"
        model = MarianMTModel.from_pretrained(start, attn_implementation=function)
        tuned = train(model, folder, data, options, steps=options.fine_tune, rate=5e-4, warmup=20)
        evaluate(folder, tuned, source, reference)
    maps = [out / f"{function}.{SEED}" / "test.npz" for function in FUNCTIONS]
    once(out / "heatmap.svg", lambda path: run("heatmap", *maps, "--merge_subwords", "--sentence", 0, "--out", path))
    run("report", out)


if __name__ == "__main__":
    main()
