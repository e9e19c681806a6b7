"""The clean copy of a folder, made once for each content and kept in the cache folder."""

import hashlib
import io
import itertools
import json
import os
import pathlib
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator

import numpy as np
import PIL.Image

from .._files import cache_folder, folder_written_whole, locked
from .choose import judge, near_duplicates, noted, split
from .decode import (
    LONGER_SIDE,
    PIXEL_LIMIT,
    SHORTER_SIDE,
    PhotoError,
    contents,
    decoded,
    shown,
    smaller,
)
from .folder import File, listed, root_of, stamp
from .report import Tidy

_VERSION = 2
_MANIFEST = "copy.json"
_FAMILY = {"MPO": "JPEG", "DIB": "BMP"}
_LONG_WAIT = 300_000_000  # bytes, a minute's work


def prepare(folder, validation: float = 0.2, seed: int = 1) -> Tidy:
    """Look at every file of a folder of photographs and write a clean copy of the usable ones.

    folder: a path, or what `data.photographs` returns. Two layouts are known: one folder a
    class, or folders named train and validation (or valid, val; test where neither is there)
    with one folder a class in each. Folders inside a class belong to it.
    validation: the part of each class that is held out, more than 0 and less than 1, where the
    folder is not split yet. seed: which part. The split depends on the pictures alone, not on
    their names; near duplicates (see `near_duplicates`) stay on one side.

    The copy holds RGB files (JPEG or PNG) whose shorter side has at most 256 pixels. It lies in
    the user's cache folder, made once for each content, `validation` and `seed`.

    Of files with the same pixels one is kept; the same picture in two classes is left out of
    both. Raises PhotoError where there are not two usable classes of two photographs each; it
    shows the layout expected. Raises ValueError for a `validation` out of range.
    """
    if not 0 < validation < 1:
        raise ValueError(f"validation={validation}: expected a part of each class, such as 0.2.")
    validation, seed = float(validation), int(seed)
    root = root_of(folder)
    files, notes = listed(root)
    listing = [(file.place, file.reason, file.stamp and file.stamp[0]) for file in files]
    settings = [_VERSION, SHORTER_SIDE, LONGER_SIDE, PIXEL_LIMIT, validation, seed]
    key = hashlib.sha256(json.dumps([listing, settings]).encode()).hexdigest()[:24]
    place = cache_folder() / "photographs" / key
    kept = _kept(root, files, place)
    if kept[1] is None:
        try:
            with locked(place):
                kept = _kept(root, files, place)
                if kept[1] is None:
                    kept = kept[0], _write(root, files, notes, kept[0], validation, seed)
        except OSError as error:
            raise PhotoError(
                f"{place}: the clean copy could not be written ({error}); nothing was left "
                "behind. Free some space there, or point XDG_CACHE_HOME at another folder."
            ) from error
    path, (record, digest) = kept
    return Tidy(folder=root, path=path, **record, **_about(folder, root, digest))


def _about(folder, root: pathlib.Path, digest: str) -> dict:
    about = ("name", "caption", "stand_in", "provenance")
    if hasattr(folder, "provenance"):
        return {key: getattr(folder, key) for key in about}
    name = shown(root.name or root)
    provenance = {"name": name, "source": "own folder", "digest": digest, "whole": False}
    return dict(
        zip(about, (name, f"Photographs of the folder {name}", False, provenance), strict=True)
    )


def _kept(root: pathlib.Path, files: list[File], place: pathlib.Path):
    """Return (folder, (record, digest) of the whole copy in it, or None where it must be made).

    Folders of the same names and sizes share a `place` and are told apart by their content,
    which is read where there is something to compare it with.
    """
    digest, numbers = None, itertools.count()
    target = place.with_name(f"{place.name}-{next(numbers)}")
    while (manifest := _manifest(target)) is not None:
        digest = digest or _digest(_fingerprints(root, files))
        if manifest["digest"] == digest:
            record = manifest["record"] if _whole(target, manifest["files"]) else None
            return target, record and (record, digest)
        target = place.with_name(f"{place.name}-{next(numbers)}")
    return target, None


def _manifest(target: pathlib.Path) -> dict | None:
    try:
        manifest = json.loads((target / _MANIFEST).read_text())
        record = manifest["record"]
        for key in ("class_names", "as_is", "notes"):
            record[key] = tuple(record[key])
        record["near_duplicates"] = tuple(map(tuple, record["near_duplicates"]))
        return manifest if {"digest", "files"} < manifest.keys() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _whole(target: pathlib.Path, digests: dict[str, str]) -> bool:
    there = (path for path in target.rglob("*") if path.is_file())
    if {path.relative_to(target).as_posix() for path in there} != {_MANIFEST, *digests}:
        return False
    return all(_sha(target / name) == digest for name, digest in digests.items())


