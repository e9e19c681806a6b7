"""The file of a classifier, looked at before Keras is asked: whose it is, and how large.

It may come from a stranger. Nothing in it is run, and of what it takes up nothing is allocated
beyond what stands below.
"""

import errno
import io
import json
import pathlib
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence

from . import _keras_config, photos

FORMAT = 1
KEY = "cnncourse"
_CONFIG, METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
# What each member may unpack to, in bytes.
_LIMITS = {_CONFIG: 2**24, METADATA: 2**20, _WEIGHTS: 2**28}
_SPARE = 2**24  # bytes that the weights' file may have beyond the weights
_SIDE = 4_096  # pixels that a layer may make an image high or wide
_LARGE = 1, 256, 384, 3  # the shape of a photograph as large as they are, of the common 3 to 2
_ALL = 2**29  # bytes of all that a model computes for it


class ClassifierError(Exception):
    """A model or its file is not what a classifier must be; the message says what to do."""


def refused(path: pathlib.Path, reason: str) -> ClassifierError:
    return ClassifierError(
        f"{photos.shown(path)}: no model of this course: {reason}. Expected a file that "
        "classifier.save wrote, as lesson 07 does."
    )


def checked(path: pathlib.Path) -> tuple[str, ...]:
    """Return the class names of a file that is safe to hand to Keras."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        reason = "there is no such file" if error.errno == errno.ENOENT else error.strerror
        raise refused(path, reason) from error
    if not stat.S_ISREG(mode):
        raise refused(path, "it is a folder" if stat.S_ISDIR(mode) else "it is no regular file")
    if path.suffix != ".keras":
        raise refused(path, "its name does not end in .keras")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive.infolist())
            config = _object(path, archive, _CONFIG)
            metadata = _object(path, archive, METADATA)
            _check_weights(path, io.BytesIO(archive.read(_WEIGHTS)))
    except PermissionError as error:
        raise refused(path, "it may not be read (permission denied)") from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
        UnicodeDecodeError,  # a member's name
    ) as error:
        reason = "empty" if path.stat().st_size == 0 else "not a zip archive, or a truncated one"
        raise refused(path, f"{reason} ({photos.shown(str(error))})") from error
    if "class_name" not in config:
        raise refused(path, f"its {_CONFIG} describes no Keras model")
    for module, name, settings in _classes(config):
        if told := _keras_config.objection(name):
            raise refused(path, f"it {told}")
        if module is not None and module != "builtins" and module.split(".")[0] != "keras":
            raise refused(path, f"{photos.shown(name)} of {photos.shown(module)} is not Keras's")
        for side in ("height", "width"):
            if isinstance(settings.get(side), int) and settings[side] > _SIDE:
                raise refused(
                    path,
                    f"a {photos.shown(name)} makes images of a {side} of "
                    f"{settings[side]:,} pixels, beyond the limit of {_SIDE:,}",
                )
    return _stored_names(path, metadata)


def _check_members(path: pathlib.Path, members: list[zipfile.ZipInfo]) -> None:
    found = [member.filename for member in members]
    missing = [name for name in _LIMITS if name not in found]
    if missing:
        raise refused(path, f"it is no Keras file, since {' and '.join(missing)} is missing")
    others = [name for name in found if name not in _LIMITS]
    if others or len(found) > len(_LIMITS):
        extra = others[0] if others else "a member twice"
        raise refused(path, f"it holds {photos.shown(extra)}, which no classifier has")
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refused(path, f"{member.filename} is packed as no classifier is")
        if member.file_size > _LIMITS[member.filename]:
            raise refused(
                path,
                f"{member.filename} unpacks to {member.file_size / 2**20:,.0f} MiB, beyond the "
                f"limit of {_LIMITS[member.filename] / 2**20:,.0f} MiB",
            )


def _object(path: pathlib.Path, archive: zipfile.ZipFile, name: str) -> dict:
    try:
        found = json.loads(archive.read(name))
    except (ValueError, RecursionError) as error:
        raise refused(path, f"its {name} is not JSON") from error
    if not isinstance(found, dict):
        raise refused(path, f"its {name} is not a JSON object")
    return found


def _check_weights(path: pathlib.Path, stream: io.BytesIO) -> None:
    """Refuse weights that would unpack to more than they are, or come from another file."""
    import h5py

    size = len(stream.getvalue())
    total = 0
    seen = set()

    def look(group) -> None:
        nonlocal total
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise refused(path, "its weights lead to another file")
            item = group[name]
            if item in seen:  # a few groups that hold each other twice take years to walk
                raise refused(path, "its weights hold one thing in two places")
            seen.add(item)
            if isinstance(item, h5py.Group):
                look(item)
            elif item.external or item.is_virtual:
                raise refused(path, "its weights lead to another file")
            else:
                total += item.nbytes

    try:
        with h5py.File(stream, "r") as file:
            look(file)
    except ClassifierError:
        raise
    except Exception as error:  # h5py raises whatever the damage leads to
        raise refused(path, f"its weights cannot be read ({type(error).__name__})") from error
    if total > size:
        raise refused(path, f"its weights unpack to {total / 2**20:,.0f} MiB, more than is there")
    if size - total > _SPARE:
        raise refused(
            path,
            f"{_WEIGHTS} has {size / 2**20:,.0f} MiB for weights of {total / 2**20:,.0f} MiB",
        )


def excess(path: pathlib.Path) -> str | None:
    """Say what is too large of what a file's configuration would make, or None."""
    with zipfile.ZipFile(path) as archive:
        config = _keras_config.read(archive.read(_CONFIG))
        stored = archive.getinfo(_WEIGHTS).file_size
    weights, total = _keras_config.demand(config, lambda model: _LARGE)
    if weights > stored:
        return f"its layers want {weights / 2**20:,.0f} MiB of weights, more than is there"
    if total > _ALL:
        return (
            f"for a photograph of {_LARGE[1]} x {_LARGE[2]} pixels it computes "
            f"{total / 2**20:,.0f} MiB, beyond the limit of {_ALL / 2**20:,.0f} MiB"
        )
    return None


def _classes(config) -> Iterator[tuple[str | None, str, dict]]:
    """Yield (module, class name, settings) of everything that a Keras configuration would make."""
    waiting = [config]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if isinstance(item.get("class_name"), str):
                module, settings = item.get("module"), item.get("config")
                yield (
                    module if isinstance(module, str) else None,
                    item["class_name"],
                    settings if isinstance(settings, dict) else {},
                )
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _stored_names(path: pathlib.Path, metadata: dict) -> tuple[str, ...]:
    about = metadata.get(KEY)
    if about is None:
        raise refused(path, "it is a Keras file without class names")
    if not isinstance(about, dict) or not isinstance(about.get("format"), int):
        raise refused(path, "what it says of its classes makes no sense")
    if about["format"] != FORMAT:
        raise refused(
            path,
            f"its format is {about['format']}, and this version of the course reads {FORMAT}; "
            "update the course, or save the model again",
        )
    names = named(about.get("class_names"))
    if isinstance(names, str):
        raise refused(path, f"class names: {names}")
    return names


def named(class_names) -> tuple[str, ...] | str:
    """Return the names as a tuple, or what is wrong with them."""
    if isinstance(class_names, str) or not isinstance(class_names, Sequence):
        return "expected a list of names"
    if len(class_names) < 2:
        return f"expected two or more; found {len(class_names)}"
    if not all(isinstance(name, str) and name and name.isprintable() for name in class_names):
        return "expected text on one line each"
    if len(set(class_names)) < len(class_names):
        return "a name stands there twice"
    return tuple(class_names)
