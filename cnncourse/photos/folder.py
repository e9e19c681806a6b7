"""A folder as it is: every file listed, with its class and its side of a split, if it has one."""

import contextlib
import dataclasses
import os
import pathlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator

import numpy as np

from .._files import given_path
from .decode import PhotoError, shown

FILES_LIMIT = 200_000
_SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir"}
_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val"),
    "test": ("test", "testing"),
}
_LAYOUT = """Expected one folder a class, two classes or more:
  FOLDER/cats/*.jpg
  FOLDER/dogs/*.jpg
or the same in two parts:
  FOLDER/train/cats/*.jpg         FOLDER/train/dogs/*.jpg
  FOLDER/validation/cats/*.jpg    FOLDER/validation/dogs/*.jpg"""


@dataclasses.dataclass
class File:
    """One file: where it is, and what is found out about it.

    place: the names from the folder down. reason: why it is left out. stamp: its size and time
    when it was listed. group: the same number for near duplicates.
    """

    place: tuple[str, ...]
    reason: str | None = None
    split: str | None = None
    label: str | None = None
    stamp: tuple[int, int] | None = None
    done: str = ""
    pixels: str = ""
    thumb: np.ndarray | None = None
    group: int = 0
    staged: str = ""
    sha: str = ""

    @property
    def name(self) -> str:
        return "/".join(self.place)


def root_of(folder) -> pathlib.Path:
    """Return the folder of a path, or of what `data.photographs` returns; PhotoError for none."""
    try:
        root = given_path(getattr(folder, "path", folder))
    except FileNotFoundError as error:
        raise PhotoError(f"{error} {_LAYOUT}") from error
    if not os.path.isdir(root):
        found = "a file" if os.path.exists(root) else "nothing there"
        raise PhotoError(f"{shown(root)}: found {found}. {_LAYOUT}")
    return root.resolve()


def files(path: str | os.PathLike) -> list[str]:
    """Return [path], or for a folder every file in it and in its folders, but for hidden ones.

    Nothing is opened, so what is no photograph is among them. Raises PhotoError for a folder
    without any file.
    """
    given = os.fspath(path)
    root = given_path(given) if given.startswith("~") else pathlib.Path(given)
    if not os.path.isdir(root):
        return [str(root) if given.startswith("~") else given]
    found = [file for file in _walk(root) if not any(map(_hidden, file.place))]
    if not found:
        raise PhotoError(f"{shown(root)}: a folder without files. Name a photograph.")
    return [str(root.joinpath(*file.place)) for file in sorted(found, key=lambda f: f.place)]


def _walk(root: pathlib.Path) -> Iterator[File]:
    """Yield every entry that is no folder; links to folders stay shut.

    A folder that cannot be opened is one entry, whose name ends in "/".
    """
    waiting: list[tuple[str, ...]] = [()]
    count = 0
    while waiting:
        place = waiting.pop()
        try:
            with os.scandir(root.joinpath(*place)) as found:
                entries = list(found)
        except OSError as error:
            yield File((*place, ""), f"a folder that cannot be opened ({error.strerror})")
            continue
        count += len(entries)
        if count > FILES_LIMIT:
            raise PhotoError(
                f"{shown(root)}: more than {FILES_LIMIT:,} files. Is this the folder? {_LAYOUT}"
            )
        for entry in entries:
            here = (*place, entry.name)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(here)
            elif entry.is_symlink() and os.path.isdir(entry.path):
                yield File(here, "a link to a folder, which is not followed")
            else:
                yield File(here, stamp=stamp(entry))


