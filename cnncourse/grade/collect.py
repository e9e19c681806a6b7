"""Find the notebooks that a class has handed in, and whose each of them is.

A folder or a zip, in one of these forms; nothing is unpacked to disk:

    Moodle      Jane Doe_1234_assignsubmission_file/NAME.ipynb, or without folders, older ones with
                `_` at the end of the folder; a group's name or "Participant" in the place of hers
    Canvas      doejane_1234_5678_NAME.ipynb, doejane_LATE_1234_..., anon_aB3dE_5678_...
    nbgrader    submitted/STUDENT/ASSIGNMENT/NAME.ipynb
    a folder    STUDENT/.../NAME.ipynb
    loose       NAME.ipynb, all in one folder or in none, without what the names begin or end with

A zip that a student has handed in is looked into as well.
"""

import dataclasses
import io
import itertools
import pathlib
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator

LARGEST = 100 * 2**20  # bytes of one notebook, outputs included
MOST_FILES = 100_000
MOST_HANDED_IN = 50  # notebooks and zips in a student's own zip: each may cost minutes
_SKIPPED = re.compile(r"__MACOSX|\..*")
_MOODLE = re.compile(r"(?P<student>.+)_(?P<id>\d+)_assignsubmission_file(?:_.*)?", re.S)
_CANVAS = re.compile(
    r"(?P<student>\w+?)(?:_LATE)?_(?P<id>\d+)_\d+_.+"
    r"|(?:LATE_)?(?P<anonymous>anon_[A-Za-z0-9]+)_\d+_.+"
)


class CollectError(ValueError):
    """What was given is no class's work; the message says what was expected."""


@dataclasses.dataclass(frozen=True)
class Submission:
    """One notebook that was handed in, or one line on why there is none.

    student: the name by the form of the folder or zip. id: what the LMS calls the student, "" where
    there is no such thing. path: where the notebook lies in what was given, for people. time:
    when it was last changed, for telling the newer of two. error: why it cannot be read.
    """

    student: str
    id: str
    path: str
    time: float = 0.0
    error: str | None = None
    file: pathlib.Path | None = None  # the notebook, or the zip that it is in
    inside: tuple[str, ...] = ()  # its name in the zip, of a zip in a zip both

    def read(self) -> bytes:
        """Return the notebook's bytes; CollectError where it is damaged or too large."""
        try:
            return _bytes(self.file, self.inside)
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError,
                NotImplementedError) as error:  # fmt: skip
            raise CollectError(f"it cannot be read ({printable(str(error))})") from error


def collect(given: pathlib.Path, names: str | None = None) -> list[Submission]:
    """Return what lies in a folder or zip, in the order of names.

    names: a regular expression with a group `student`, and perhaps one `id`, that is searched in
    each path (with / between folders); without it, the forms above. Raises CollectError where
    there is no notebook, or `names` is no such expression.
    """
    pattern = _pattern(names)
    found = sorted(_entries(given), key=lambda entry: entry.parts)
    if not found:
        raise CollectError(f"{given}: expected notebooks (.ipynb), or a zip of them; found none.")
    naming = _by_pattern(pattern) if pattern else _form(given, found)
    return [_submission(entry, naming) for entry in found]


def printable(text: str) -> str:
    """The text on one line, without what a terminal or a table would take for more than text."""
    text = unicodedata.normalize("NFC", text)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


# What is there ------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Entry:
    parts: tuple[str, ...]  # of its path
    time: float = 0.0
    error: str | None = None
    file: pathlib.Path | None = None
    inside: tuple[str, ...] = ()


def _entries(given: pathlib.Path) -> Iterator[_Entry]:
    if given.is_dir():
        for path in _files(given):
            parts = path.relative_to(given).parts
            if path.is_symlink():
                yield _Entry(parts, error="it is a symbolic link, and is not followed")
            elif path.suffix.lower() == ".zip":
                yield from _in_zip(path, parts)
            else:
                yield _Entry(parts, path.stat().st_mtime, file=path)
    elif zipfile.is_zipfile(given):
        yield from _in_zip(given, ())
    elif given.suffix == ".ipynb" and given.is_file():
        yield _Entry((given.name,), given.stat().st_mtime, file=given)
    else:
        raise CollectError(f"{given}: expected a folder, a zip or a notebook.")


