"""What an answer does on each case, as plain data, and whether two answers do the same."""

import ast
import copy
import re
import sys
import traceback
from dataclasses import dataclass, field
from typing import Any

from cnncourse.exercises._limit import InsideAnswerError, TimeIsUp
from cnncourse.exercises._show import cut, show, show_call
from cnncourse.exercises._state import kept_modules
from cnncourse.exercises._values import MOST_NUMBERS, difference, has_blank, identical, plain

import numpy as np


class Wrong(Exception):  # noqa: N818
    """Raised by an exercise's `facts` to say, in its own words, why an answer is wrong."""


@dataclass
class Outcome:
    """What an answer did on one case.

    call: the case as the reader would write it; value: what came, as plain data.
    wrong: what `facts` says against it; error, line: what was raised, and where.
    blank: whether `...` came.
    changed: the names of the arguments that are not as they were and should be.
    missing: the names of the entries that came as `...` and were judged as the solution's.
    """

    call: str | None
    value: Any = None
    result_type: type | None = None
    wrong: str | None = None
    error: str | None = None
    line: str | None = None
    blank: bool = False
    changed: frozenset[str] = frozenset()
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Trial:
    """One case as a Mistake's `when` sees it: values as plain data, None for one that raised.

    given: the case's arguments by the names of the solution's parameters; right: whether the
    answer did what the solution does; error: what it raised.
    """

    given: dict[str, Any]
    expected: Any
    received: Any
    right: bool
    error: str | None = None


def observe(exercise, answer, outcomes):
    """Append to outcomes what the answer does on each case; the last is the one under way."""
    for case in exercise.cases or [None]:
        outcomes.append(Outcome(None if case is None else show_call(exercise.answer, case)))
        arguments = copy.deepcopy(case)
        conclude(exercise, tried(answer, arguments, exercise.watched(arguments)), outcomes[-1])


@dataclass
class Tried:
    """What came of one call of an answer, before anything of it is judged.

    value: what it gave back; blank: whether there is `...` in it; error, line: what was raised,
    and where; refusal: what is said to an answer that asks for a check; changed: the names of
    watched arguments that are not as they were.
    """

    value: Any = None
    blank: bool = False
    error: str | None = None
    line: str | None = None
    refusal: str | None = None
    changed: frozenset[str] = frozenset()


def tried(answer, arguments, watched):
    """Call an answer; TimeIsUp is raised, and whatever else it raises is part of what came.

    arguments: a tuple, a dict, or None for an answer that is a value itself. watched: those of
    them by name that must stay as they are.
    """
    found = Tried()
    before = {name: state(value) for name, value in watched.items()}
    try:
        with kept_modules():
            found.value = called(answer, arguments)
        found.blank = has_blank(found.value)
        found.changed = frozenset(
            name for name, value in watched.items() if not identical(before[name], state(value))
        )
    except TimeIsUp:
        raise
    except InsideAnswerError as refusal:
        return Tried(refusal=str(refusal))
    except BaseException as error:
        # TensorFlow ends the same message so from its second time in a process on.
        text = str(error).removesuffix(" name: ")
        told = f"{type(error).__name__}: {cut(text)}"
        return Tried(blank="ellipsis" in told.casefold(), error=told, line=line_of(error, answer))
    return found


def conclude(exercise, found, outcome):
    """Write into the outcome of a case what came of the call, and what is judged of it."""
    outcome.wrong, outcome.error, outcome.line = found.refusal, found.error, found.line
    outcome.blank, outcome.changed = found.blank, found.changed
    if found.refusal or found.error:
        return
    value = found.value
    outcome.result_type = type(value)
    if outcome.blank and not exercise.cases:
        value = completed(value, exercise, outcome.missing)
        outcome.blank = not outcome.missing
    if exercise.facts and value is not None and not outcome.blank:
        if isinstance(value, np.ndarray) and value.size > MOST_NUMBERS:
            outcome.wrong = f"This has {value.size:,} numbers, far more than are asked for."
            return
        try:
            value = exercise.facts(value)
        except Wrong as wrong:
            outcome.wrong = str(wrong)
            return
        except Exception:
            outcome.wrong = f"This cannot be judged as an answer: {show(value)}"
            return
    outcome.value = plain(value)