def stamp(path: str | os.PathLike) -> tuple[int, int] | None:
    """Return the size of a file in bytes and its time in ns; None where it cannot be looked at."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.casefold() in _SYSTEM_FILES


def listed(root: pathlib.Path) -> tuple[list[File], list[str]]:
    """List the files with split and class by the layout, and notes; the others get a reason."""
    files = sorted(_walk(root), key=lambda file: file.place)
    notes: list[str] = []
    tops = _tops(root, files)
    split_of = _splits_used(tops, notes)
    depth = 2 if split_of else 1
    for file in files:
        if any(map(_hidden, file.place)):
            file.reason = "hidden, or written by the system"
        elif len(file.place) <= depth:
            file.reason = file.reason or "not in the folder of a class"
        elif split_of and file.place[0] not in split_of:
            file.reason = file.reason or f"in {shown(file.place[0])}/, which is not used here"
        else:
            file.label = file.place[depth - 1]
            file.split = split_of.get(file.place[0])
    labels = {file.label for file in files if file.label}
    _check_names(root, labels)
    if len(labels) < 2:
        usable_classes(root, files)
    occupied = {file.place[:depth] for file in files}
    for top in tops.values() if split_of else [""]:
        notes += _empty(root, top, occupied)
    return files, notes


def _tops(root: pathlib.Path, files: list[File]) -> dict[str, str]:
    """Return which folder of `root` holds which split, where there are such folders."""
    seen = (file.place for file in files if not any(map(_hidden, file.place)))
    with_folders = sorted({place[0] for place in seen if len(place) > 2})
    tops = {}
    for split, known in _SPLITS.items():
        named = [top for top in with_folders if top.casefold() in known]
        if len(named) > 1:
            raise PhotoError(
                f"{shown(root)}: found {' and '.join(map(shown, named))}, which are the same "
                f"part of a split. Keep one. {_LAYOUT}"
            )
        if named:
            tops[split] = named[0]
    return tops


def _splits_used(tops: dict[str, str], notes: list[str]) -> dict[str, str | None]:
    """Return {folder: its split, or None where it is still to be split}; {} without folders."""
    if "train" not in tops:
        return {}
    train, validation = tops["train"], tops.get("validation")
    if validation is None and "test" in tops:
        validation = tops["test"]
        notes.append(f"{validation}/ is used for validation, as no other folder is there.")
    if validation is None:
        notes.append(f"{train}/ alone is there: validation is held out of it.")
        return {train: None}
    return {train: "train", validation: "validation"}


def _empty(root: pathlib.Path, top: str, occupied: set[tuple[str, ...]]) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for folder in sorted((root / top).iterdir()):
            place = folder.relative_to(root).parts
            if os.path.isdir(folder) and place not in occupied and not _hidden(folder.name):
                yield f"{shown('/'.join(place))}/ is empty."


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


def usable_classes(root: pathlib.Path, files: list[File]) -> tuple[str, ...]:
    """Return the classes that files without a reason have; PhotoError where that is too few."""
    usable = Counter((file.label, file.split) for file in files if file.reason is None)
    classes = tuple(sorted({label for label, _ in usable}))
    if len(classes) < 2:
        found = f"one usable class, {classes[0]}" if classes else "no usable class"
        raise PhotoError(_lack(root, files, found))
    splits = {split for _, split in usable}
    for label in classes:
        for split in splits:
            if usable[label, split] == 0:
                raise PhotoError(_lack(root, files, f"no usable photograph of {label} for {split}"))
        if splits == {None} and usable[label, None] == 1:
            what = f"one usable photograph of {label}, where training and validation need one each"
            raise PhotoError(_lack(root, files, what))
    return classes


def _lack(root: pathlib.Path, files: list[File], what: str) -> str:
    lines = [f"{shown(root)}: {what}. {_LAYOUT}", "Found:"]
    folders = defaultdict(list)
    for file in files:
        folders["/".join(file.place[:-1]) or "."].append(file)
    for folder, members in list(sorted(folders.items()))[:12]:
        used = sum(file.reason is None for file in members)
        reasons = Counter(re.sub(r" \(.*\)$", "", file.reason) for file in members if file.reason)
        said = "".join(f"; {n:,} {reason}" for reason, n in reasons.most_common(4))
        lines.append(f"  {shown(folder)}/  {len(members):,} files, {used:,} usable{said}")
    if len(folders) > 12:
        lines.append(f"  and {len(folders) - 12:,} folders more")
    if not files:
        lines.append("  no files")
    tops = {file.place[0] for file in files if len(file.place) > 1}
    if len(tops) == 1 and any(len(file.place) > 2 for file in files):
        lines.append(f"Perhaps you mean the folder {shown(root / tops.pop())}.")
    return "\n".join(lines)
