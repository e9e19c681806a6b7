"""How an answer is judged: run it on the cases, compare it, name the mistake it behaves like.

The reader's code runs in a thread with a time limit. What it gives back is turned into plain
data there, so that everything afterwards works on values that cannot raise, loop or change.
"""

import ast
import copy
import functools
import inspect
import linecache
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cnncourse.exercises._limit import TimeIsUp, limited
from cnncourse.exercises._show import Verdict, cut, show, show_call
from cnncourse.exercises._values import Unreadable, difference, has_blank, identical, plain

import numpy as np

_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")
MOST_NUMBERS = 10**7  # a view of more can be computed with for hours, and not be stopped


class Wrong(Exception):  # noqa: N818
    """Raised by an exercise's `facts` to say, in its own words, why an answer is wrong."""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A wrong answer that readers give, and what they are told.

    code: what fills the blank cell.
    message: what the reader learns: what this answer does, and why that is not what is asked.
    by: the names of the facts that give the mistake away (default: every fact or case agrees).
    """

    code: str
    message: str
    by: Sequence[str] = ()


@dataclass(eq=False, kw_only=True)
class Exercise:
    """One exercise; `cnncourse/exercises/__init__.py` shows how to write one.

    name: "NN/name", as in the tag of the blank cell.
    task: one line that says what to do.
    hints: in steps, each nearer to the answer.
    solution: the code that fills the blank cell.
    shows: what a right answer shows.
    mistakes: wrong answers with their messages, at least two.
    right: other code that fills the blank cell and is as right as the solution.
    cases: for a function, the arguments of each call: a tuple, or a dict of keyword arguments.
    draw: makes one more case of this exercise's kind from a NumPy generator; `drawn` calls it.
    changes: the solution's parameters whose arguments an answer may change. All others are
        compared after each call with what they were before it.
    facts: what is judged where values cannot be compared: takes the answer (with cases, what the
        answer returns) and gives a dict of named facts, equal for every right answer; raises
        Wrong to say why an answer cannot be judged.
    answer: the expression given to `check` (default: the name behind the slash).
    setup: code that runs before the solution: what the lesson's earlier cells provide.
    tolerance: allowed difference of floating-point numbers, as a part of the largest expected.
    seconds: the time limit for the reader's code.
    reveal: whether a wrong answer is shown the expected value (default: not for a plain value).
    """

    name: str
    task: str
    hints: Sequence[str]
    solution: str
    shows: str
    mistakes: Sequence[Mistake]
    right: Sequence[str] = ()
    cases: Sequence[tuple | dict] = ()
    draw: Callable[[np.random.Generator], tuple | dict] | None = None
    changes: Sequence[str] = ()
    facts: Callable[[Any], dict] | None = None
    answer: str = ""
    setup: str = "import numpy as np"
    tolerance: float = 1e-5
    seconds: float = 5.0
    reveal: bool | None = None

    def __post_init__(self):
        if not re.fullmatch(r"\d\d/[a-z0-9_]+", self.name):
            raise ValueError(f"exercise name {self.name!r}: expected two digits, /, snake_case")
        for attribute in ("hints", "mistakes", "right", "cases", "changes"):
            if isinstance(getattr(self, attribute), str):
                raise ValueError(f"{self.name}: {attribute} must be a list or tuple, not a string")
        self.answer = self.answer or self.name.split("/")[1]
        if self.reveal is None:
            self.reveal = bool(self.cases or self.facts)

    def drawn(self, seed, n):
        """n further cases, always the same for a seed; ValueError without `draw`."""
        if self.draw is None:
            raise ValueError(f"{self.name} has no draw(rng), which would make further cases")
        rng = np.random.default_rng(seed)
        return [self.draw(rng) for _ in range(n)]

    @property
    def filled(self):
        """The solution as it stands in the blank cell."""
        return textwrap.dedent(self.solution).strip()

    def fill(self, code):
        """Run code in the place of the blank cell and return the answer that it makes."""
        code = textwrap.dedent(code).strip()
        filename = f"<{self.name} {abs(hash(code)):x}>"
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
        namespace = {"__name__": "answer"}
        exec(textwrap.dedent(self.setup), namespace)
        exec(compile(code, filename, "exec"), namespace)
        return eval(self.answer, namespace)

    @functools.cached_property
    def parameters(self):
        """The names of the parameters in the solution's `def`, in order."""
        for node in ast.parse(self.filled).body:
            if isinstance(node, ast.FunctionDef) and node.name == self.answer:
                return [argument.arg for argument in node.args.args]
        return []

    def arguments(self, case):
        """A case's arguments by name: that of the parameter, or "argument 3" where it has none."""
        if isinstance(case, dict):
            return case
        unnamed = [f"argument {number + 1}" for number in range(len(case or ()))]
        names = self.parameters + unnamed[len(self.parameters) :]
        return dict(zip(names, case or (), strict=False))

    @functools.cached_property
    def expected(self):
        """What the reference solution does: one outcome a case."""
        outcomes = self._run_own(self.solution)
        for outcome in outcomes:
            failed = outcome.error or outcome.wrong or outcome.blank or outcome.value is None
            if failed or outcome.changed or isinstance(outcome.value, Unreadable):
                raise ValueError(f"{self.name}: its own solution gives {outcome}")
        return outcomes

    @functools.cached_property
    def mistaken(self):
        """What each known mistake does: pairs of the mistake and its outcomes."""
        return [(mistake, self._run_own(mistake.code)) for mistake in self.mistakes]

    def _run_own(self, code):
        # Import outside of the thread: logging keeps the output stream that it finds.
        exec(textwrap.dedent(self.setup), {})
        outcomes = []

        def run_code():
            answer = self.fill(code)
            if code is self.solution:
                self.reference = answer
            observe(self, answer, outcomes)

        run = limited(run_code, seconds=120)
        if run.error or not run.ended:
            raise RuntimeError(f"{self.name}: the bank's own code does not run") from run.error
        return outcomes


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


