"""Which photographs are used, and on which side: twins, near duplicates, the split."""

import hashlib
import pathlib
from collections import defaultdict

import numpy as np

from .decode import shown
from .folder import File, usable_classes

_NEAR = 8  # of 255 levels; unlike photographs of the same breed of cat are 15 and more apart


def judge(root: pathlib.Path, files: list[File], notes: list[str]) -> tuple[str, ...]:
    """Give duplicates their reason and return the class names."""
    same = defaultdict(list)
    for file in files:
        if file.reason is None:
            same[file.pixels].append(file)
    for twins in same.values():
        # Of twins on both sides of a split the validation photograph stays, else the first.
        twins.sort(key=lambda file: file.split != "validation")
        if len({file.label for file in twins}) > 1:
            for file in twins:
                other = next(twin for twin in twins if twin.label != file.label)
                file.reason = f"the same picture is in another class ({shown(other.name)})"
        else:
            for file in twins[1:]:
                file.reason = f"the same pixels as another file ({shown(twins[0].name)})"
    classes = usable_classes(root, files)
    for label in sorted({file.label for file in files if file.label} - set(classes)):
        notes.append(f"{label}/ has no usable photograph, so it is no class.")
    return classes


def near_duplicates(files: list[File]) -> list[tuple[File, File]]:
    """Return pairs whose 32 x 32 thumbnails differ by at most 8 of 255 levels (root mean square).

    That finds a picture saved again or at another size; not a crop, and not the next picture
    of a series. Of many that are alike the pairs connect all, and no pair more.
    """
    if not files:
        return []
    blocks = (
        file.thumb.reshape(8, 4, 8, 4, 3).mean(axis=(1, 3), dtype=np.float32) for file in files
    )
    coarse = np.stack([block.ravel() for block in blocks])
    squares = (coarse**2).sum(axis=1)
    # Means over blocks differ no more than the thumbnails do; the 1 is for rounding.
    limit = (_NEAR + 1) ** 2 * coarse.shape[1]
    group = np.arange(len(files))
    pairs = []
    for first in range(len(files)):
        distance = squares[first] + squares[first + 1 :] - 2 * coarse[first + 1 :] @ coarse[first]
        for second in first + 1 + np.flatnonzero(distance <= limit):
            if group[first] != group[second]:
                difference = files[first].thumb.astype(np.float32) - files[second].thumb
                if np.sqrt((difference**2).mean()) <= _NEAR:
                    group[group == group[second]] = group[first]
                    pairs.append((files[first], files[second]))
    for file, number in zip(files, group.tolist(), strict=True):
        file.group = number
    return pairs


def noted(near: list[tuple[File, File]]) -> list[str]:
    """Return what a reader must know of near duplicates."""
    notes = []
    across = [pair for pair in near if pair[0].split != pair[1].split]
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
    return notes


def split(files: list[File], validation: float, seed: int) -> None:
    """Give each file its side: per class, by pictures alone, near duplicates on one side."""
    by_label = defaultdict(list)
    for file in sorted(files, key=lambda file: file.pixels):
        by_label[file.label].append(file)
    for label, members in by_label.items():
        together = defaultdict(list)
        for file in members:
            together[file.group].append(file)
        groups = list(together.values())
        if len(groups) == 1:
            groups = [[file] for file in members]
        salt = int.from_bytes(hashlib.sha256(label.encode()).digest()[:4], "big")
        order = np.random.default_rng([seed, salt]).permutation(len(groups))
        wanted = min(max(1, round(validation * len(members))), len(members) - 1)
        held = 0
        for index in order:
            inside = held + len(groups[index]) <= wanted
            for file in groups[index]:
                file.split = "validation" if inside else "train"
            held += len(groups[index]) * inside
        if held == 0:
            for file in min(groups, key=len):
                file.split = "validation"
