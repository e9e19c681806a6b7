"""Paths as people give them, and files that nobody ever sees half of."""

import contextlib
import os
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from typing import IO

_DAY = 86_400  # seconds


def given_path(path: str | os.PathLike) -> pathlib.Path:
    """Return a path that a person gave as it is meant: `~` is the home, and it is absolute.

    Links are not followed. Raises FileNotFoundError where `~` names no home that is known.
    """
    expanded = os.path.expanduser(path)
    if os.fspath(path).startswith("~") and expanded == os.fspath(path):
        raise FileNotFoundError(
            f"{os.fspath(path)}: no home folder is known for ~ here. Write the whole path."
        )
    return pathlib.Path(os.path.abspath(expanded))


@contextlib.contextmanager
def written_whole(target: pathlib.Path) -> Iterator[IO[bytes]]:
    """Open a binary file that becomes `target` when the block ends without an error.

    On any error, a full disk or an interrupt among them, the part is removed and
    whatever was at `target` before stays as it was.
    """
    target = pathlib.Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(
        prefix=f".{target.name}.", suffix=".part", dir=target.parent
    )
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(part, 0o666 & ~_umask())
        os.replace(part, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(part)
        raise


@contextlib.contextmanager
def folder_written_whole(target: pathlib.Path) -> Iterator[pathlib.Path]:
    """Give an empty folder that becomes `target` when the block ends without an error.

    On any error it is removed, and whatever was at `target` before stays as it was. What a
    process that was killed has left beside `target` is removed after a day.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _DAY:
                shutil.rmtree(left)
    part, old = (
        pathlib.Path(tempfile.mkdtemp(f".{what}", f".{target.name}.", target.parent))
        for what in ("part", "old.part")
    )
    try:
        yield part
        part.chmod(0o777 & ~_umask())
        aside = old / "before"  # Windows renames no folder to one that is there, even empty
        if target.exists():
            os.replace(target, aside)
        try:
            os.replace(part, target)
        except OSError:
            if aside.exists():
                os.replace(aside, target)
            raise
    finally:
        for left in (part, old):
            shutil.rmtree(left, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
