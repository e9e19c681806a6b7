"""How an answer is judged: run it on the cases, compare it, name the mistake it behaves like.

The reader's code runs in a thread with a time limit. What it gives back is turned into plain
data there, so that everything afterwards works on values that cannot raise, loop or change.
"""

import ast
import functools
import inspect
import re
import textwrap
import types
from collections.abc import Callable
from dataclasses import dataclass

from cnncourse.exercises._limit import IDLE, InsideAnswerError, inside_answer, limited
from cnncourse.exercises._observe import agree, fits, observe
from cnncourse.exercises._show import Verdict, cut, show
from cnncourse.exercises._state import replaced_functions
from cnncourse.exercises._values import difference


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
    """Whether a statement is a docstring, pass, return of None or dots, or NotImplementedError."""
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    text = ast.unparse(statement)
    return bool(
        re.fullmatch(r"pass|return( None| \.\.\.)?|raise NotImplementedError.*", text, re.DOTALL)
    )


def right(exercise, outcomes):
    """Whether the outcomes are the solution's, and every argument stayed as it was."""
    untouched = not any(outcome.changed for outcome in outcomes)
    return untouched and agree(exercise.expected, outcomes, exercise)


def judge(exercise, answer):
    """The verdict on a reader's answer; InsideAnswerError where an answer asks for it."""
    if inside_answer():
        raise InsideAnswerError
    if replaced := replaced_functions():
        return Verdict(exercise.name, "wrong", [("", told_of_replaced(replaced))])
    verdict = untouched(exercise, answer)
    if verdict is None:
        verdict = at_sight(exercise, seen(answer))
    if verdict is not None:
        return verdict
    exercise.expected  # noqa: B018 - made before the clock starts
    left, outcomes = [], []

    def run_answer():
        left.extend(blanks(answer))
        observe(exercise, answer, outcomes)

    run = limited(run_answer, exercise.seconds, names_around(answer))
    verdict = verdict_on(exercise, run, outcomes, left)
    if verdict.right:
        verdict.parts += reported(exercise, answer)
    return verdict


def untouched(exercise, answer):
    """The verdict on a function in which nothing is written yet; else None.

    What the solution gives is not asked: that may train a network.
    """
    if exercise.cases and isinstance(answer, types.FunctionType) and not vars(answer):
        lines, nothing_done = blanks(answer)
        if nothing_done:
            return not_attempted(exercise, lines)
    return None


@dataclass(frozen=True)
class Seen:
    """What an answer is before it is called: all that is asked of the object itself."""

    blank: bool
    callable: bool
    routine: bool
    kind: str
    shown: Callable[[], str]


def seen(answer):
    """What an answer is, without a call of it."""
    return Seen(
        answer is ... or answer is NotImplemented,
        callable(answer),
        inspect.isroutine(answer),
        kind_of(type(answer)),
        functools.partial(show, answer),
    )


def kind_of(a_type):
    """The whole name of a type."""
    return f"{a_type.__module__}.{a_type.__qualname__}"


def at_sight(exercise, answer):
    """The verdict on an answer that need not be run to be judged; else None."""
    if answer.blank:
        return not_attempted(exercise)
    if misplaced := misplaced_call(exercise, answer):
        return Verdict(exercise.name, "wrong", [("", misplaced)])
    return None


def verdict_on(exercise, run, outcomes, left):
    """The verdict on what an answer did: how its run went, and one outcome a case.

    left: the lines that have blanks, and whether nothing is done yet; empty where the run did not
    come so far.
    """
    if not run.ended:
        return out_of_time(exercise, run, outcomes)
    if run.error:
        told = f"This cannot be judged as an answer: {show(run.error)}"
        return Verdict(exercise.name, "wrong", [("", told)])
    if right(exercise, outcomes):
        if missing := outcomes[0].missing:
            return not_attempted(exercise, missing=missing)
        return Verdict(exercise.name, "right", [("", exercise.shows)])
    lines, nothing_done = left
    refused = any(outcome.wrong == str(InsideAnswerError()) for outcome in outcomes)
    if not refused and (lines or nothing_done or any(outcome.blank for outcome in outcomes)):
        return not_attempted(exercise, lines)
    for mistake, theirs in exercise.mistaken:
        if fits(mistake, theirs, outcomes, exercise):
            return wrong(exercise, outcomes, run.printed, mistake)
    return wrong(exercise, outcomes, run.printed)