def observe(exercise, answer, outcomes):
    """Append to outcomes what the answer does on each case; the last is the one under way."""
    for case in exercise.cases or [None]:
        outcome = Outcome(None if case is None else show_call(exercise.answer, case))
        outcomes.append(outcome)
        arguments = copy.deepcopy(case)
        given = {
            name: state(value)
            for name, value in exercise.arguments(arguments).items()
            if name not in exercise.changes
        }
        try:
            if isinstance(case, dict):
                value = answer(**arguments)
            else:
                value = answer if case is None else answer(*arguments)
            outcome.result_type = type(value)
            outcome.blank = has_blank(value)
            if outcome.blank and not exercise.cases:
                value = completed(value, exercise, outcome.missing)
                outcome.blank = not outcome.missing
            left = exercise.arguments(arguments)
            outcome.changed = frozenset(
                name for name, before in given.items() if not identical(before, state(left[name]))
            )
        except TimeIsUp:
            raise
        except BaseException as error:
            outcome.error = f"{type(error).__name__}: {cut(str(error))}"
            outcome.line = line_of(error, answer)
            outcome.blank = "ellipsis" in outcome.error.casefold()
            continue
        if exercise.facts and value is not None and not outcome.blank:
            if isinstance(value, np.ndarray) and value.size > MOST_NUMBERS:
                outcome.wrong = f"This has {value.size:,} numbers, far more than are asked for."
                continue
            try:
                value = exercise.facts(value)
            except Wrong as wrong:
                outcome.wrong = str(wrong)
                continue
            except Exception:
                outcome.wrong = f"This cannot be judged as an answer: {show(value)}"
                continue
        outcome.value = plain(value)


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
    filled = {key: reference[key] if key in blank else value[key] for key in names}
    return filled if isinstance(value, dict) else type(value)(filled.values())


def state(argument):
    """What an answer could change of an argument, as plain data; of a network, its weights."""
    keras = sys.modules.get("keras")
    if keras and isinstance(argument, keras.Model):
        return [weight.copy() for weight in argument.get_weights()]
    return plain(argument)


def line_of(error, answer):
    """The last line of the reader's own code that the exception passed through."""
    code = getattr(answer, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in frames if code and frame.filename == code.co_filename]
    return f"line {frames[-1].lineno}: {frames[-1].line}" if frames else None


