"""Under the name of an upload there is a whole file or none, whatever ends the one who writes it."""

import errno
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from edge.whole_files import WholeFiles


@pytest.fixture
def storage(tmp_path: Path) -> WholeFiles:
    return WholeFiles(location=tmp_path)


class Half(ContentFile):
    """Half of it is written, then something happens."""

    def __init__(self, content: bytes, happens: BaseException) -> None:
        super().__init__(content)
        self.happens = happens

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield self.read(3)
        raise self.happens


def names(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_uploads_are_kept_in_whole_files() -> None:
    assert isinstance(default_storage._wrapped, WholeFiles)  # type: ignore[attr-defined]


def test_what_is_kept_is_there_as_it_came(storage: WholeFiles, tmp_path: Path) -> None:
    assert storage.save("pictures/a.jpg", ContentFile(b"abcdef")) == "pictures/a.jpg"
    assert (tmp_path / "pictures/a.jpg").read_bytes() == b"abcdef"
    assert names(tmp_path) == ["pictures/a.jpg"]


@pytest.mark.parametrize("happens", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_of_what_could_not_be_kept_nothing_is_left(storage: WholeFiles, tmp_path: Path, happens: BaseException) -> None:
    with pytest.raises(type(happens)):
        storage.save("pictures/a.jpg", Half(b"abcdef", happens))
    assert names(tmp_path) == []


class Deadly(ContentFile):
    """Half of it is written, then the process is killed."""

    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield self.read(3)
        os.kill(os.getpid(), signal.SIGKILL)


def test_whoever_is_killed_while_writing_leaves_nothing_under_the_name(storage: WholeFiles, tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        storage.save("pictures/a.jpg", Deadly(b"abcdef"))
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert not (tmp_path / "pictures/a.jpg").exists()


def test_nothing_is_written_over(storage: WholeFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.save("a.jpg", ContentFile(b"first"))
    # Two who asked at the same moment were both told that the name is free.
    told = iter(["a.jpg", "b.jpg"])
    monkeypatch.setattr(storage, "get_available_name", lambda name, max_length=None: next(told))
    assert storage.save("a.jpg", ContentFile(b"second")) == "b.jpg"
    assert (tmp_path / "a.jpg").read_bytes() == b"first"
    assert (tmp_path / "b.jpg").read_bytes() == b"second"


def test_where_a_file_has_one_name_only_it_is_moved(
    storage: WholeFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*args: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    storage.save("a.jpg", ContentFile(b"abcdef"))
    assert names(tmp_path) == ["a.jpg"]
    assert (tmp_path / "a.jpg").read_bytes() == b"abcdef"
