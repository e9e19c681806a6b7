"""One file as an RGB picture, or the reason why it is none."""

import contextlib
import functools
import io
import logging
import os
import stat
import warnings
from collections.abc import Iterator

import numpy as np
import PIL.Image
import PIL.ImageFile

from .._files import given_path

PIXEL_LIMIT = 50_000_000  # 150 MB as RGB; a photograph of a telephone has up to 50 million
FILE_LIMIT = 256 * 2**20  # bytes
SHORTER_SIDE = 256  # pixels, of a photograph in the copy
LONGER_SIDE = 1024
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM")
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
# How a picture is turned upright, by its orientation in EXIF.
_TURNS = dict(enumerate((0, 3, 1, 5, 4, 6, 2), start=2))  # PIL.Image.Transpose

# Without a handler of its own, Pillow's logger writes on standard error.
logging.getLogger("PIL").addHandler(logging.NullHandler())


class PhotoError(Exception):
    """A file is no usable photograph, or a folder holds no usable classes; says why."""


def shown(name: str | os.PathLike) -> str:
    """Return a file name on one line: what cannot be printed is written as an escape."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in os.fspath(name)
    )


def read(path: str | os.PathLike, *, small: bool = False) -> np.ndarray:
    """Read one photograph as uint8 (height, width, 3), RGB, turned as its EXIF says.

    Of an animation the first frame; transparent parts become white; 16 bits become 8.
    small: no larger than `prepare` writes it, the shorter side at most 256 pixels.
    Raises PhotoError with the reason for a file that is no usable photograph.
    """
    image, _, _ = decoded(contents(path))
    return np.array(smaller(image) if small else image)


def contents(path: str | os.PathLike) -> bytes:
    """Return the bytes of a file, or raise PhotoError with the reason why it is no photograph."""
    try:
        path = given_path(path)
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise PhotoError("a folder, not a photograph")
        if not stat.S_ISREG(status.st_mode):
            raise PhotoError("no regular file (a pipe, socket or device)")
        if status.st_size == 0:
            raise PhotoError("empty file")
        if status.st_size > FILE_LIMIT:
            raise PhotoError(
                f"beyond the limit of {FILE_LIMIT >> 20} MiB a file "
                f"({status.st_size / 2**20:,.0f} MiB)"
            )
        with open(path, "rb") as stream:
            return stream.read(FILE_LIMIT)
    except FileNotFoundError as error:
        broken = os.path.islink(path)
        raise PhotoError("a link to a file that is not there" if broken else "no such file") from (
            error
        )
    except PermissionError as error:
        raise PhotoError("may not be read (permission denied)") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise PhotoError(f"cannot be read ({reason})") from error


@contextlib.contextmanager
def _strict_and_quiet() -> Iterator[None]:
    """No warnings, and no grey filling of truncated files, whatever the notebook has set."""
    lenient = PIL.ImageFile.LOAD_TRUNCATED_IMAGES
    PIL.ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        PIL.ImageFile.LOAD_TRUNCATED_IMAGES = lenient


def decoded(data: bytes) -> tuple[PIL.Image.Image, list[str], str]:
    """Return (RGB image, what was done to get it, format), or raise PhotoError.

    Pillow's decoders meet bytes from anywhere, and what they raise has no common class: hence
    `except Exception`.
    """
    with _strict_and_quiet():
        try:
            image = PIL.Image.open(io.BytesIO(data), formats=_formats())
        except PIL.Image.DecompressionBombError as error:
            raise PhotoError(_beyond()) from error
        except PIL.UnidentifiedImageError as error:
            raise PhotoError(_no_image(data)) from error
        except Exception as error:
            raise PhotoError(_damaged(error)) from error
        width, height = image.size
        if width * height > PIXEL_LIMIT:
            raise PhotoError(f"{_beyond()} ({width:,} x {height:,})")
        try:
            done = ["16 bits to 8"] if ";16" in str(image.tile) else []
            turned = _orientation(image)
            image.load()
            rgb = _rgb(image, done)
            turn = _TURNS.get(_orientation(image))  # none for TIFF, which Pillow turns itself
            if turn is not None:
                rgb = rgb.transpose(turn)
            if turned in _TURNS:
                done.append("turned as its EXIF says")
            frames = _frames(image)
        except PhotoError:
            raise
        except Exception as error:
            raise PhotoError(_damaged(error)) from error
    kind = image.format
    if frames > 1:
        done.append(f"first frame kept (of {frames:,})")
    return rgb, done, kind


@functools.cache
def _formats() -> tuple[str, ...]:
    PIL.Image.init()
    return tuple(name for name in _FORMATS if name in PIL.Image.OPEN)


def _beyond() -> str:
    return f"beyond the limit of {PIXEL_LIMIT // 10**6} million pixels, so not decoded"


def _no_image(data: bytes) -> str:
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"hevc", b"heim", b"mif1"):
        return "a HEIC picture, which is not read here: export it as JPEG"
    for beginning, kind in _BEGINNINGS.items():
        if data.startswith(beginning):
            return f"damaged: begins as {kind} and cannot be read"
    return "not an image"


def _damaged(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "damaged: asks for more memory than there is"
    said = shown(str(error).splitlines()[0][:100]) if str(error) else type(error).__name__
    if "truncated" in said.lower() or isinstance(error, EOFError):
        return "truncated: the file ends before the picture does"
    return f"damaged ({said})"


def _orientation(image: PIL.Image.Image) -> int | None:
    try:
        return image.getexif().get(0x0112)
    except Exception:  # a damaged EXIF block says nothing, and the picture is whole
        return None


def _frames(image: PIL.Image.Image) -> int:
    if image.format == "MPO":  # a telephone's photograph with previews, not an animation
        return 1
    try:
        return getattr(image, "n_frames", 1)
    except Exception:
        return 1


def _rgb(image: PIL.Image.Image, done: list[str]) -> PIL.Image.Image:
    mode = image.mode
    if mode in ("F", "LAB"):
        raise PhotoError(f"pixels of the kind {mode}, for which there is no one way to RGB")
    if mode.startswith("I"):
        grey = _eight_bits(image)
        done[:] = ["16 bits to 8", "grey to RGB"]
        return PIL.Image.fromarray(grey).convert("RGB")
    words = {"1": "1 bit to RGB", "L": "grey to RGB", "LA": "grey to RGB", "La": "grey to RGB"}
    words |= {"P": "palette to RGB", "PA": "palette to RGB"}
    if mode in words:
        done.append(words[mode])
    elif mode not in ("RGB", "RGBA", "RGBa"):
        done.append(f"{mode} to RGB")
    if "transparency" in image.info or mode in ("RGBA", "RGBa", "LA", "La", "PA"):
        if mode == "La":
            image = image.convert("LA")
        rgba = image.convert("RGBA")
        alpha = rgba.getchannel("A")
        if alpha.getextrema()[0] == 255:
            done.append("opaque alpha channel removed")
            return rgba.convert("RGB")
        done.append("transparent parts put on white")
        white = PIL.Image.new("RGB", rgba.size, "white")
        white.paste(rgba, mask=alpha)
        return white
    return image if mode == "RGB" else image.convert("RGB")


def _eight_bits(image: PIL.Image.Image) -> np.ndarray:
    """Return uint8 (H, W) of a grey image with 16 bits: 0 stays 0 and 65535 becomes 255."""
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65_535:
        raise PhotoError("grey values beyond 16 bits, for which there is no one way to RGB")
    # Divided by 257 and rounded, without a sum that 16 bits cannot hold.
    grey = ((np.minimum(values, 65_407).astype(np.uint16) + 128) // 257).astype(np.uint8)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey[values == clear] = 255
    return grey


def smaller(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return the image with sides of at most SHORTER_SIDE and LONGER_SIDE, in proportion."""
    scale = min(1, SHORTER_SIDE / min(image.size), LONGER_SIDE / max(image.size))
    size = tuple(max(1, round(side * scale)) for side in image.size)
    if size == image.size:
        return image
    return image.resize(size, PIL.Image.Resampling.LANCZOS, reducing_gap=2)