def reported(exercise, answer):
    """What the exercise has to say of this right answer, or why that cannot be found out."""
    if exercise.report is None:
        return []
    parts = []
    run = limited(lambda: parts.extend(exercise.report(answer)), exercise.seconds)
    if run.error or not run.ended:
        why = show(run.error) if run.error else f"stopped at its limit of {run.stopped}"
        return [("", f"It could not be measured: {why}")]
    return parts


def names_around(answer):
    """The namespaces in which an answer may make, change or delete names: the notebook's."""
    while isinstance(answer, functools.partial):
        answer = answer.func
    names = answer.__globals__ if isinstance(answer, types.FunctionType) else {}
    return [names] if names.get("__name__") in ("__main__", "answer") else []


def misplaced_call(exercise, answer):
    """What to say where a result is given for a function, or a function for a result."""
    variable, wanted = exercise.answer, kind_of(exercise.expected[0].result_type)
    if exercise.cases and (answer.kind == wanted or not answer.callable):
        return (
            f"`check` wants the function itself, and got {answer.shown()}. Write "
            f'`exercises.check("{exercise.name}", {variable})`, '
            f"with no parentheses after `{variable}`."
        )
    if not exercise.cases and answer.routine and answer.kind != wanted:
        return "`check` got a function, and wants its result: call it with parentheses."
    return None


def not_attempted(exercise, lines=(), missing=()):
    """The verdict on a blank, and on an answer that still has blanks where it matters."""
    parts = [("", exercise.task)]
    if missing:
        parts = [("", "What is filled is right."), ("Still blank", ", ".join(missing))]
    if lines:
        which = "line " if len(lines) == 1 else "lines "
        parts.append(("Still blank in the cell", which + ", ".join(map(str, lines))))
    return Verdict(exercise.name, "not attempted", parts, hints=exercise.hints)


def told_of_replaced(names):
    """What to say where a cell has put something else in the place of NumPy's functions."""
    which = ", ".join(f"`np.{name}`" for name in names[:5])
    return (
        f"A cell has put something else in the place of {which}, and nothing can be compared "
        "without it. Take that line out, restart the kernel and run the cells above again."
    )


def out_of_time(exercise, run, outcomes):
    """The verdict on an answer that was stopped."""
    told = {
        "waiting": (
            "It was stopped at the time limit: it waited for {idle:g} seconds and computed "
            "nothing. Is there a `sleep`, an `input` or a download in it?"
        ),
        "memory": (
            "It was stopped at the limit of memory, 1 GiB. Does it make an array far larger than "
            "needed, or a list that grows without end?"
        ),
    }.get(
        run.stopped,
        "It was stopped at the time limit of {seconds:g} seconds. Is there a loop that "
        "never ends, or one over far more steps than needed?",
    )
    seconds = exercise.seconds
    parts = [("", told.format(seconds=seconds, idle=min(seconds, IDLE)))]
    if outcomes and outcomes[-1].call:
        parts.append(("On the input", outcomes[-1].call))
    if run.stuck:
        why = "while it waits" if run.stopped == "waiting" else "as happens inside compiled code"
        told = f"It could not be stopped, {why}: restart the kernel if the notebook stays slow."
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
    if printed:
        parts.append(("It printed", cut(printed)))
    if received.missing:
        parts.append(("Still blank", ", ".join(received.missing)))
    return Verdict(exercise.name, "wrong", parts, mistake=mistake, hints=exercise.hints)


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
