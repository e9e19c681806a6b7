"""A trained network in one file, with its preprocessing and its class names.

The file is a Keras file, which `keras.saving.load_model` opens as any other; the class names
stand in its metadata.json under "cnncourse". What is loaded is checked before TensorFlow is
imported: a file of another kind, a damaged one, one with code in it (a Lambda layer) or one
that would unpack to more than it may is refused with the reason.
"""

import contextlib
import dataclasses
import functools
import io
import json
import os
import pathlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from . import photos
from ._files import written_whole

__all__ = ["Classifier", "ClassifierError", "Prediction", "load", "save"]

FORMAT = 1
_KEY = "cnncourse"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
# What each member may unpack to, in bytes.
_LIMITS = {_CONFIG: 2**24, _METADATA: 2**20, _WEIGHTS: 2**30}
_SCALING = ("Rescaling", "Normalization", "BatchNormalization", "TrueDivide", "Divide", "Multiply")
_CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__")
_PREPROCESSING = (
    "A classifier begins with keras.Input((None, None, 3)), keras.layers.Resizing(...) and "
    "keras.layers.Rescaling(1 / 255), so that a photograph of any size goes in as it is"
)


class ClassifierError(Exception):
    """A model or its file is not what a classifier must be; the message says what to do."""


@dataclasses.dataclass(frozen=True)
class Prediction:
    """What the network says of one photograph.

    probabilities: {class: probability}, adding up to 1. label: the likeliest class, and
    probability: its own. error: None, or why there is no prediction; the other three are
    then None.
    """

    path: str
    label: str | None = None
    probability: float | None = None
    probabilities: dict[str, float] | None = None
    error: str | None = None