def _files(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    """Notebooks and zips below a folder; links to folders are not entered."""
    for path in sorted(folder.iterdir()):
        if _SKIPPED.fullmatch(path.name):
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        elif path.suffix.lower() in (".ipynb", ".zip"):
            yield path


def _in_zip(path: pathlib.Path, above: tuple[str, ...]) -> Iterator[_Entry]:
    try:
        with zipfile.ZipFile(path) as archive:
            yield from _members(archive, path, above, ())
    except (OSError, zipfile.BadZipFile) as error:
        if not above:
            raise CollectError(f"{path}: no zip, or a damaged one ({error}).") from error
        yield _Entry(above, error=f"it is a damaged zip ({printable(str(error))})")


def _members(archive, path, above, inside) -> Iterator[_Entry]:
    """The notebooks in an archive. above: the path of the archive itself, where it counts."""
    members = archive.infolist()
    if len(members) > MOST_FILES:
        yield _Entry((*above, "..."), error=f"there are more than {MOST_FILES:,} files in it")
        return
    left = MOST_HANDED_IN if above else MOST_FILES
    for member in members:
        parts = tuple(part for part in _name(member).split("/") if part not in ("", "."))
        ending = parts[-1].lower().rpartition(".")[2] if parts else ""
        if member.is_dir() or ending not in ("ipynb", "zip"):
            continue
        if any(_SKIPPED.fullmatch(part) for part in parts if part != ".."):
            continue
        parts, here = (*above, *parts), (*inside, member.filename)
        problem = _problem(member)
        left -= 1
        if left < 0:
            told = f"there are more than {MOST_HANDED_IN} notebooks in it, and these are left out"
            yield _Entry((*above, "..."), error=told)
            return
        if problem or ending == "ipynb":
            yield _Entry(parts, _time(member), problem, path, here)
        elif not inside:
            try:
                with zipfile.ZipFile(io.BytesIO(_unpacked(archive, member))) as inner:
                    yield from _members(inner, path, parts, here)
            except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
                yield _Entry(parts, error=f"it is a damaged zip ({printable(str(error))})")


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name; zips that do not say so mostly have it in UTF-8 all the same."""
    if not member.flag_bits & 0x800:
        try:
            return member.filename.encode("cp437").decode()
        except UnicodeError:
            pass
    return member.filename


def _problem(member: zipfile.ZipInfo) -> str | None:
    name = _name(member).replace("\\", "/")
    if stat.S_ISLNK(member.external_attr >> 16):
        return "it is a symbolic link, and is not followed"
    if name.startswith("/") or ".." in name.split("/") or re.match("[A-Za-z]:", name):
        return "its path leaves the zip"
    if member.flag_bits & 1:
        return "it is encrypted"
    if member.file_size > LARGEST:
        return _too_large(member.file_size)
    return None


def _too_large(size: int) -> str:
    return f"it has {size / 2**20:,.0f} MiB; at most {LARGEST / 2**20:.0f} are read"


def _time(member: zipfile.ZipInfo) -> float:
    year, month, day, hour, minute, second = member.date_time
    return ((((year * 12 + month) * 31 + day) * 24 + hour) * 60 + minute) * 60.0 + second


def _bytes(file: pathlib.Path, inside: tuple[str, ...]) -> bytes:
    if not inside:
        if file.is_symlink():
            raise CollectError("it is a symbolic link, and is not followed")
        with open(file, "rb") as stream:
            return _at_most(stream)
    with zipfile.ZipFile(file) as archive:
        content = _unpacked(archive, inside[0])
    for name in inside[1:]:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = _unpacked(archive, name)
    return content


def _unpacked(archive: zipfile.ZipFile, member) -> bytes:
    with archive.open(member) as stream:
        return _at_most(stream)


def _at_most(stream) -> bytes:
    """What a stream holds: whatever a zip says of its size, no more than may be."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise CollectError(_too_large(len(content)))
    return content


# Whose it is --------------------------------------------------------------------------------------


def _submission(entry: _Entry, naming) -> Submission:
    path = printable("/".join(entry.parts))
    named = naming(entry.parts)
    if named is None:
        error = entry.error or "its path does not fit --names"
        return Submission(path, "", path, entry.time, error, entry.file, entry.inside)
    student, identity = (printable(part).strip() for part in named)
    return Submission(
        student or path, identity, path, entry.time, entry.error, entry.file, entry.inside
    )


def _pattern(names: str | None) -> re.Pattern | None:
    if names is None:
        return None
    try:
        pattern = re.compile(names)
    except re.error as error:
        raise CollectError(f"--names {names!r}: no regular expression ({error}).") from error
    if "student" not in pattern.groupindex:
        raise CollectError(f"--names {names!r}: expected a group (?P<student>...) in it.")
    return pattern


def _by_pattern(pattern: re.Pattern):
    def naming(parts):
        match = pattern.search("/".join(parts))
        found = match.groupdict() if match else {}
        return (found["student"], found.get("id") or "") if found.get("student") else None

    return naming


def _form(given: pathlib.Path, found: list[_Entry]):
    """The form that what was found has as a whole, as a function from a path to a student."""
    paths = [entry.parts for entry in found]
    if all(any(_MOODLE.fullmatch(part) for part in parts) for parts in paths):
        return _moodle
    if all(_CANVAS.fullmatch(parts[0]) for parts in paths):
        return _canvas
    above = 0
    if given.is_dir() and given.name == "submitted":
        return lambda parts: (parts[0], "")
    if all("submitted" in parts[:-2] for parts in paths):
        return lambda parts: (parts[parts.index("submitted") + 1], "")
    while all(len(parts) > above + 1 for parts in paths) and len({p[above] for p in paths}) == 1:
        above += 1  # a folder around all of them
    if above and len(paths) == 1:
        above = 0
    loose = _without_common([parts[-1] for parts in paths if len(parts) <= above + 1])
    return lambda parts: (parts[above] if len(parts) > above + 1 else loose[parts[-1]], "")


def _moodle(parts):
    match = next(filter(None, map(_MOODLE.fullmatch, parts)))
    return match["student"], match["id"]


def _canvas(parts):
    match = _CANVAS.fullmatch(parts[0])
    return (match["anonymous"],) * 2 if match["anonymous"] else (match["student"], match["id"])


def _without_common(files: list[str]) -> dict[str, str]:
    """Names of files without their endings, and without what all begin or end with.

    Of 08_mnist_exercise_anna.ipynb and 08_mnist_exercise_ben.ipynb: anna and ben.
    """
    stems = {file: file.rpartition(".")[0] for file in files}
    if len(stems) < 2:
        return stems
    found = list(stems.values())
    before = _shared(found)
    before = before[: max(map(before.rfind, "_- ")) + 1]
    after = _shared([stem[::-1] for stem in found])
    after = after[: max(map(after.rfind, "_- ")) + 1][::-1]
    rest = {file: stem[len(before) : len(stem) - len(after)] for file, stem in stems.items()}
    return rest if all(rest.values()) else stems


def _shared(texts: list[str]) -> str:
    """The characters that all texts begin with."""
    columns = zip(*texts, strict=False)
    return "".join(c[0] for c in itertools.takewhile(lambda c: len(set(c)) == 1, columns))