def called(answer, arguments):
    """What the answer gives back; without arguments it is a value itself."""
    if isinstance(arguments, dict):
        return answer(**arguments)
    return answer if arguments is None else answer(*arguments)


def state(value):
    """What an answer may not change of an argument, as plain data; of a network its weights."""
    keras = sys.modules.get("keras")
    return plain(value.get_weights() if keras and isinstance(value, keras.Model) else value)


def completed(value, exercise, missing):
    """The value with the solution's entries in place of its blanks, whose names go to missing.

    Where nothing is filled, or its entries are not those of the solution, it comes back as it is.
    """
    reference = exercise.reference
    if isinstance(value, dict) and isinstance(reference, dict) and value.keys() == reference.keys():
        names = {key: str(key) for key in value}
    elif isinstance(reference, (list, tuple)) and len(reference) == len(value):
        made_of = getattr(ast.parse(exercise.answer, mode="eval").body, "elts", [])
        names = {i: f"entry {i + 1}" for i in range(len(value))}
        names |= {i: ast.unparse(element) for i, element in enumerate(made_of)}
    else:
        return value
    blank = [key for key in names if has_blank(value[key])]
    if len(blank) == len(names):
        return value
    missing.extend(names[key] for key in blank)
    filled = {key: without_blanks(value[key], reference[key]) for key in names}
    return filled if isinstance(value, dict) else type(value)(filled.values())


def without_blanks(value, reference):
    """The value with what the reference has in the place of each `...`, also inside of lists."""
    if value is ... or value is NotImplemented:
        return reference
    lists = all(isinstance(one, (list, tuple)) for one in (value, reference))
    if lists and has_blank(value) and len(value) == len(reference):
        return [without_blanks(*pair) for pair in zip(value, reference, strict=True)]
    return value


def line_of(error, answer):
    """The last line of the reader's own code that the exception passed through."""
    code = getattr(answer, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in frames if code and frame.filename == code.co_filename]
    return f"line {frames[-1].lineno}: {frames[-1].line}" if frames else None


def agree(known, found, exercise, by=()):
    """Whether two lists of outcomes are the same, by the named facts alone where some are given."""
    for one, other in zip(known, found, strict=True):
        if (one.wrong, one.blank) != (other.wrong, other.blank):
            return False
        if not by and not one.changed <= other.changed:
            return False
        if unnumbered(one.error) != unnumbered(other.error):
            return False
        value = one.value
        if by and isinstance(value, dict):
            value = {key: value[key] for key in by}
        if difference(value, other.value, exercise.tolerance) is not None:
            return False
    return True


def fits(mistake, theirs, outcomes, exercise):
    """Whether an answer's outcomes are a mistake's, or such as its `when` knows them."""
    if mistake.when is None:
        return agree(theirs, outcomes, exercise, mistake.by)
    if any(outcome.wrong or outcome.blank or outcome.changed for outcome in outcomes):
        return False
    trials = [
        Trial(
            exercise.arguments(case),
            known.value,
            found.value,
            agree([known], [found], exercise),
            found.error,
        )
        for case, known, found in zip(
            exercise.cases or [None], exercise.expected, outcomes, strict=True
        )
    ]
    try:
        with np.errstate(all="ignore"):
            return bool(mistake.when(trials))
    except Exception:  # values of a kind or shape that `when` does not compare
        return False


def unnumbered(error):
    """An error's text without the numbers that Keras gives its layers as they are made."""
    return error and re.sub(r"\b([a-z][a-z0-9_]*?)_\d+\b", r"\1", error)
