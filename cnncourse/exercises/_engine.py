"""How an answer is judged: run it on the cases, compare it, name the mistake it behaves like.

The reader's code runs in a thread of its own with a time limit. What it gives back is turned
into plain arrays, text, lists and dictionaries inside that thread, so that everything after
it works on data that cannot raise, loop or change.
"""

import ast
import contextlib
import copy
import ctypes
import functools
import inspect
import io
import linecache
import random
import re
import textwrap
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

from cnncourse.exercises._show import Verdict, cut, show, show_call

import numpy as np

DOES_NOTHING = r"pass|return( None)?|raise NotImplementedError.*|'.*'|\".*\"|\.\.\."


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
    facts: Callable[[Any], dict] | None = None
    answer: str = ""
    setup: str = "import numpy as np"
    tolerance: float = 1e-5
    seconds: float = 5.0
    reveal: bool | None = None

    def __post_init__(self):
        if not re.fullmatch(r"\d\d/[a-z0-9_]+", self.name):
            raise ValueError(f"exercise name {self.name!r}: expected two digits, /, snake_case")
        for attribute in ("hints", "mistakes", "right", "cases"):
            if isinstance(getattr(self, attribute), str):
                raise ValueError(f"{self.name}: {attribute} must be a list or tuple, not a string")
        self.answer = self.answer or self.name.split("/")[1]
        if self.reveal is None:
            self.reveal = bool(self.cases or self.facts)

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
    def expected(self):
        """What the reference solution does: one outcome a case."""
        outcomes = self._run_own(self.solution)
        for outcome in outcomes:
            failed = outcome.error or outcome.wrong or outcome.blank or outcome.value is None
            if failed or isinstance(outcome.value, Unreadable):
                raise ValueError(f"{self.name}: its own solution gives {outcome}")
        return outcomes

    @functools.cached_property
    def mistaken(self):
        """What each known mistake does: pairs of the mistake and its outcomes."""
        return [(mistake, self._run_own(mistake.code)) for mistake in self.mistakes]

    def _run_own(self, code):
        outcomes = []
        run = limited(lambda: observe(self, self.fill(code), outcomes), seconds=120)
        if run.error or not run.ended:
            raise RuntimeError(f"{self.name}: the bank's own code does not run") from run.error
        return outcomes


@dataclass
class Outcome:
    """What an answer did on one case."""

    call: str | None
    value: Any = None
    result_type: type | None = None
    error: str | None = None
    line: str | None = None
    wrong: str | None = None
    blank: bool = False


@dataclass
class Unreadable:
    """Stands for a value that is neither numbers, text, list nor dict."""

    shown: str

    def __repr__(self):
        return self.shown


@dataclass
class Run:
    """How a run in a thread ended."""

    ended: bool = False
    error: BaseException | None = None
    printed: str = ""
    stuck: bool = False


class TimeIsUp(SystemExit):
    """Raised inside the reader's code; a SystemExit ends a thread without a traceback."""


class Sink(io.TextIOBase):
    """Takes what an answer prints and keeps the beginning of it."""

    def __init__(self, keep=400):
        super().__init__()
        self.text, self.keep = "", keep

    def writable(self):
        return True

    def write(self, text):
        self.text += text[: max(0, self.keep - len(self.text))]
        return len(text)


def limited(function, seconds):
    """Run function() in a thread; stop it after `seconds` of computing (4 times that of waiting).

    Python code is stopped by an exception that is raised in it again and again. Compiled code
    (a long NumPy call) can only be waited for: it is left to a daemon thread and told of as stuck.
    The global seeds of random and NumPy are as before afterwards, and nothing is printed.
    """
    run, sink = Run(), Sink()

    def body():
        try:
            function()
            run.ended = True
        except TimeIsUp:
            pass
        except BaseException as error:
            run.error, run.ended = error, True

    def stop():
        while thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUp)
            )
            thread.join(0.05)

    thread = threading.Thread(target=body, daemon=True, name="cnncourse-answer")
    seeds = random.getstate(), np.random.get_state()  # noqa: NPY002
    wall, computing = time.monotonic(), time.process_time()
    with warnings.catch_warnings(), contextlib.redirect_stdout(sink):
        warnings.simplefilter("ignore")
        with contextlib.redirect_stderr(sink):
            try:
                thread.start()
                while thread.is_alive():
                    thread.join(0.02)
                    waited = time.monotonic() - wall
                    computed = min(waited, time.process_time() - computing)
                    if computed > seconds or waited > 4 * seconds:
                        break
            finally:  # also when the reader interrupts the cell
                if thread.is_alive():
                    stopper = threading.Thread(target=stop, daemon=True)
                    stopper.start()
                    stopper.join(2)
                    run.ended, run.stuck = False, thread.is_alive()
                random.setstate(seeds[0])
                np.random.set_state(seeds[1])  # noqa: NPY002
    run.printed = sink.text
    return run