class Classifier:
    """What `load` returns: `class_names`, `predict`, and the Keras `model` itself."""

    def __init__(self, path: pathlib.Path, class_names: tuple[str, ...]):
        self.path = path
        self.class_names = class_names

    @functools.cached_property
    def model(self):
        """The Keras model: float32 pixels (N, height, width, 3), 0 to 255, in."""
        import keras

        try:
            model = keras.saving.load_model(self.path, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises what its layers raise
            raise _refused(self.path, f"Keras cannot load it ({_first_line(error)})") from error
        problem = _misfit(model, self.class_names)
        if problem:
            raise _refused(self.path, problem)
        return model

    def predict(self, paths: Iterable[str | os.PathLike]) -> list[Prediction]:
        """Return one Prediction a path, in order; a file that is no photograph gets its error.

        Each photograph is read as `photos.prepare` would write it: EXIF applied, RGB, the
        shorter side at most 256 pixels.
        """
        if isinstance(paths, str | os.PathLike):
            raise TypeError("predict(paths): expected a list of paths; put one in brackets.")
        return list(self.each(paths))

    def each(self, paths: Iterable[str | os.PathLike]) -> Iterator[Prediction]:
        """Yield what `predict` returns, one by one."""
        for path in paths:
            name = os.fspath(path)
            try:
                image = photos.read(path, small=True)
            except photos.PhotoError as error:
                yield Prediction(name, error=str(error))
                continue
            model = self.model
            try:
                shares = _shares(model, image, len(self.class_names))
            except Exception as error:  # Keras raises what its layers raise
                yield Prediction(name, error=f"the network cannot take it ({_first_line(error)})")
                continue
            if not np.isfinite(shares).all():
                yield Prediction(name, error="the network's output is not a number")
                continue
            best = int(np.argmax(shares))
            yield Prediction(
                name,
                self.class_names[best],
                float(shares[best]),
                dict(zip(self.class_names, map(float, shares), strict=True)),
            )


def save(model, path: str | os.PathLike, class_names: Sequence[str]) -> pathlib.Path:
    """Write a model and its class names into one .keras file, and return its path.

    model: takes pixels (N, height, width, 3) of any size, 0 to 255, and gives (N, classes)
    from a softmax, or for two classes (N, 1) from a sigmoid: the probability of the second.
    class_names: in the order of the labels (`tidy.class_names`).

    Before the file appears it is loaded again and must give the same numbers. Raises
    ClassifierError where the model does not fit or could not be loaded in another process,
    ValueError for wrong class names or a path that does not end in .keras.
    """
    path = pathlib.Path(path)
    if path.suffix != ".keras":
        raise ValueError(f"{path}: a classifier's file ends in .keras. Name it {path.stem}.keras.")
    names = _names(class_names)
    if isinstance(names, str):
        raise ValueError(f"class_names={class_names!r}: {names}.")
    problem = _misfit(model, names)
    if problem is None and not _scales(model):
        problem = (
            "nothing in it scales the pixels 0 to 255. Put keras.layers.Rescaling(1 / 255) after "
            "the input, or Rescaling(1.0) where it was trained on 0 to 255"
        )
    if problem:
        raise ClassifierError(f"save: {problem}.")
    with tempfile.TemporaryDirectory(prefix="cnncourse-") as folder:
        plain, full = (pathlib.Path(folder) / name for name in ("plain.keras", "full.keras"))
        model.save(plain)
        with zipfile.ZipFile(plain) as source, zipfile.ZipFile(full, "w") as archive:
            for member in source.infolist():
                if member.filename == _METADATA:
                    metadata = json.loads(source.read(member))
                    metadata[_KEY] = {"format": FORMAT, "class_names": list(names)}
                    archive.writestr(_METADATA, json.dumps(metadata))
                else:
                    with source.open(member) as old, archive.open(member.filename, "w") as new:
                        shutil.copyfileobj(old, new)
        again = load(full)
        trial = _trial()
        if not np.allclose(
            _shares(model, trial, len(names)), _shares(again.model, trial, len(names)), atol=1e-5
        ):
            raise ClassifierError(
                "save: loaded again, the model gives other numbers. Is a layer random when it "
                "predicts?"
            )
        with written_whole(path) as stream, open(full, "rb") as done:
            shutil.copyfileobj(done, stream)
    return path


def load(path: str | os.PathLike, *, lazily: bool = False) -> Classifier:
    """Load a file that `save` wrote, in Keras's safe mode.

    lazily: check the file now, and import TensorFlow at the first photograph.
    Raises ClassifierError with the reason for any other file.
    """
    path = pathlib.Path(path)
    classifier = Classifier(path, _checked(path))
    if not lazily:
        classifier.model  # noqa: B018 - loads it
    return classifier


def _refused(path: pathlib.Path, reason: str) -> ClassifierError:
    return ClassifierError(
        f"{photos.shown(path)}: no model of this course: {reason}. Expected a file that "
        "classifier.save wrote, as lesson 07 does."
    )


def _checked(path: pathlib.Path) -> tuple[str, ...]:
    """Return the class names of a file that is safe to hand to Keras."""
    if not path.exists():
        raise _refused(path, "there is no such file")
    if not path.is_file():
        raise _refused(path, "it is a folder" if path.is_dir() else "it is no regular file")
    if path.suffix != ".keras":
        raise _refused(path, "its name does not end in .keras")
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive.infolist())
            config = _object(path, archive, _CONFIG)
            metadata = _object(path, archive, _METADATA)
            _check_weights(path, io.BytesIO(archive.read(_WEIGHTS)))
    except PermissionError as error:
        raise _refused(path, "it may not be read (permission denied)") from error
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
        raise _refused(path, f"{reason} ({photos.shown(str(error))})") from error
    if "class_name" not in config:
        raise _refused(path, f"its {_CONFIG} describes no Keras model")
    for module, name in _classes(config):
        if name in _CODE:
            raise _refused(path, f"it holds code to run (a {name})")
        if module is not None and module != "builtins" and module.split(".")[0] != "keras":
            raise _refused(path, f"{photos.shown(name)} of {photos.shown(module)} is not Keras's")
    return _stored_names(path, metadata)


def _check_members(path: pathlib.Path, members: list[zipfile.ZipInfo]) -> None:
    found = [member.filename for member in members]
    missing = [name for name in _LIMITS if name not in found]
    if missing:
        raise _refused(path, f"it is no Keras file, since {' and '.join(missing)} is missing")
    others = [name for name in found if name not in _LIMITS]
    if others or len(found) > len(_LIMITS):
        extra = others[0] if others else "a member twice"
        raise _refused(path, f"it holds {photos.shown(extra)}, which no classifier has")
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refused(path, f"{member.filename} is packed as no classifier is")
        if member.file_size > _LIMITS[member.filename]:
            raise _refused(
                path,
                f"{member.filename} unpacks to {member.file_size / 2**20:,.0f} MiB, beyond the "
                f"limit of {_LIMITS[member.filename] / 2**20:,.0f} MiB",
            )


