"""Photographs in folders: every file looked at, a clean copy made, nothing passed over in silence.

`read` gives one photograph as an array. `survey` looks at a folder. `prepare` also writes what
is usable into a cache folder, as RGB files in {train,validation}/<class>/, which
`keras.utils.image_dataset_from_directory` reads. What a file is, its content decides, not its
name. The folder itself is never changed.

A file is left out when it is no picture, empty, truncated, damaged, beyond a limit, unreadable,
hidden, not in the folder of a class, or the same picture as another. It is converted when it is
CMYK, palette, grey, 1 or 16 bits, transparent (put on white), animated (its first frame is
kept), turned by EXIF, wrongly named, or larger than the copy needs.
"""

import contextlib
import dataclasses
import functools
import hashlib
import html
import io
import json
import logging
import os
import pathlib
import re
import shutil
import stat
import sys
import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np
import PIL.Image
import PIL.ImageFile
import platformdirs

from ._files import folder_written_whole

__all__ = [
    "PIXEL_LIMIT",
    "PhotoError",
    "Survey",
    "Tidy",
    "files",
    "prepare",
    "read",
    "shown",
    "survey",
]

PIXEL_LIMIT = 50_000_000  # 150 MB as RGB; a photograph of a telephone has up to 50 million
FILE_LIMIT = 256 * 2**20  # bytes
FILES_LIMIT = 200_000
SHORTER_SIDE = 256  # pixels, of a photograph in the copy
LONGER_SIDE = 1024
_VERSION = 1
_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM")
_ENDINGS = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "MPO": (".jpg", ".jpeg", ".mpo"),
    "PNG": (".png", ".apng"),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "DIB": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "AVIF": (".avif", ".avifs"),
    "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
}
_BEGINNINGS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir"}
_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val"),
    "test": ("test", "testing"),
}
_TURNS = {
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
_LAYOUT = """Expected one folder a class, two classes or more:
  FOLDER/cats/*.jpg
  FOLDER/dogs/*.jpg
or the same in two parts:
  FOLDER/train/cats/*.jpg         FOLDER/train/dogs/*.jpg
  FOLDER/validation/cats/*.jpg    FOLDER/validation/dogs/*.jpg"""
_NEAR = 8  # of 255 levels; unlike photographs of the same breed of cat are 15 and more apart
_MANIFEST = "copy.json"
_LONG_WAIT = 300_000_000  # bytes, a minute's work

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
    image, _, _ = _decode(_bytes(pathlib.Path(path)))
    return np.array(_smaller(image) if small else image)


def files(path: str | os.PathLike) -> list[str]:
    """Return [path], or for a folder every file in it and in its folders, but for hidden ones.

    Nothing is opened, so what is no photograph is among them. Raises PhotoError for a folder
    without any file.
    """
    root = pathlib.Path(path)
    if not root.is_dir():
        return [os.fspath(path)]
    found = [file for file in _walk(root) if not any(map(_hidden, file.parts))]
    if not found:
        raise PhotoError(f"{shown(root)}: a folder without files. Name a photograph.")
    return [str(root.joinpath(*file.parts)) for file in sorted(found, key=lambda f: f.parts)]


@dataclasses.dataclass(frozen=True)
class _Report:
    """Where each file of a folder went. The three lists together hold every file once.

    as_is: files used as they are. converted: {file: what was done}. left_out: {file: why}.
    File names are relative to the folder. notes: what else a reader must know.
    """

    folder: pathlib.Path
    class_names: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    as_is: tuple[str, ...]
    converted: dict[str, str]
    left_out: dict[str, str]
    near_duplicates: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def files(self) -> int:
        """How many files the folder holds, the left out among them."""
        return len(self.as_is) + len(self.converted) + len(self.left_out)

    def _head(self) -> str:
        return f"{self.files:,} files in {shown(self.folder.name or self.folder)}/"

    def _counted(self) -> list[list[str]]:
        parts = list(self.counts)
        rows = [["class", *parts]]
        rows += [[shown(c), *(f"{self.counts[p][c]:,}" for p in parts)] for c in self.class_names]
        total = [f"{sum(self.counts[p].values()):,}" for p in parts]
        return [*rows, ["all", *total]]

    def _fates(self) -> list[list[str]]:
        rows = [["files", "what became of them", "for example"]]
        rows.append([f"{len(self.as_is):,}", "used as they are", _examples(self.as_is)])
        for fate, files in (("converted", self.converted), ("left out", self.left_out)):
            groups = defaultdict(list)
            for file, what in files.items():
                groups[re.sub(r" \(.*?\)(?=;|$)", "", what)].append((file, what))
            for what, members in sorted(groups.items(), key=lambda group: -len(group[1])):
                said = members[0][1] if len(members) == 1 else what
                rows.append(
                    [f"{len(members):,}", f"{fate}: {said}", _examples(m[0] for m in members)]
                )
        return rows

    def __repr__(self) -> str:
        tables = [_aligned(self._counted()), _aligned(self._fates())]
        return "\n".join([self._head(), *tables, *self.notes])

    def _repr_html_(self) -> str:
        parts = [f"<p>{html.escape(self._head())}</p>"]
        for rows in (self._counted(), self._fates()):
            tags = ["th"] + ["td"] * (len(rows) - 1)
            body = "".join(
                "<tr>" + "".join(f"<{tag}>{html.escape(c)}</{tag}>" for c in row) + "</tr>"
                for tag, row in zip(tags, rows, strict=True)
            )
            parts.append(f"<table>{body}</table>")
        parts += [f"<p>{html.escape(note)}</p>" for note in self.notes]
        return "".join(parts)


@dataclasses.dataclass(frozen=True, repr=False)
class Survey(_Report):
    """What `survey` found; `counts` is {part: {class: usable photographs}}.

    Parts are "train" and "validation" where the folder has them, else "photographs".
    """


@dataclasses.dataclass(frozen=True, repr=False)
class Tidy(_Report):
    """What `prepare` wrote: {train,validation}/<class>/* under `path`.

    counts: {"train": {class: photographs}, "validation": {class: photographs}}.
    origin: {file under `path`: file in the folder it was made from}.
    name, caption, stand_in and provenance are as those of a data.DataSet.
    """

    path: pathlib.Path
    origin: dict[str, str]
    name: str
    caption: str
    stand_in: bool
    provenance: dict

    def _head(self) -> str:
        return f"{super()._head()} ({self.caption})"


def survey(folder) -> Survey:
    """Look at every file of a folder of photographs, and write nothing.

    folder: a path, or what `data.photographs` returns. Two layouts are known: one folder a
    class, or folders named train and validation (or valid, val; test where neither is there)
    with one folder a class in each. Folders inside a class belong to it.
    Raises PhotoError where there are not two usable classes; it shows the layout expected.
    """
    root = _root(folder)
    files, notes = _listed(root)
    for file in files:
        if file.reason is None:
            _look(root, file)
    classes = _judge(root, files, notes)
    near = _near_duplicates([file for file in files if file.reason is None])
    if not any(file.part for file in files):
        for file in files:
            file.part = "photographs"
    _note_near(near, notes)
    return Survey(folder=root, **_record(files, classes, near, notes))


def prepare(folder, validation: float = 0.2, seed: int = 1) -> Tidy:
    """Look at every file of a folder of photographs and write a clean copy of the usable ones.

    folder: a path, or what `data.photographs` returns; the layouts are those of `survey`.
    validation: the part of each class that is held out, more than 0 and less than 1, where the
    folder is not split yet. seed: which part. The split depends on the pictures alone, not on
    their names; near duplicates (see `near_duplicates`) stay on one side.

    The copy holds RGB files (JPEG or PNG) whose shorter side has at most 256 pixels. It lies in
    the user's cache folder, made once for each content, `validation` and `seed`.

    Of files with the same pixels one is kept; the same picture in two classes is left out of
    both. Raises PhotoError where there are not two usable classes of two photographs each, and
    ValueError for a `validation` out of range.
    """
    if not 0 < validation < 1:
        raise ValueError(f"validation={validation}: expected a part of each class, such as 0.2.")
    validation, seed = float(validation), int(seed)
    root = _root(folder)
    files, notes = _listed(root)
    digest = _fingerprint(root, files)
    settings = f"{_VERSION} {SHORTER_SIDE} {LONGER_SIDE} {PIXEL_LIMIT} {validation!r} {seed!r}"
    key = hashlib.sha256(f"{digest} {settings}".encode()).hexdigest()[:24]
    target = platformdirs.user_cache_path("cnncourse") / "photographs" / key
    about = _about(folder, root, digest)
    record = _kept(target)
    if record is None:
        import filelock

        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with filelock.FileLock(target.parent / f".{key}.lock"):
                record = _kept(target)
                if record is None:
                    record = _write(root, files, notes, target, validation, seed)
        except OSError as error:
            raise PhotoError(
                f"{target}: the clean copy could not be written ({error}); nothing was left "
                "behind. Free some space there, or point XDG_CACHE_HOME at another folder."
            ) from error
    return Tidy(folder=root, path=target, **record, **about)


def _about(folder, root: pathlib.Path, digest: str) -> dict:
    if hasattr(folder, "provenance"):
        return {
            "name": folder.name,
            "caption": folder.caption,
            "stand_in": folder.stand_in,
            "provenance": folder.provenance,
        }
    name = shown(root.name or root)
    return {
        "name": name,
        "caption": f"Photographs of the folder {name}",
        "stand_in": False,
        "provenance": {"name": name, "source": "own folder", "digest": digest, "whole": False},
    }


# One file


def _bytes(path: pathlib.Path) -> bytes:
    try:
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


def _decode(data: bytes) -> tuple[PIL.Image.Image, list[str], str]:
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
    elif mode not in ("RGB", "RGBA", "RGBa", "RGBX"):
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
    grey = ((values.astype(np.uint32) * 255 + 32_767) // 65_535).astype(np.uint8)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        grey[values == clear] = 255
    return grey


# A folder


@dataclasses.dataclass
class _File:
    """One file: where it is, and what is found out about it."""

    parts: tuple[str, ...]
    reason: str | None = None
    part: str | None = None
    label: str | None = None
    sha: str = ""
    size: int = 0
    done: str = ""
    pixels: str = ""
    thumb: np.ndarray | None = None
    ending: str = ""

    @property
    def name(self) -> str:
        return "/".join(self.parts)


def _root(folder) -> pathlib.Path:
    root = pathlib.Path(getattr(folder, "path", folder)).expanduser()
    if not root.is_dir():
        found = "a file" if root.exists() else "nothing there"
        raise PhotoError(f"{shown(root)}: found {found}. {_LAYOUT}")
    return root.resolve()


def _walk(root: pathlib.Path) -> Iterator[_File]:
    """Yield every entry that is no folder; links to folders stay shut.

    A folder that cannot be opened is one entry, whose name ends in "/".
    """
    waiting: list[tuple[str, ...]] = [()]
    count = 0
    while waiting:
        parts = waiting.pop()
        try:
            with os.scandir(root.joinpath(*parts)) as found:
                entries = list(found)
        except OSError as error:
            yield _File((*parts, ""), f"a folder that cannot be opened ({error.strerror})")
            continue
        count += len(entries)
        if count > FILES_LIMIT:
            raise PhotoError(
                f"{shown(root)}: more than {FILES_LIMIT:,} files. Is this the folder? {_LAYOUT}"
            )
        for entry in entries:
            here = (*parts, entry.name)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(here)
            elif entry.is_symlink() and os.path.isdir(entry.path):
                yield _File(here, "a link to a folder, which is not followed")
            else:
                yield _File(here)


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _SYSTEM_FILES


def _listed(root: pathlib.Path) -> tuple[list[_File], list[str]]:
    """List the files with part and class by the layout, and notes; the others get a reason."""
    files = sorted(_walk(root), key=lambda file: file.parts)
    notes: list[str] = []
    seen = [file for file in files if not any(map(_hidden, file.parts))]
    with_folders = sorted({file.parts[0] for file in seen if len(file.parts) > 2})
    top_of: dict[str, str] = {}
    for part, known in _SPLITS.items():
        named = [top for top in with_folders if top.casefold() in known]
        if len(named) > 1:
            raise PhotoError(
                f"{shown(root)}: found {' and '.join(map(shown, named))}, which are the same "
                f"part of a split. Keep one. {_LAYOUT}"
            )
        if named:
            top_of[part] = named[0]
    depth = 2 if "train" in top_of else 1
    if depth == 2 and "validation" not in top_of:
        if "test" in top_of:
            notes.append(f"{top_of['test']}/ is used for validation, as no other folder is there.")
            top_of["validation"] = top_of.pop("test")
        else:
            notes.append(f"{top_of['train']}/ alone is there: validation is held out of it.")
    part_of = {top: part for part, top in top_of.items()}
    for file in files:
        if any(map(_hidden, file.parts)):
            file.reason = "hidden, or written by the system"
        elif len(file.parts) <= depth:
            file.reason = file.reason or "not in the folder of a class"
        elif depth == 2 and part_of.get(file.parts[0]) not in ("train", "validation"):
            file.reason = file.reason or f"in {shown(file.parts[0])}/, which is not used here"
        else:
            file.label = file.parts[depth - 1]
            file.part = part_of[file.parts[0]] if "validation" in top_of and depth == 2 else None
    labels = {file.label for file in files if file.label}
    _check_names(root, labels)
    if len(labels) < 2:
        _classes(root, files)
    occupied = {file.parts[:depth] for file in files}
    for top in top_of.values() if depth == 2 else [""]:
        for folder in sorted((root / top).iterdir()):
            place = folder.relative_to(root).parts
            if folder.is_dir() and place not in occupied and not _hidden(folder.name):
                notes.append(f"{shown('/'.join(place))}/ is empty.")
    return files, notes


def _check_names(root: pathlib.Path, labels: set[str]) -> None:
    alike = defaultdict(list)
    for label in sorted(labels):
        if not label.isprintable():
            raise PhotoError(
                f"{shown(root)}: the name of the class folder {shown(label)} cannot be printed. "
                "Rename it."
            )
        alike[unicodedata.normalize("NFC", label).casefold()].append(label)
    for names in alike.values():
        if len(names) > 1:
            raise PhotoError(
                f"{shown(root)}: the class folders {' and '.join(names)} are one on many systems. "
                "Rename one, or put their photographs together."
            )


def _fingerprint(root: pathlib.Path, files: list[_File]) -> str:
    """Return the digest over names and bytes; each file's own digest goes into its `sha`."""
    digest = hashlib.sha256()
    for file in files:
        if file.reason is None:
            try:
                data = _bytes(root.joinpath(*file.parts))
                file.sha, file.size = hashlib.sha256(data).hexdigest(), len(data)
            except PhotoError as error:
                file.reason = str(error)
        digest.update(f"{json.dumps(file.parts)} {file.reason or file.sha}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _look(root: pathlib.Path, file: _File, stage: pathlib.Path | None = None) -> None:
    """Decode one file, fill in what is found out, and write the clean one into `stage`."""
    path = root.joinpath(*file.parts)
    try:
        data = _bytes(path)
    except PhotoError as error:
        file.reason = str(error)
        data = b""
    if file.sha and hashlib.sha256(data).hexdigest() != file.sha:
        raise PhotoError(f"{shown(path)} changed while it was looked at. Run this again.")
    if file.reason is not None:
        return
    try:
        image, done, kind = _decode(data)
    except PhotoError as error:
        file.reason = str(error)
        return
    pixels = hashlib.sha256(f"{image.size}".encode())
    pixels.update(image.tobytes())
    file.pixels = pixels.hexdigest()
    file.thumb = np.asarray(image.resize((32, 32), PIL.Image.Resampling.BOX))
    width, height = image.size
    image = _smaller(image)
    if image.size != (width, height):
        done.append(f"made smaller (from {width:,} x {height:,} pixels)")
    if not done and kind not in ("JPEG", "PNG"):
        done.append(f"{kind} to JPEG")
    if not done and kind == "JPEG" and not data.endswith(b"\xff\xd9"):
        done.append("bytes after the picture removed")
    file.ending = "png" if kind == "PNG" and not done else "jpg"
    if stage is not None:
        if done:
            packed = io.BytesIO()
            image.save(packed, format="JPEG", quality=95, subsampling=0)
            data = packed.getvalue()
        (stage / f"{file.sha}.{file.ending}").write_bytes(data)
    if path.suffix.lower() not in _ENDINGS.get(kind, ()):
        done.append(f"a {kind} file with another ending (named {shown(path.suffix) or 'without'})")
    file.done = "; ".join(done)


def _smaller(image: PIL.Image.Image) -> PIL.Image.Image:
    """Return the image with sides of at most SHORTER_SIDE and LONGER_SIDE, in proportion."""
    scale = min(1, SHORTER_SIDE / min(image.size), LONGER_SIDE / max(image.size))
    size = tuple(max(1, round(side * scale)) for side in image.size)
    if size == image.size:
        return image
    return image.resize(size, PIL.Image.Resampling.LANCZOS, reducing_gap=2)


def _judge(root: pathlib.Path, files: list[_File], notes: list[str]) -> tuple[str, ...]:
    """Give duplicates their reason and return the class names."""
    same = defaultdict(list)
    for file in files:
        if file.reason is None:
            same[file.pixels].append(file)
    for twins in same.values():
        # Of twins on both sides of a split the validation photograph stays.
        twins.sort(key=lambda file: (file.part != "validation", file.parts))
        if len({file.label for file in twins}) > 1:
            for file in twins:
                other = next(twin for twin in twins if twin.label != file.label)
                file.reason = f"the same picture is in another class ({shown(other.name)})"
        else:
            for file in twins[1:]:
                file.reason = f"the same pixels as another file ({shown(twins[0].name)})"
    classes = _classes(root, files)
    for label in sorted({file.label for file in files if file.label} - set(classes)):
        notes.append(f"{label}/ has no usable photograph, so it is no class.")
    return classes


def _classes(root: pathlib.Path, files: list[_File]) -> tuple[str, ...]:
    """Return the classes that files without a reason have; PhotoError where that is too few."""
    usable = Counter((file.label, file.part) for file in files if file.reason is None)
    classes = tuple(sorted({label for label, _ in usable}))
    if len(classes) < 2:
        found = f"one usable class, {classes[0]}" if classes else "no usable class"
        raise PhotoError(_lack(root, files, found))
    parts = {part for _, part in usable}
    for label in classes:
        for part in parts:
            if usable[label, part] == 0:
                raise PhotoError(_lack(root, files, f"no usable photograph of {label} for {part}"))
        if parts == {None} and usable[label, None] == 1:
            what = f"one usable photograph of {label}, where training and validation need one each"
            raise PhotoError(_lack(root, files, what))
    return classes


def _lack(root: pathlib.Path, files: list[_File], what: str) -> str:
    lines = [f"{shown(root)}: {what}. {_LAYOUT}", "Found:"]
    folders = defaultdict(list)
    for file in files:
        folders["/".join(file.parts[:-1]) or "."].append(file)
    for folder, members in list(sorted(folders.items()))[:12]:
        used = sum(file.reason is None for file in members)
        reasons = Counter(re.sub(r" \(.*\)$", "", file.reason) for file in members if file.reason)
        said = "".join(f"; {n:,} {reason}" for reason, n in reasons.most_common(4))
        lines.append(f"  {shown(folder)}/  {len(members):,} files, {used:,} usable{said}")
    if len(folders) > 12:
        lines.append(f"  and {len(folders) - 12:,} folders more")
    if not files:
        lines.append("  no files")
    tops = {file.parts[0] for file in files if len(file.parts) > 1}
    if len(tops) == 1 and any(len(file.parts) > 2 for file in files):
        lines.append(f"Perhaps you mean the folder {shown(root / tops.pop())}.")
    return "\n".join(lines)


def _near_duplicates(files: list[_File]) -> list[tuple[_File, _File]]:
    """Return pairs whose 32 x 32 thumbnails differ by at most 8 of 255 levels (root mean square).

    That finds a picture saved again or at another size; not a crop, and not the next picture
    of a series. Of many that are alike the pairs connect all, and no pair more.
    """
    if not files:
        return []
    thumbs = np.stack([file.thumb for file in files]).astype(np.float32)
    coarse = thumbs.reshape(-1, 8, 4, 8, 4, 3).mean(axis=(2, 4)).reshape(len(files), -1)
    squares = (coarse**2).sum(axis=1)
    # Means over blocks differ no more than the thumbnails do; the 1 is for rounding.
    limit = (_NEAR + 1) ** 2 * coarse.shape[1]
    group = np.arange(len(files))
    pairs = []
    for first in range(len(files)):
        distance = squares[first] + squares[first + 1 :] - 2 * coarse[first + 1 :] @ coarse[first]
        for second in first + 1 + np.flatnonzero(distance <= limit):
            if group[first] != group[second]:
                difference = thumbs[first] - thumbs[second]
                if np.sqrt((difference**2).mean()) <= _NEAR:
                    group[group == group[second]] = group[first]
                    pairs.append((files[first], files[int(second)]))
    return pairs


def _note_near(near: list[tuple[_File, _File]], notes: list[str]) -> None:
    across = [pair for pair in near if pair[0].part != pair[1].part]
    unlike = [pair for pair in near if pair[0].label != pair[1].label]
    for pairs, what in (
        (across, "one to train on, one to validate with"),
        (unlike, "in two classes"),
    ):
        if pairs:
            first, second = (shown(file.name) for file in pairs[0])
            count = "1 pair" if len(pairs) == 1 else f"{len(pairs):,} pairs"
            notes.append(
                f"{count} of near duplicates, {what}: {first} and {second}"
                f"{'; near_duplicates has the others' * (len(pairs) > 1)}."
            )


def _split(files, near, validation: float, seed: int) -> None:
    """Give each file its part: per class, by pictures alone, near duplicates on one side."""
    group_of = {id(file): {id(file)} for file in files}
    for first, second in near:
        joined = group_of[id(first)] | group_of[id(second)]
        for member in joined:
            group_of[member] = joined
    by_label = defaultdict(list)
    for file in sorted(files, key=lambda file: file.pixels):
        by_label[file.label].append(file)
    for label, members in by_label.items():
        groups, taken = [], set()
        for file in members:
            if id(file) not in taken:
                groups.append([m for m in members if id(m) in group_of[id(file)]])
                taken |= group_of[id(file)]
        if len(groups) == 1:
            groups = [[file] for file in members]
        salt = int.from_bytes(hashlib.sha256(label.encode()).digest()[:4], "big")
        order = np.random.default_rng([seed, salt]).permutation(len(groups))
        wanted = min(max(1, round(validation * len(members))), len(members) - 1)
        held = 0
        for index in order:
            inside = held + len(groups[index]) <= wanted
            for file in groups[index]:
                file.part = "validation" if inside else "train"
            held += len(groups[index]) * inside
        if held == 0:
            for file in min(groups, key=len):
                file.part = "validation"


def _record(files, classes, near, notes) -> dict:
    used = [file for file in files if file.reason is None]
    counted = Counter((file.part, file.label) for file in used)
    parts = [p for p in ("train", "validation", "photographs") if any(f.part == p for f in used)]
    return {
        "class_names": tuple(classes),
        "counts": {part: {label: counted[part, label] for label in classes} for part in parts},
        "as_is": tuple(file.name for file in used if not file.done),
        "converted": {file.name: file.done for file in used if file.done},
        "left_out": {file.name: file.reason for file in files if file.reason},
        "near_duplicates": tuple((a.name, b.name) for a, b in near),
        "notes": tuple(notes),
    }


# The clean copy


def _write(root, files, notes, target: pathlib.Path, validation: float, seed: int) -> dict:
    """Write the copy beside `target`, rename it, and return its record."""
    with folder_written_whole(target) as part:
        stage = part / "stage"
        stage.mkdir()
        size = sum(file.size for file in files)
        if size > _LONG_WAIT:
            print(f"looking at {size / 1e9:.1f} GB of photographs, once", file=sys.stderr)
        for file in files:
            if file.reason is None:
                _look(root, file, stage)
        classes = _judge(root, files, notes)
        used = [file for file in files if file.reason is None]
        near = _near_duplicates(used)
        if used[0].part is None:
            _split(used, near, validation, seed)
        _note_near(near, notes)
        origin, digests = {}, {}
        for number, file in enumerate(used):
            slug = re.sub(r"[^A-Za-z0-9_-]+", "_", pathlib.PurePath(file.parts[-1]).stem)[:40]
            clean = f"{file.part}/{file.label}/{number:05d}_{slug}.{file.ending}"
            (part / clean).parent.mkdir(parents=True, exist_ok=True)
            data = (stage / f"{file.sha}.{file.ending}").read_bytes()
            (part / clean).write_bytes(data)
            origin[clean] = file.name
            digests[clean] = hashlib.sha256(data).hexdigest()
        shutil.rmtree(stage)
        record = {**_record(files, classes, near, notes), "origin": origin}
        (part / _MANIFEST).write_text(json.dumps({"record": record, "files": digests}))
    return _kept(target)


def _kept(target: pathlib.Path) -> dict | None:
    """Return the record of a copy that is whole, else None: it is then made again."""
    try:
        manifest = json.loads((target / _MANIFEST).read_text())
        record, digests = manifest["record"], manifest["files"]
        found = {
            path.relative_to(target).as_posix(): path
            for path in target.rglob("*")
            if path.is_file() and path.name != _MANIFEST
        }
        if found.keys() != digests.keys():
            return None
        for name, path in found.items():
            if hashlib.sha256(path.read_bytes()).hexdigest() != digests[name]:
                return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    for key in ("class_names", "as_is", "notes"):
        record[key] = tuple(record[key])
    record["near_duplicates"] = tuple(tuple(pair) for pair in record["near_duplicates"])
    return record


# Tables


def _examples(files) -> str:
    files = list(files)
    names = [name if len(name) <= 40 else f"...{name[-37:]}" for name in map(shown, files[:2])]
    return ", ".join(names) + (", ..." if len(files) > 2 else "")


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
