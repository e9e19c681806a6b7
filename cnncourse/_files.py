"""Files are written beside their target and renamed: nobody ever sees half of one."""

import contextlib
import os
import pathlib
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO


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

    On any error it is removed, and whatever was at `target` before stays. One writer at a
    time: whoever calls holds a lock; what a killed one left beside `target` is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part, old = (target.with_name(f".{target.name}.{kind}") for kind in ("part", "old"))
    for left in (part, old):
        if left.exists():
            shutil.rmtree(left)
    part.mkdir()
    try:
        yield part
        if target.exists():
            os.replace(target, old)
        os.replace(part, target)
    finally:
        for left in (part, old):
            shutil.rmtree(left, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
