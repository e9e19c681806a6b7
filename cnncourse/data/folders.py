"""Sets of photographs in folders {train,validation}/<class>/: listed, told apart, unpacked."""

import hashlib
import os
import pathlib
import zipfile

from .._files import folder_written_whole
from .catalogue import PhotoSet
from .kinds import DataError, Photographs

_MEMBER_BYTES = 2_000_000
_SPLITS = ("train", "validation")


def photograph_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Return the files {train,validation}/<class>/<file>, hidden ones left out, in order."""
    found = (path for split in _SPLITS for path in folder.glob(f"{split}/*/*"))
    files = (path for path in found if not path.name.startswith(".") and os.path.isfile(path))
    return sorted(files, key=lambda path: path.relative_to(folder).parts)


def folder_digest(folder: pathlib.Path) -> str:
    """Return "sha256:..." over names and bytes of {train,validation}/<class>/<file>, in order.

    Of a file that may not be read the reason stands in for its bytes.
    """
    digest = hashlib.sha256()
    for path in photograph_files(folder):
        try:
            with open(path, "rb") as stream:
                content = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            content = str(error.strerror)
        line = f"{path.relative_to(folder).as_posix()}\n{content}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return f"sha256:{digest.hexdigest()}"


def described(
    sets: tuple[PhotoSet, ...], path: pathlib.Path, source: str, where: str
) -> Photographs:
    """Return what a folder holds: which of `sets`, its digest says."""
    counts: dict[str, dict[str, int]] = {split: {} for split in _SPLITS}
    for file in photograph_files(path):
        split, label, _ = file.relative_to(path).parts
        counts[split][label] = counts[split].get(label, 0) + 1
    digest = folder_digest(path)
    known = next((entry for entry in sets if entry.digest == digest), None)
    if known is not None:
        title, licence = known.title, known.licence
    elif source == "drawn":
        title, licence = sets[0].title, "drawn by the course"
    elif source == "keras":
        archived = next(entry for entry in sets if entry.archive)
        title, licence = archived.title, archived.licence
    else:
        title = f"Photographs called {sets[0].name}, of unknown origin"
        licence = "unknown; ask whoever filled the folder"
    return Photographs(
        name=sets[0].name,
        title=title,
        path=path,
        class_names=tuple(sorted(counts["train"] | counts["validation"])),
        counts=counts,
        source=source,
        where=where,
        digest=digest,
        licence=licence,
        whole=known is not None,
    )


def unpack(file: pathlib.Path, entry: PhotoSet, folder: pathlib.Path) -> None:
    """Unpack the photographs alone, each checked by the archive's own CRC, into `folder`.

    What is checked beside is the archive's size, and that it holds as many photographs as it
    should under the names that it should.
    """
    mend = "Delete it, and it is downloaded again."
    size = file.stat().st_size
    if size != entry.archive.bytes:
        raise DataError(f"{file}: expected {entry.archive.bytes:,} bytes; found {size:,}. {mend}")
    try:
        with zipfile.ZipFile(file) as archive, folder_written_whole(folder) as part:
            for member in archive.infolist():
                named = entry.archive.member.fullmatch(member.filename)
                if named is None:
                    continue
                if member.file_size > _MEMBER_BYTES:
                    raise DataError(f"{file}: {member.filename} is no photograph. {mend}")
                target = part / named[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(member))
            for split in _SPLITS:
                wanted, found = getattr(entry, split), len(list(part.glob(f"{split}/*/*")))
                if found != wanted:
                    raise DataError(
                        f"{file}: expected {wanted:,} photographs in {split}; found {found:,}. "
                        f"{mend}"
                    )
    except (DataError, OSError):
        raise
    except Exception as error:  # zipfile raises whatever the damage leads to
        raise DataError(
            f"{file}: expected a zip archive; it cannot be read ({error}). {mend}"
        ) from error