def plain(value):
    """The value as an array of numbers, text, a list or a dict of these, or Unreadable."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O" and all(isinstance(item, Number) for item in array.flat):
            array = array.astype(np.float64)  # Fraction, Decimal, very long int
        if array.dtype.kind in "biufc":
            return array.copy() if array.nbytes < 1e8 else array
    except Exception:
        array = None
    if isinstance(value, (list, tuple)) and len(value) <= 1000:
        return [plain(item) for item in value]
    if array is not None and array.dtype.kind == "U" and array.size <= 1000:
        return array.tolist()
    return Unreadable(show(value))


def has_ellipsis(value):
    """Whether a blank is left in the value itself."""
    if isinstance(value, (list, tuple)) and len(value) <= 1000:
        return any(has_ellipsis(item) for item in value)
    if isinstance(value, dict):
        return any(has_ellipsis(item) for item in value.values())
    return value is ... or value is NotImplemented


def observe(exercise, answer, outcomes):
    """Append to outcomes what the answer does on each case, the one under way included."""
    for case in exercise.cases or [None]:
        arguments = copy.deepcopy(case)
        outcome = Outcome(None if case is None else show_call(exercise.answer, case))
        outcomes.append(outcome)
        try:
            value = answer
            if isinstance(case, dict):
                value = answer(**arguments)
            elif case is not None:
                value = answer(*arguments)
            outcome.result_type = type(value)
            if has_ellipsis(value):
                outcome.blank = True
            elif exercise.facts and value is not None:
                outcome.value = plain(exercise.facts(value))
            else:
                outcome.value = plain(value)
        except Wrong as wrong:
            outcome.wrong = str(wrong)
        except TimeIsUp:
            raise
        except BaseException as error:
            outcome.error = f"{type(error).__name__}: {cut(str(error))}"
            outcome.line = line_of(error, answer)


def line_of(error, answer):
    """The last line of the reader's own code that the exception passed through."""
    code = getattr(answer, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in frames if code and frame.filename == code.co_filename]
    return f"line {frames[-1].lineno}: {frames[-1].line}" if frames else None


def blanks(answer):
    """What is left to do in a function: the lines with `...`, and whether nothing is done yet.

    As in x[..., 0] the three dots do not count.
    """
    try:
        lines, start = inspect.getsourcelines(inspect.unwrap(answer))
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except Exception:
        return [], False
    indices = [node.slice for node in ast.walk(tree) if isinstance(node, ast.Subscript)]
    indices = {id(node) for index in indices for node in ast.walk(index)}
    left = sorted(
        max(start, 1) + node.lineno - 1
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value is ... and id(node) not in indices
    )
    body = getattr(tree.body[0], "body", None)
    done = [node for node in body or [] if not re.fullmatch(DOES_NOTHING, ast.unparse(node), re.S)]
    return left, isinstance(body, list) and not done


def words(text):
    return text.casefold().split()


def difference(expected, received, tolerance):
    """Where received is not as expected, in words; None where they agree."""
    if isinstance(expected, dict):
        if not isinstance(received, dict):
            return "a dictionary is expected"
        for key in expected:
            if key not in received:
                return f"{key!r} is missing"
            if difference(expected[key], received[key], tolerance) is not None:
                return key
        return None
    if isinstance(expected, str):
        same = isinstance(received, str) and words(expected) == words(received)
        return None if same else "the text"
    if isinstance(expected, list):
        length = len(received) if isinstance(received, list) or np.ndim(received) else -1
        if length != len(expected):
            return f"{len(expected)} entries are expected"
        for index, (one, other) in enumerate(zip(expected, received, strict=True)):
            if difference(one, plain(other), tolerance) is not None:
                return f"entry [{index}]"
        return None
    if not isinstance(expected, np.ndarray):
        return None if expected is received else "the value"
    if not isinstance(received, np.ndarray):
        return "a number is expected" if expected.ndim == 0 else "numbers are expected"
    if received.shape != expected.shape:
        return f"the shape: {expected.shape or 'a single number'} is expected"
    if expected.dtype.kind in "biu":
        allowed = 0.01  # a whole number may come as a float
    else:
        finite = np.abs(expected[np.isfinite(expected)])
        allowed = tolerance * (finite.max(initial=0) or 1)
    close = np.isclose(
        received,
        expected.astype(np.result_type(expected, np.float64)),
        rtol=0,
        atol=allowed,
        equal_nan=True,
    )
    if close.all():
        return None
    first = [int(index) for index in np.argwhere(~close)[0]]
    return f"{(~close).sum()} of {close.size} entries, first {first}" if first else "the number"


def same(one, other, exercise, by=()):
    """Whether two lists of outcomes agree, on the named facts alone where some are given."""
    if len(one) != len(other):
        return False
    for left, right in zip(one, other, strict=True):
        if (left.error, left.wrong, left.blank) != (right.error, right.wrong, right.blank):
            return False
        known, found = left.value, right.value
        if by and isinstance(known, dict):
            known = {key: known[key] for key in by}
        if difference(known, found, exercise.tolerance) is not None:
            return False
    return True