def blanks(answer):
    """What is left to do in a function: the lines with `...`, and whether nothing is done yet.

    The three dots of x[..., 0] are no blank.
    """
    try:
        lines, start = inspect.getsourcelines(inspect.unwrap(answer))
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except Exception:
        return [], False
    indices = [node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
    indices = {id(node) for index in indices for node in ast.walk(index)}
    left = {
        max(start, 1) + node.lineno - 1
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value is ... and id(node) not in indices
    }
    body = getattr(tree.body[0], "body", None)
    untouched = isinstance(body, list) and all(does_nothing(statement) for statement in body)
    return sorted(left), untouched


def does_nothing(statement):
    """Whether a statement is a docstring, pass, return None or raise NotImplementedError."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    text = ast.unparse(statement)
    return bool(re.fullmatch(r"pass|return( None)?|raise NotImplementedError.*", text, re.DOTALL))


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


def right(exercise, outcomes):
    """Whether the outcomes are the solution's, and every argument stayed as it was."""
    untouched = not any(outcome.changed for outcome in outcomes)
    return untouched and agree(exercise.expected, outcomes, exercise)


def unnumbered(error):
    """An error's text without the numbers that Keras gives its layers as they are made."""
    return error and re.sub(r"\b([a-z][a-z0-9_]*?)_\d+\b", r"\1", error)


def judge(exercise, answer):
    """The verdict on a reader's answer."""
    exercise.expected  # noqa: B018 - made before the clock starts
    if answer is ... or answer is NotImplemented:
        return not_attempted(exercise)
    misplaced = misplaced_call(exercise, answer)
    if misplaced:
        return Verdict(exercise.name, "wrong", [("", misplaced)])
    left, outcomes = [], []

    def run_answer():
        left.extend(blanks(answer))
        observe(exercise, answer, outcomes)

    run = limited(run_answer, exercise.seconds)
    if not run.ended:
        return out_of_time(exercise, run, outcomes)
    if run.error:
        told = f"This cannot be judged as an answer: {show(run.error)}"
        return Verdict(exercise.name, "wrong", [("", told)])
    if right(exercise, outcomes):
        if missing := outcomes[0].missing:
            return not_attempted(exercise, missing=missing)
        return Verdict(exercise.name, "right", [("", exercise.shows)])
    lines, untouched = left
    if lines or untouched or any(outcome.blank for outcome in outcomes):
        return not_attempted(exercise, lines)
    for mistake, theirs in exercise.mistaken:
        if agree(theirs, outcomes, exercise, mistake.by):
            return wrong(exercise, outcomes, run.printed, mistake)
    return wrong(exercise, outcomes, run.printed)


def misplaced_call(exercise, answer):
    """What to say where a result is given for a function, or a function for a result."""
    variable, wanted = exercise.answer, exercise.expected[0].result_type
    if exercise.cases and (type(answer) is wanted or not callable(answer)):
        return (
            f"`check` wants the function itself, and got {show(answer)}. Write "
            f'`exercises.check("{exercise.name}", {variable})`, '
            f"with no parentheses after `{variable}`."
        )
    if not exercise.cases and inspect.isroutine(answer) and type(answer) is not wanted:
        return "`check` got a function, and wants its result: call it with parentheses."
    return None


def ask_for_hint(exercise):
    return ("", f'A hint: `exercises.hint("{exercise.name}")`')


def not_attempted(exercise, lines=(), missing=()):
    """The verdict on a blank, and on an answer that still has blanks where it matters."""
    parts = [("", exercise.task)]
    if missing:
        parts = [("", "What is filled is right."), ("Still blank", ", ".join(missing))]
    if lines:
        which = "line " if len(lines) == 1 else "lines "
        parts.append(("Still blank in the cell", which + ", ".join(map(str, lines))))
    return Verdict(exercise.name, "not attempted", [*parts, ask_for_hint(exercise)])


def out_of_time(exercise, run, outcomes):
    """The verdict on an answer that does not end."""
    told = (
        f"It was stopped at the time limit of {exercise.seconds:g} seconds. Is there a loop that "
        "never ends, or one over far more steps than needed?"
    )
    parts = [("", told)]
    if outcomes and outcomes[-1].call:
        parts.append(("On the input", outcomes[-1].call))
    if run.stuck:
        told = (
            "It could not be stopped, as happens inside compiled code: restart the kernel if the "
            "notebook stays slow."
        )
        parts.append(("", told))
    return Verdict(exercise.name, "wrong", parts)


def wrong(exercise, outcomes, printed, mistake=None):
    """The verdict on a wrong answer: the mistake it looks like, expected and received."""
    by = mistake.by if mistake else ()
    pairs = list(zip(exercise.expected, outcomes, strict=True))
    differing = [pair for pair in pairs if not agree([pair[0]], [pair[1]], exercise, by)]
    expected, received = (differing or [pair for pair in pairs if pair[1].changed])[0]
    parts = [("", mistake.message)] if mistake else []
    if received.wrong:
        parts.append(("", received.wrong))
    changed = {name for outcome in outcomes for name in outcome.changed}
    if changed and not (mistake and changes_too(exercise, mistake)):
        parts.append(("", told_of_change(sorted(changed))))
    if received.call:
        parts.append(("On the input", received.call))
    if received.error:
        parts.append(("It raised", received.error))
        if received.line:
            parts.append(("In your cell", received.line))
    elif differing and not received.wrong:
        parts += expected_and_received(exercise, expected.value, received.value, by)
    printed = _CONTROLS.sub("", printed).rstrip()
    if printed:
        parts.append(("It printed", cut(printed)))
    if received.missing:
        parts.append(("Still blank", ", ".join(received.missing)))
    if not mistake:
        parts.append(ask_for_hint(exercise))
    return Verdict(exercise.name, "wrong", parts, mistake=mistake)


def changes_too(exercise, mistake):
    """Whether the mistake's own code changes an argument, so that its message tells of it."""
    (theirs,) = [theirs for known, theirs in exercise.mistaken if known is mistake]
    return any(outcome.changed for outcome in theirs)


def told_of_change(names):
    """What to say where arguments are not as they were."""
    which = " and ".join(f"`{name}`" for name in names)
    return (
        f"This changes {which}, which must stay as it was: what is handed over is not copied, so "
        "later cells would work with something else. Change a copy."
    )


def expected_and_received(exercise, expected, received, by):
    """The parts of a verdict that set two values beside each other."""
    if received is None:
        return [("Received", "None, as from a function without return")]
    parts = []
    if isinstance(expected, dict) and isinstance(received, dict):
        chosen = {key: expected[key] for key in by or expected}
        key = difference(chosen, received, exercise.tolerance)
        parts.append(("What differs", key))
        expected, received = expected[key], received.get(key)
    if exercise.reveal:
        parts.append(("Expected", show(expected)))
    parts.append(("Received", show(received)))
    where = difference(expected, received, exercise.tolerance)
    if where not in ("the number", "the text", "the value"):
        parts.append(("Where it differs", where))
    return parts
