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
    """Run ``score`` in this process: (exit status, standard output, standard error)."""

    def run(*arguments):
        status = cli.main(["score", *map(str, arguments)])
        return (status, *capsys.readouterr())

    return run
