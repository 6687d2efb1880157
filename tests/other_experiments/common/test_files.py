"""Files are written whole or not at all."""

import pytest

from other_experiments.common.files import atomic_write


@pytest.mark.parametrize(("mode", "content"), [("w", "Größe\n"), ("wb", b"\0\1")])
def test_the_file_appears_when_all_is_written(tmp_path, mode, content):
    path = tmp_path / "new" / "file"
    with atomic_write(path, mode) as stream:
        stream.write(content)
        assert not path.exists()
    assert path.read_bytes() == (content.encode() if mode == "w" else content)


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(path) as stream:
        stream.write("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