def _sha(path: pathlib.Path) -> str | None:
    try:
        with open(path, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _digest(fingerprints: Iterator[str]) -> str:
    digest = hashlib.sha256()
    for line in fingerprints:
        digest.update(line.encode())
    return f"sha256:{digest.hexdigest()}"


def _fingerprint(file: File, found: str) -> str:
    return f"{json.dumps(file.place)} {found}\n"


def _fingerprints(root: pathlib.Path, files: list[File]) -> Iterator[str]:
    """Yield a line for each file: its name, and the digest of its bytes or why it is not read."""
    for file in files:
        found = file.reason
        if found is None:
            try:
                found = hashlib.sha256(contents(root.joinpath(*file.place))).hexdigest()
            except PhotoError as error:
                found = str(error)
        yield _fingerprint(file, found)


def _write(root, files, notes, target: pathlib.Path, validation: float, seed: int):
    """Write the copy beside `target`, rename it, and return its record and the digest."""
    with folder_written_whole(target) as part:
        size = sum(file.stamp[0] for file in files if file.reason is None and file.stamp)
        if size > _LONG_WAIT:
            print(f"looking at {size / 1e9:.1f} GB of photographs, once", file=sys.stderr)
        stage = part / "stage"
        stage.mkdir()
        digest = _digest(_staged(root, files, stage))
        class_names = judge(root, files, notes)
        used = [file for file in files if file.reason is None]
        near = near_duplicates(used)
        if used[0].split is None:
            split(used, validation, seed)
        notes = [*notes, *noted(near)]
        origin, digests = {}, {}
        for number, file in enumerate(used):
            slug = re.sub(r"[^A-Za-z0-9_-]+", "_", pathlib.PurePath(file.place[-1]).stem)[:40]
            ending = pathlib.PurePath(file.staged).suffix
            clean = f"{file.split}/{file.label}/{number:05d}_{slug}{ending}"
            (part / clean).parent.mkdir(parents=True, exist_ok=True)
            os.replace(stage / file.staged, part / clean)
            origin[clean] = file.name
            digests[clean] = file.sha
        shutil.rmtree(stage)
        record = {**_record(files, used, class_names, near, notes), "origin": origin}
        manifest = {"record": record, "digest": digest, "files": digests}
        (part / _MANIFEST).write_text(json.dumps(manifest))
    return record, digest


def _staged(root: pathlib.Path, files: list[File], stage: pathlib.Path) -> Iterator[str]:
    """Look at each file, write the clean ones into `stage`, and yield the `_fingerprints`."""
    for number, file in enumerate(files):
        found = file.reason
        if found is None:
            path = root.joinpath(*file.place)
            try:
                data = contents(path)
            except PhotoError as error:
                found = file.reason = str(error)
            else:
                if file.stamp != stamp(path):
                    raise PhotoError(
                        f"{shown(path)} changed while it was looked at. Run this again."
                    )
                found = hashlib.sha256(data).hexdigest()
                _look(file, data, stage, number)
        yield _fingerprint(file, found)


def _look(file: File, data: bytes, stage: pathlib.Path, number: int) -> None:
    """Decode one file, fill in what is found out, and write the clean one into `stage`."""
    try:
        image, done, kind = decoded(data)
    except PhotoError as error:
        file.reason = str(error)
        return
    pixels = hashlib.sha256(f"{image.size}".encode())
    pixels.update(image.tobytes())
    file.pixels = pixels.hexdigest()
    file.thumb = np.asarray(image.resize((32, 32), PIL.Image.Resampling.BOX))
    width, height = image.size
    image = smaller(image)
    if image.size != (width, height):
        done.append(f"made smaller (from {width:,} x {height:,} pixels)")
    if not done and kind not in ("JPEG", "PNG"):
        done.append(f"{kind} to JPEG")
    if not done and kind == "JPEG" and not data.endswith(b"\xff\xd9"):
        done.append("bytes after the picture removed")
    file.staged = f"{number}.{'png' if kind == 'PNG' and not done else 'jpg'}"
    if done:
        packed = io.BytesIO()
        image.save(packed, format="JPEG", quality=95, subsampling=0)
        data = packed.getvalue()
    file.sha = hashlib.sha256(data).hexdigest()
    (stage / file.staged).write_bytes(data)
    ending = pathlib.PurePath(file.place[-1]).suffix
    known = PIL.Image.registered_extensions().get(ending.lower())
    if _FAMILY.get(known, known) != _FAMILY.get(kind, kind):
        done.append(f"a {kind} file with another ending (named {shown(ending) or 'without'})")
    file.done = "; ".join(done)


def _record(files, used, class_names, near, notes) -> dict:
    counted = Counter((file.split, file.label) for file in used)
    return {
        "class_names": tuple(class_names),
        "counts": {
            side: {label: counted[side, label] for label in class_names}
            for side in ("train", "validation")
        },
        "as_is": tuple(file.name for file in used if not file.done),
        "converted": {file.name: file.done for file in used if file.done},
        "left_out": {file.name: file.reason for file in files if file.reason},
        "near_duplicates": tuple((a.name, b.name) for a, b in near),
        "notes": tuple(notes),
    }
