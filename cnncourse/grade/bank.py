"""The banks to grade by: the course's own, or an instructor's file in the same format."""

import types

from cnncourse import exercises


class BankError(ValueError):
    """A file is no bank; the message says what was expected."""


def all_banks(own: bytes | None, lesson: str | None) -> dict[str, list]:
    """Return the exercises of each lesson: of a bank of one's own those in it, else the course's.

    own: what a Python file with EXERCISES holds. lesson: its two digits, where only one is to be
    graded. Raises BankError for a file without EXERCISES, ValueError for a lesson that there is
    not.
    """
    if own is not None:
        found = {}
        for exercise in _exercises(own):
            found.setdefault(exercise.name[:2], []).append(exercise)
    else:
        known = [lesson] if lesson in exercises.lessons() else exercises.lessons()
        found = {one: [exercises.find(name) for name in exercises.names(one)] for one in known}
    if lesson is None:
        return found
    if lesson not in found:
        raise ValueError(f"--lesson {lesson}: expected one of {', '.join(sorted(found))}.")
    return {lesson: found[lesson]}


def _exercises(own: bytes) -> list[exercises.Exercise]:
    """The exercises of a bank, which is code of the instructor's own and is run here."""
    module = types.ModuleType("cnncourse_own_bank")
    try:
        exec(compile(own, "<the bank>", "exec"), vars(module))
    except Exception as error:
        raise BankError(f"--bank: it raises {type(error).__name__}: {error}") from error
    found = getattr(module, "EXERCISES", None)
    if not isinstance(found, tuple | list) or not found:
        raise BankError("--bank: expected EXERCISES = (Exercise(...), ...) in the file.")
    others = [one for one in found if not isinstance(one, exercises.Exercise)]
    names = [one.name for one in found if isinstance(one, exercises.Exercise)]
    if others or len(set(names)) < len(names):
        raise BankError("--bank: expected exercises alone, each with a name of its own.")
    return list(found)
