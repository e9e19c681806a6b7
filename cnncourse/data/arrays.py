"""Image sets as arrays: .npz and IDX files, read with care, and their digest."""

import gzip
import hashlib
import io
import os
import pathlib
import stat
import zipfile
import zlib

import numpy as np

from .._files import written_whole
from .catalogue import IMAGE_SETS, ImageSet
from .kinds import DataError

_HEADER_BYTES = 10_000  # of an array in an .npz; the course's own have 128


def array_digest(arrays: dict[str, np.ndarray]) -> str:
    """Return "sha256:..." over the keys, shapes and bytes of uint8 arrays, in key order."""
    digest = hashlib.sha256()
    for key in sorted(arrays):
        array = np.ascontiguousarray(arrays[key], dtype=np.uint8)
        digest.update(f"{key} {array.shape}\n".encode())
        digest.update(array.data)
    return f"sha256:{digest.hexdigest()}"


def read_npz(path: pathlib.Path, spec: ImageSet, *, headers: bool = False):
    """Return (arrays, digest) of a file that holds what `spec` says.

    headers: look at the names and shapes alone, which takes no time, and return None. They are
    looked at first in any case, so that no claim in a file costs memory.
    Raises DataError for a file that is damaged or another, and OSError where it may not be read.
    """
    mend = f"Delete it, and fill the folder with: python -m cnncourse data fill {path.parent}"
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise DataError(f"{path}: expected a file; found a folder, pipe or device. {mend}")
    with open(path, "rb") as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                found = {n.removesuffix(".npy") for n in archive.namelist() if n.endswith(".npy")}
                if not found >= set(spec.shapes):
                    raise DataError(
                        f"{path}: expected the arrays {', '.join(sorted(spec.shapes))}; found "
                        f"{', '.join(sorted(found)) or 'none'}. {mend}"
                    )
                for key in spec.shapes:
                    with archive.open(f"{key}.npy") as member:
                        shape, dtype = _header(member.read(_HEADER_BYTES))
                    _check_shape(spec, key, shape, dtype, str(path), mend)
                if headers:
                    return None
                arrays = {}
                for key in spec.shapes:
                    with archive.open(f"{key}.npy") as member:
                        arrays[key] = np.lib.format.read_array(member, allow_pickle=False)
        except (DataError, MemoryError):
            raise
        except Exception as error:  # NumPy and zipfile raise whatever the damage leads to
            raise DataError(
                f"{path}: expected a NumPy .npz file with {spec.title}; it cannot be read "
                f"({type(error).__name__}: {error}). {mend}"
            ) from error
    return arrays, checked(spec, arrays, str(path), mend)


def _header(beginning: bytes) -> tuple[tuple[int, ...], np.dtype]:
    """Return the shape and kind that an array in an .npz claims to have."""
    stream = io.BytesIO(beginning)
    one = np.lib.format.read_magic(stream) == (1, 0)
    name = "read_array_header_1_0" if one else "read_array_header_2_0"
    shape, _, dtype = getattr(np.lib.format, name)(stream)
    if dtype.hasobject:
        raise ValueError("it holds Python objects")
    return shape, dtype


def _check_shape(spec: ImageSet, key: str, shape, dtype, what: str, mend: str) -> None:
    if shape != spec.shapes[key] or dtype != np.uint8:
        raise DataError(
            f"{what}: {key} of {spec.title} is uint8 {spec.shapes[key]}; found {dtype} {shape}. "
            f"{mend}"
        )


def checked(spec: ImageSet, arrays: dict[str, np.ndarray], what: str, mend: str) -> str:
    """Return the digest of arrays that are what `spec` says; DataError for others."""
    for key, array in arrays.items():
        _check_shape(spec, key, array.shape, array.dtype, what, mend)
    digest = array_digest(arrays)
    if digest != spec.digest:
        other = next((s.title for s in IMAGE_SETS.values() if s.digest == digest), None)
        found = f"these are the images of {other}" if other else f"its digest is {digest}"
        raise DataError(f"{what}: expected {spec.title}, digest {spec.digest}; {found}. {mend}")
    return digest


def write_npz(path: pathlib.Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays as one .npz file, whole or not at all; DataError where that fails."""
    try:
        with written_whole(path) as stream:
            np.savez(stream, **arrays)
    except OSError as error:
        size = sum(a.nbytes for a in arrays.values()) / 1e6
        raise DataError(
            f"{path}: could not be written ({error}); nothing was left behind. It needs "
            f"{size:.0f} MB in a folder that you may write to: free some space, or name another."
        ) from error


def read_idx(folder: pathlib.Path, spec: ImageSet, mend: str):
    """Return (arrays, digest) of MNIST's four gzipped IDX files: magic number, sizes, bytes."""
    arrays = {}
    for split, stem in (("train", "train"), ("test", "t10k")):
        for key, file in ((f"x_{split}", "images-idx3"), (f"y_{split}", "labels-idx1")):
            path = folder / f"{stem}-{file}-ubyte.gz"
            shape = spec.shapes[key]
            start = 4 + 4 * len(shape)
            size = start + int(np.prod(shape))
            try:
                with gzip.open(path) as stream:
                    raw = stream.read(size + 1)
            except (OSError, EOFError, zlib.error) as error:
                raise DataError(
                    f"{path}: expected a gzipped IDX file ({type(error).__name__}: {error}). {mend}"
                ) from error
            sizes = tuple(np.frombuffer(raw[4:start], ">u4").tolist())
            if sizes != shape or len(raw) != size:
                raise DataError(
                    f"{path}: expected sizes {shape}; found {sizes} and {len(raw)} bytes. {mend}"
                )
            arrays[key] = np.frombuffer(raw, np.uint8, offset=start).reshape(shape)
    return arrays, checked(spec, arrays, str(folder), mend)
