"""Who knows whom: the rooms of the house, the arrows between them, and no arrow without a use."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
OUTSIDE = ("tools", "site", "studies", "benchmarks")

# Whom each room imports: a module or a folder of the package, or a folder beside it. The floor,
# the package's private modules, carries every room of the package.
FLOOR = {"_files", "_keras_config", "_quiet", "_tables"}
KNOWS = {
    "__init__": set(),
    "__main__": {
        *("budget", "classifier", "data", "doctor", "exercises", "grade", "lab", "photos"),
        *("results", "run"),
    },
    "benchmarks": {
        *("budget", "classifier", "data", "exercises", "grade", "lenet", "resnet", "results"),
        "tools",
    },
    "budget": set(),
    "_classifier_file": {"photos"},
    "classifier": {"_classifier_file", "photos"},
    "conv": set(),
    "data": set(),
    "doctor": {"budget", "data"},
    "exercises": {"conv", "data", "results"},  # a trained network is measured, set beside others
    "figures": {"conv", "plots"},
    "grade": {"exercises", "resnet"},  # a layer of lesson 09's, which answers may hand out
    "lab": {"results"},
    "lenet": set(),
    "resnet": set(),
    "photos": set(),
    "plots": set(),
    "results": {"budget"},
    "run": {"budget", "figures", "results"},
    "tools": {"budget", "exercises", "grade", "lab", "results", "run"},  # grade: many machines
    "site": {"__main__", "data", "exercises", "figures", "tools"},
    "studies": {"data", "exercises", "lenet", "photos", "resnet", "tools"},
}
# Private things that are used from another room all the same: (file, module).
TRUSTED = {
    ("benchmarks/runner.py", "_files"),
    ("cnncourse/classifier.py", "_classifier_file"),  # its other half: what a file may hold
    ("tools/answers.py", "exercises"),  # a tool for the engine's makers
    ("tools/handout.py", "_files"),
    ("tools/study.py", "_files"),
}


def room_of(path):
    """The room of a file: the first part of its path below the package, or the folder beside."""
    first, *inside = path.relative_to(ROOT).with_suffix("").parts
    return inside[0] if first == "cnncourse" else first


def files():
    for folder in ("cnncourse", *OUTSIDE):
        yield from sorted((ROOT / folder).rglob("*.py"))


def is_private(name):
    return name.startswith("_") and not name.startswith("__")


def imports(path, tree):
    """Pairs of what is imported, as ("cnncourse", "data", "load"), and the name it gets here."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield tuple(alias.name.split(".")), alias.asname or alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base += tuple(node.module.split(".")) if node.module else ()
            for alias in node.names:
                yield (*base, alias.name), alias.asname or alias.name


def arrows(path):
    """What a file knows outside of its own room: a set of (room, whether by a private name)."""
    tree = ast.parse(path.read_text())
    found, names = set(), {}
    for (first, *rest), name in imports(path, tree):
        if first == "cnncourse" and rest:
            there = ROOT / "cnncourse" / rest[0]
            if not (there.is_dir() or there.with_suffix(".py").is_file()):
                continue  # a name of the package itself, such as __version__
            room, inside = rest[0], rest
        elif first in OUTSIDE:
            room, inside = first, rest
        else:
            continue
        if room != room_of(path):
            names[name] = room
            found.add((room, any(map(is_private, inside))))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            room = names.get(ast.unparse(node.value))
            if room:
                found.add((room, True))
    return found


def known():
    """Each room with the rooms that it imports, the floor left out."""
    found = {}
    for path in files():
        rooms = {room for room, _ in arrows(path)}
        found.setdefault(room_of(path), set()).update(rooms - FLOOR)
    return {room: rooms for room, rooms in found.items() if room not in FLOOR}


def test_every_room_knows_those_it_may_and_no_arrow_is_unused():
    assert known() == KNOWS


def test_nobody_knows_what_starts_the_program():
    knowing = {one for one, rooms in KNOWS.items() if rooms & {"run", "lab", "doctor", "grade"}}
    assert knowing <= {"__main__", "benchmarks", "tools"}
    assert {one for one, rooms in KNOWS.items() if "__main__" in rooms} == {"site"}  # make lessons


@pytest.mark.parametrize("room", sorted(KNOWS))
def test_no_two_rooms_know_each_other(room):
    reached, open_ = set(), {room}
    while open_:
        open_ = set().union(*(KNOWS[one] for one in open_)) - reached
        reached |= open_
    assert room not in reached


def test_what_is_private_stays_in_its_room():
    found = set()
    for path in files():
        inside = path.relative_to(ROOT).parts[0] == "cnncourse"
        for room, private in arrows(path):
            if private and not (inside and room in FLOOR):
                found.add((path.relative_to(ROOT).as_posix(), room))
    assert found == TRUSTED


@pytest.mark.parametrize(
    ("file", "line", "arrow"),
    [
        ("cnncourse/plots.py", "from . import conv", ("conv", False)),
        ("cnncourse/plots.py", "from .data.sources import first", ("data", False)),
        ("cnncourse/plots.py", "import cnncourse.lenet as l", ("lenet", False)),
        ("cnncourse/figures/sizes.py", "from ..plots import _WRONG", ("plots", True)),
        ("cnncourse/figures/sizes.py", "from .. import plots\nplots._as()", ("plots", True)),
        ("cnncourse/exercises/lesson01.py", "from cnncourse import run", ("run", False)),
        ("cnncourse/conv.py", "from tools import lessons", ("tools", False)),
        ("site/stage.py", "from cnncourse.exercises._show import cut", ("exercises", True)),
        ("site/stage.py", "import cnncourse.data\ncnncourse.data._x", ("data", True)),
    ],
)
def test_an_arrow_is_seen_however_it_is_written(file, line, arrow, tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    for there in ("conv.py", "plots.py", "lenet.py", "run.py"):
        (tmp_path / "cnncourse" / there).parent.mkdir(exist_ok=True)
        (tmp_path / "cnncourse" / there).touch()
    for there in ("data", "exercises", "figures"):
        (tmp_path / "cnncourse" / there).mkdir()
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(line)
    assert arrow in arrows(path)
    assert {room for room, _ in arrows(path)} == {arrow[0]}
