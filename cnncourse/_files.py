"""Paths as people give them, the cache folder, and files that nobody ever sees half of."""

import contextlib
import glob
import os
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from typing import IO

import platformdirs

try:
    import fcntl
except ImportError:  # on Windows a file that is in use cannot be removed
    fcntl = None

_FRESH = 2  # seconds, in which a part may not be marked yet
_DAY = 86_400
_borrowed: list[tempfile.TemporaryDirectory] = []


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


def user_cache() -> pathlib.Path:
    """Return where the user's cache folder is or would be; FileNotFoundError without a home."""
    try:
        return given_path(platformdirs.user_cache_path("cnncourse"))
    except RuntimeError as error:
        raise FileNotFoundError(str(error)) from error


def user_data() -> pathlib.Path:
    """Return where the user's data folder is or would be; FileNotFoundError without a home."""
    try:
        return given_path(platformdirs.user_data_path("cnncourse"))
    except RuntimeError as error:
        raise FileNotFoundError(str(error)) from error


def try_to_write(folder: pathlib.Path) -> None:
    """Make a folder, and a file in it that is gone at once; OSError where that fails."""
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()


def cache_folder() -> pathlib.Path:
    """Return the course's folder for what can be made again; it may not be there yet.

    Where the user's cannot be written and XDG_CACHE_HOME names no other, it is a temporary one
    that ends with this process.
    """
    if os.environ.get("XDG_CACHE_HOME"):
        return user_cache()
    with contextlib.suppress(OSError):
        try_to_write(user_cache())
        return user_cache()
    if not _borrowed:
        _borrowed.append(tempfile.TemporaryDirectory(prefix="cnncourse-"))
    return pathlib.Path(_borrowed[0].name)


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[None]:
    """Let one process at a time make what shall be at `path`."""
    import filelock

    path.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(path.with_name(f".{path.name}.lock")):
        yield


@contextlib.contextmanager
def written_whole(target: pathlib.Path) -> Iterator[IO[bytes]]:
    """Open a binary file that becomes `target` when the block ends without an error.

    On any error, a full disk or an interrupt among them, the part is removed and
    whatever was at `target` before stays as it was. What a process that was killed has left
    beside `target` is removed.
    """
    target = pathlib.Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    descriptor, part = tempfile.mkstemp(
        prefix=f".{target.name}.", suffix=".part", dir=target.parent
    )
    with _in_use(part):
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
    process that was killed has left beside `target` is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target)
    part, old = (
        pathlib.Path(tempfile.mkdtemp(f".{what}", f".{target.name}.", target.parent))
        for what in ("part", "old.part")
    )
    with _in_use(part), _in_use(old):
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


@contextlib.contextmanager
def _in_use(part: str | os.PathLike) -> Iterator[None]:
    """Mark a part, file or folder, as in use until the block or this process ends."""
    mark = None
    with contextlib.suppress(OSError):
        mark = _marked(part)
    try:
        yield
    finally:
        if mark is not None:
            os.close(mark)


def _marked(part: str | os.PathLike) -> int | None:
    """Return the open file that marks a part; BlockingIOError where another one does."""
    if fcntl is None:
        return None
    mark = os.open(part, os.O_RDONLY)
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(mark)
        raise
    return mark


def _sweep(target: pathlib.Path) -> None:
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime < (_DAY if fcntl is None else _FRESH):
                continue
            mark = _marked(left)
            try:
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            finally:
                if mark is not None:
                    os.close(mark)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
