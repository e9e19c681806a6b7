"""A trained network in one file, with its preprocessing and its class names.

The file is a Keras file, which `keras.saving.load_model` opens as any other; the class names
stand in its metadata.json under "cnncourse". What is loaded is checked before TensorFlow is
imported: a file of another kind, a damaged one, one with code in it (a Lambda layer) or one
that would unpack to more than it may is refused with the reason.
"""

import dataclasses
import functools
import json
import os
import pathlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from . import photos
from ._classifier_file import (
    FORMAT,
    KEY,
    METADATA,
    ClassifierError,
    checked,
    excess,
    named,
    refused,
)
from ._files import given_path, written_whole

__all__ = ["Classifier", "ClassifierError", "Prediction", "load", "save"]

_SCALING = ("Rescaling", "Normalization", "BatchNormalization", "TrueDivide", "Divide", "Multiply")
_PREPROCESSING = (
    "A classifier begins with keras.Input((None, None, 3)), keras.layers.Resizing(...) and "
    "keras.layers.Rescaling(1 / 255), so that a photograph of any size goes in as it is"
)


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
            problem = excess(self.path)
            if problem:
                raise refused(self.path, problem)
            model = keras.saving.load_model(self.path, compile=False, safe_mode=True)
        except ClassifierError:
            raise
        except Exception as error:  # Keras raises what its layers raise
            raise refused(self.path, f"Keras cannot load it ({_first_line(error)})") from error
        problem = _misfit(model, self.class_names)
        if problem:
            raise refused(self.path, problem)
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
    path = given_path(path)
    if path.suffix != ".keras":
        raise ValueError(f"{path}: a classifier's file ends in .keras. Name it {path.stem}.keras.")
    names = named(class_names)
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
                if member.filename == METADATA:
                    metadata = json.loads(source.read(member))
                    metadata[KEY] = {"format": FORMAT, "class_names": list(names)}
                    archive.writestr(METADATA, json.dumps(metadata))
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
    path = given_path(path)
    classifier = Classifier(path, checked(path))
    if not lazily:
        classifier.model  # noqa: B018 - loads it
    return classifier


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
    if shapes[1] == (None, 1) and _last_activation(model) in ("softmax", "Softmax"):
        return (
            "its one unit ends in a softmax, which is 1 whatever the picture. Take one unit with "
            "activation='sigmoid', or two with 'softmax'"
        )
    return None


def _last_activation(model) -> str:
    """The name of the function that a model's output comes from, or of the layer."""
    layer = model
    while getattr(layer, "outputs", None):
        layer = layer.outputs[0]._keras_history.operation
    return getattr(getattr(layer, "activation", layer), "__name__", type(layer).__name__)


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
        # A network made of functions has its x / 255 among its operations, and not its layers.
        layers.extend(getattr(layer, "operations", None) or getattr(layer, "layers", ()))
    return False
