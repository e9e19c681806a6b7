"""A classroom folder, for machines without a network: filled from what is here, and verified."""

import os
import pathlib
import shutil

from .._files import folder_written_whole, given_path, written_whole
from .arrays import read_npz, write_npz
from .catalogue import (
    IMAGE_SETS,
    WEIGHTS,
    ImageSet,
    PhotoSet,
    WeightsFile,
    image_set,
    photo_names,
    photo_sets,
)
from .folders import described, folder_digest, photograph_files
from .kinds import DataError
from .pth import whole
from .sources import IMAGE_READERS, PHOTO_READERS, WEIGHT_READERS, Found, first, unwritable


def fill(folder: str | os.PathLike, wanted: list[str] | None = None) -> dict[str, str]:
    """Write `<name>.npz` into a classroom folder for each wanted set that can be had whole.

    Photographs go into a folder `<name>` and a network's weights into `<name>.pth`, from the
    CNNCOURSE_DATA folder among other sources. Returns what was done, by name. A whole file that
    is already there is kept; a damaged one is an error. Each file or folder appears complete or
    not at all.
    """
    folder = given_path(folder)
    return {name: _fill(folder, name) for name in wanted or [*IMAGE_SETS, *photo_names(), *WEIGHTS]}


def _fill(folder: pathlib.Path, name: str) -> str:
    if name in WEIGHTS:
        ending, readers, spec, write = ".pth", WEIGHT_READERS, WEIGHTS[name], _write_weights
    elif name in photo_names():
        ending, readers, spec, write = "", PHOTO_READERS, photo_sets(name), _write_photographs
    else:
        ending, readers, spec, write = ".npz", IMAGE_READERS, image_set(name), _write_images
    target = folder / f"{name}{ending}"
    if os.path.lexists(target):
        return _kept(target)
    found = first(readers, spec, folder=readers is not IMAGE_READERS)
    if found.source == "drawn":
        return "not found here: " + "; ".join(found.reasons)
    try:
        return write(target, spec, found)
    except OSError as error:
        raise unwritable(target, error, "name another folder") from error


def _kept(target: pathlib.Path) -> str:
    """Say what is there already; DataError where that is damaged or another."""
    try:
        verify(target)
    except DataError:
        sets = photo_sets(target.name)
        if not sets:
            raise
        keras = {"keras": PHOTO_READERS["keras"]}
        copy = first(keras, sets, download=False).content
        if copy is None or folder_digest(copy) != folder_digest(target):
            raise
        title = next(entry.title for entry in sets if entry.archive)
        return f"already there, the same as Keras's copy: {title}"
    return "already there, whole"


def _write_images(target: pathlib.Path, spec: ImageSet, found: Found) -> str:
    arrays, digest = found.content
    if digest != spec.digest:
        return f"not written: {found.where} has only a part of it"
    write_npz(target, arrays)
    return f"written, from {found.where}"


def _write_photographs(target: pathlib.Path, sets: tuple[PhotoSet, ...], found: Found) -> str:
    with folder_written_whole(target) as part:
        for file in [*found.content.glob("*.txt"), *photograph_files(found.content)]:
            copy = part / file.relative_to(found.content)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    title = described(sets, target, found.source, found.where).title
    return f"written, from {found.where}: {title}"


def _write_weights(target: pathlib.Path, spec: WeightsFile, found: Found) -> str:
    with written_whole(target) as stream:
        stream.write(found.content)
    return f"written, from {found.where}"


def classroom_files(path: str | os.PathLike) -> list[pathlib.Path]:
    """Return [path], or for a folder every classroom file in it: .npz, .pth, named photographs.

    Raises DataError for a folder that may not be read.
    """
    path = given_path(path)
    if photo_sets(path.name) or not os.path.isdir(path):
        return [path]
    try:
        found = sorted(os.listdir(path))
    except OSError as error:
        raise _unreadable(path, error) from error
    return [path / name for name in found if name.endswith((".npz", ".pth")) or photo_sets(name)]


def verify(path: str | os.PathLike) -> ImageSet | PhotoSet | WeightsFile:
    """Return the catalogue's entry of a file that is what its name says, or raise DataError.

    A folder of photographs is told by its digest; a set of which no digest is published never
    passes.
    """
    path = given_path(path)
    if path.suffix == "" and photo_sets(path.name):
        return _verify_photographs(path, photo_sets(path.name))
    known = {f"{name}.npz": spec for name, spec in IMAGE_SETS.items()}
    known |= {f"{name}.pth": spec for name, spec in WEIGHTS.items()}
    spec = known.get(path.name)
    if spec is None:
        expected = ", ".join([*known, *photo_names()])
        raise DataError(
            f"{path}: expected a file named {expected}. Rename it, or name another file."
        )
    try:
        if isinstance(spec, WeightsFile):
            mend = "Delete it, and fill its folder with: python -m cnncourse data fill FOLDER"
            whole(path, spec, mend)
        else:
            read_npz(path, spec)
    except OSError as error:
        raise _unreadable(path, error) from error
    return spec


def _verify_photographs(path: pathlib.Path, sets: tuple[PhotoSet, ...]) -> PhotoSet:
    try:
        os.scandir(path).close()
    except OSError as error:
        raise _unreadable(path, error) from error
    known = [entry for entry in sets if entry.digest]
    expected = " or ".join(f"{entry.title}, digest {entry.digest}" for entry in known)
    files = photograph_files(path)
    digest = folder_digest(path)
    for entry in known:
        if entry.digest == digest:
            return entry
    raise DataError(
        f"{path}: expected {expected}; found {len(files):,} photographs in train/<class>/ and "
        f"validation/<class>/, digest {digest}. They can be used; numbers measured on them are "
        "not kept."
    )


def _unreadable(path: pathlib.Path, error: OSError) -> DataError:
    return DataError(
        f"{path}: cannot be read ({error.strerror}). Correct the name, or let its owner give the "
        "permission to read it."
    )