def judge(exercise, answer):
    """The verdict on a reader's answer."""
    outcomes = []
    expected = exercise.expected
    if answer is ... or answer is NotImplemented:
        return not_attempted(exercise)
    misplaced = misplaced_call(exercise, answer)
    if misplaced:
        return Verdict(exercise.name, "wrong", [("", misplaced)])
    left = []

    def run_answer():
        left.extend(blanks(answer))
        observe(exercise, answer, outcomes)

    run = limited(run_answer, exercise.seconds)
    if not run.ended:
        return out_of_time(exercise, run, outcomes)
    if run.error:
        told = f"This answer cannot be judged: {type(run.error).__name__}: {cut(str(run.error))}"
        return Verdict(exercise.name, "wrong", [("", told)])
    if same(expected, outcomes, exercise):
        return Verdict(exercise.name, "right", [("", exercise.shows)])
    unfinished = any(outcome.blank or "llipsis" in (outcome.error or "") for outcome in outcomes)
    lines, untouched = left
    if lines or untouched or unfinished:
        return not_attempted(exercise, lines)
    for mistake, theirs in exercise.mistaken:
        if same(theirs, outcomes, exercise, mistake.by):
            return wrong(exercise, outcomes, run, mistake)
    return wrong(exercise, outcomes, run)


def misplaced_call(exercise, answer):
    """What to say where a result is given for a function, or a function for a result."""
    name, variable = exercise.name, exercise.answer
    if exercise.cases:
        if callable(answer) and type(answer) is not exercise.expected[0].result_type:
            return None
        return (
            f"`check` wants the function itself, and got {show(answer)}. Write "
            f'`exercises.check("{name}", {variable})`, with no parentheses after `{variable}`.'
        )
    if inspect.isroutine(answer) and not inspect.isroutine(exercise.fill(exercise.solution)):
        return (
            f"`check` got a function, and wants its result: call it, or give `{variable}` a value."
        )
    return None


def not_attempted(exercise, lines=()):
    """The verdict on a blank, and on an answer that still has blanks where it matters."""
    told = exercise.task
    if lines:
        which = ", ".join(map(str, lines))
        told += f" Still to do: `...` in line {which} of the cell."
    parts = [("", told), ("", f'A hint: `exercises.hint("{exercise.name}")`')]
    return Verdict(exercise.name, "not attempted", parts)


def out_of_time(exercise, run, outcomes):
    """The verdict on an answer that does not end."""
    told = (
        f"It was stopped after {exercise.seconds:g} seconds. Is there a loop that never ends, or "
        "one over far more steps than needed?"
    )
    parts = [("", told)]
    if outcomes and outcomes[-1].call:
        parts.append(("On the input", outcomes[-1].call))
    if run.stuck:
        told = (
            "It is still at work inside compiled code, where it cannot be stopped from here: "
            "restart the kernel (Kernel, Restart) if the notebook stays slow."
        )
        parts.append(("", told))
    return Verdict(exercise.name, "wrong", parts)


def wrong(exercise, outcomes, run, mistake=None):
    """The verdict on a wrong answer: the mistake it looks like, expected and received."""
    expected, received, where = first_difference(exercise, outcomes)
    parts = [("", mistake.message)] if mistake else []
    if received.wrong:
        parts.append(("", received.wrong))
    if received.call:
        parts.append(("On the input", received.call))
    if received.error:
        parts.append(("It raised", received.error))
        if received.line:
            parts.append(("In your cell", received.line))
    elif not received.wrong:
        known, found = expected.value, received.value
        if where and isinstance(known, dict) and isinstance(found, dict) and where in known:
            parts.append(("What differs", where))
            known, found = known[where], found.get(where)
            where = None
        if exercise.reveal:
            parts.append(("Expected", show(known)))
        parts.append(("Received", show(found)))
        if found is None and exercise.cases:
            parts.append(("", "A function without `return` gives back None."))
        elif where and (np.ndim(known) or not exercise.reveal or not isinstance(found, np.ndarray)):
            parts.append(("Where it differs", where))
    if run.printed:
        parts.append(("It printed", cut(run.printed.rstrip())))
    if not mistake:
        parts.append(("", f'A hint: `exercises.hint("{exercise.name}")`'))
    return Verdict(exercise.name, "wrong", parts, mistake=mistake)


def first_difference(exercise, outcomes):
    """The first case on which an answer is not as expected: expected, received, where."""
    for expected, received in zip(exercise.expected, outcomes, strict=True):
        if received.error or received.wrong:
            return expected, received, None
        where = difference(expected.value, received.value, exercise.tolerance)
        if where is not None:
            return expected, received, where
    raise AssertionError("no case differs")
