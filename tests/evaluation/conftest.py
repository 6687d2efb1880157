"""The small test set as files, and the command that scores them."""

from __future__ import annotations

import pytest

from onmt_evsoftmax import cli

from .testset import HYPOTHESES, REFERENCES, write_lines


@pytest.fixture()
def files(tmp_path):
    """(hypothesis file, reference file)."""
    return write_lines(tmp_path / "hyp.de", HYPOTHESES), write_lines(tmp_path / "ref.de", REFERENCES)


@pytest.fixture()
def score(capsys):
    """Run ``score`` in this process, on German: (exit status, standard output, standard error)."""

    def run(*arguments, lang="de"):
        language = ["--lang", lang] if lang else []
        status = cli.main(["score", *map(str, arguments), *language])
        return (status, *capsys.readouterr())

    return run
