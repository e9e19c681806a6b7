"""What became of each file of a folder."""

import dataclasses
import html
import pathlib
import re

from .._tables import as_html, as_text
from .decode import shown

_FIRST = ("used", "converted")


@dataclasses.dataclass(frozen=True)
class Tidy:
    """What `prepare` wrote, {train,validation}/<class>/* under `path`, and where each file went.

    as_is: files used as they are. converted: {file: what was done}. left_out: {file: why}.
    The three hold every file of `folder` once, by its name in it; `fates` has them all.
    counts: {"train": {class: photographs}, "validation": {class: photographs}}.
    origin: {file under `path`: file in the folder it was made from}.
    notes: what else a reader must know.
    name, caption, stand_in and provenance are as those of a data.DataSet.
    """

    folder: pathlib.Path
    class_names: tuple[str, ...]
    counts: dict[str, dict[str, int]]
    as_is: tuple[str, ...]
    converted: dict[str, str]
    left_out: dict[str, str]
    near_duplicates: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    path: pathlib.Path
    origin: dict[str, str]
    name: str
    caption: str
    stand_in: bool
    provenance: dict

    @property
    def fates(self) -> dict[str, str]:
        """What became of each file, the left out among them, in the order of their names."""
        fates = dict.fromkeys(self.as_is, "used as they are")
        fates |= {file: f"converted: {done}" for file, done in self.converted.items()}
        fates |= {file: f"left out: {why}" for file, why in self.left_out.items()}
        return dict(sorted(fates.items()))

    @property
    def files(self) -> int:
        """How many files the folder holds, the left out among them."""
        return len(self.as_is) + len(self.converted) + len(self.left_out)

    def _head(self) -> str:
        return f"{self.files:,} files in {shown(self.folder.name or self.folder)}/ ({self.caption})"

    def _tables(self) -> tuple[list[list[str]], list[list[str]]]:
        """Photographs by class and split, and files by what became of them; headings first."""
        classes = [["class", *self.counts]]
        for label in self.class_names:
            classes.append([shown(label), *(f"{n[label]:,}" for n in self.counts.values())])
        classes.append(["all", *(f"{sum(n.values()):,}" for n in self.counts.values())])
        groups = {"used as they are": []}
        for file, fate in self.fates.items():
            groups.setdefault(re.sub(r" \(.*?\)(?=;|$)", "", fate), []).append((file, fate))

        def place(group):
            fate, members = group
            return [not fate.startswith(kind) for kind in _FIRST], -len(members)

        files = [["files", "what became of them", "for example"]]
        for fate, members in sorted(groups.items(), key=place):
            said = members[0][1] if len(members) == 1 else fate
            files.append([f"{len(members):,}", said, _examples([file for file, _ in members])])
        return classes, files

    def __repr__(self) -> str:
        return "\n".join([self._head(), *map(as_text, self._tables()), *self.notes])

    def _repr_html_(self) -> str:
        notes = (f"<p>{html.escape(note)}</p>" for note in self.notes)
        head = f"<p>{html.escape(self._head())}</p>"
        return "".join([head, *map(as_html, self._tables()), *notes])


def _examples(files: list[str]) -> str:
    names = [name if len(name) <= 40 else f"...{name[-37:]}" for name in map(shown, files[:2])]
    return ", ".join(names) + (", ..." if len(files) > 2 else "")
