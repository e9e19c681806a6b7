"""The banks to grade by: the course's own, or an instructor's file in the same format."""

import importlib.util
import pathlib
import sys

from cnncourse import exercises


class BankError(ValueError):
    """A file is no bank; the message says what was expected."""


def all_banks(file: pathlib.Path | None, lesson: str | None) -> dict[str, list]:
    """Return the exercises of each lesson: of a file those in it, else the course's.

    lesson: its two digits, where only one is to be graded. Raises BankError for a file without
    EXERCISES, ValueError for a lesson that there is not.
    """
    if file is not None:
        found = {}
        for exercise in _read(file):
            found.setdefault(exercise.name[:2], []).append(exercise)
    else:
        known = [lesson] if lesson in exercises.lessons() else exercises.lessons()
        found = {one: [exercises.find(name) for name in exercises.names(one)] for one in known}
    if lesson is None:
        return found
    if lesson not in found:
        raise ValueError(f"--lesson {lesson}: expected one of {', '.join(sorted(found))}.")
    return {lesson: found[lesson]}


def _read(file: pathlib.Path) -> list[exercises.Exercise]:
    """The exercises of a file, which is code of the instructor's own and is run here."""
    name = "cnncourse_own_bank"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or not file.is_file():
        raise BankError(f"{file}: expected a Python file with EXERCISES in it.")
    module = importlib.util.module_from_spec(spec)
    before = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # no copy of it beside it
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    found = getattr(module, "EXERCISES", None)
    if not isinstance(found, tuple | list) or not found:
        raise BankError(f"{file}: expected EXERCISES = (Exercise(...), ...) in it.")
    others = [one for one in found if not isinstance(one, exercises.Exercise)]
    names = [one.name for one in found if isinstance(one, exercises.Exercise)]
    if others or len(set(names)) < len(names):
        raise BankError(f"{file}: expected exercises alone, each with a name of its own.")
    return list(found)