def _object(path: pathlib.Path, archive: zipfile.ZipFile, name: str) -> dict:
    try:
        found = json.loads(archive.read(name))
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"its {name} is not JSON") from error
    if not isinstance(found, dict):
        raise _refused(path, f"its {name} is not a JSON object")
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
                raise _refused(path, "its weights lead to another file")
            item = group[name]
            if item in seen:  # a few groups that hold each other twice take years to walk
                raise _refused(path, "its weights hold one thing in two places")
            seen.add(item)
            if isinstance(item, h5py.Group):
                look(item)
            elif item.external or item.is_virtual:
                raise _refused(path, "its weights lead to another file")
            else:
                total += item.nbytes

    try:
        with h5py.File(stream, "r") as file:
            look(file)
    except ClassifierError:
        raise
    except Exception as error:  # h5py raises whatever the damage leads to
        raise _refused(path, f"its weights cannot be read ({type(error).__name__})") from error
    if total > size:
        raise _refused(path, f"its weights unpack to {total / 2**20:,.0f} MiB, more than is there")


def _classes(config) -> Iterator[tuple[str | None, str]]:
    """Yield (module, class name) of everything that a Keras configuration would make."""
    waiting = [config]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if isinstance(item.get("class_name"), str):
                module = item.get("module")
                yield module if isinstance(module, str) else None, item["class_name"]
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _stored_names(path: pathlib.Path, metadata: dict) -> tuple[str, ...]:
    about = metadata.get(_KEY)
    if about is None:
        raise _refused(path, "it is a Keras file without class names")
    if not isinstance(about, dict) or not isinstance(about.get("format"), int):
        raise _refused(path, "what it says of its classes makes no sense")
    if about["format"] != FORMAT:
        raise _refused(
            path,
            f"its format is {about['format']}, and this version of the course reads {FORMAT}; "
            "update the course, or save the model again",
        )
    names = _names(about.get("class_names"))
    if isinstance(names, str):
        raise _refused(path, f"class names: {names}")
    return names


def _names(class_names) -> tuple[str, ...] | str:
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


def _misfit(model, class_names: tuple[str, ...]) -> str | None:
    """Say what keeps a Keras model from being a classifier of these classes, or None."""
    try:
        shapes = model.input_shape, model.output_shape
    except Exception:  # AttributeError or ValueError, by the kind of model
        return f"it is not a built Keras model with one input and one output. {_PREPROCESSING}"
    if shapes[0] != (None, None, None, 3):
        return f"its input is {shapes[0]}, expected (None, None, None, 3). {_PREPROCESSING}"
    units = {2: (1, 2)}.get(len(class_names), (len(class_names),))
    if shapes[1] not in [(None, n) for n in units]:
        return (
            f"its output is {shapes[1]}; for the {len(class_names)} classes "
            f"{', '.join(class_names)} expected {' or '.join(str((None, n)) for n in units)}"
        )
    try:
        shares = _shares(model, _trial(), len(class_names))
    except Exception as error:
        return f"it cannot take a picture of 71 x 53 ({_first_line(error)}). {_PREPROCESSING}"
    if not np.isfinite(shares).all():
        return "its output is not a number. Did its loss become nan in training?"
    if shares.min() < -1e-4 or abs(shares.sum() - 1) > 1e-2:
        return (
            f"its output for a trial picture is {np.round(shares, 3).tolist()}, no probabilities. "
            "Let its last layer end in activation='softmax', or 'sigmoid' for one unit"
        )
    return None


def _trial() -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (53, 71, 3), dtype=np.uint8)


def _shares(model, image: np.ndarray, classes: int) -> np.ndarray:
    """Return the probability of each class, (classes,), for one uint8 photograph (H, W, 3)."""
    output = np.asarray(model(image[None].astype(np.float32), training=False), np.float64)[0]
    return np.array([1 - output[0], output[0]]) if classes == 2 and len(output) == 1 else output


def _first_line(error: Exception) -> str:
    return photos.shown((str(error).strip() or type(error).__name__).splitlines()[0][:200])


def _scales(model) -> bool:
    layers = [model]
    while layers:
        layer = layers.pop()
        if type(layer).__name__ in _SCALING:
            return True
        with contextlib.suppress(AttributeError):
            layers.extend(layer.layers)
    return False
