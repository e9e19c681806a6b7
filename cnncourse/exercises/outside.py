"""A check in two processes: one that runs an answer and is not trusted, and one that judges.

`task` says what is to be run, `attempt` runs it and hands out plain data, `verdict` judges what
was handed out as a check would: by the same comparisons, mistakes and messages. Of all that comes
from `attempt` nothing is a mark; whatever it says could as well be said by an answer that lies.
"""

import copy
import dataclasses
import pickle
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from cnncourse.exercises._engine import (
    Seen,
    at_sight,
    blanks,
    names_around,
    seen,
    verdict_on,
)
from cnncourse.exercises._exercise import Exercise
from cnncourse.exercises._limit import Run, limited
from cnncourse.exercises._networks import Fresh
from cnncourse.exercises._observe import Outcome, Tried, conclude, tried
from cnncourse.exercises._show import Verdict, show, show_call
from cnncourse.exercises._values import Unreadable, has_blank

_LONGEST = 2_000  # characters of a text that is handed out; what is shown of one is shorter
JUDGING = 30  # seconds for what a judge computes of one answer


class HandoutError(ValueError):
    """What came from the process of an answer cannot be judged; the message says why."""


@dataclasses.dataclass(frozen=True)
class Task:
    """What is to be run of one exercise; it holds neither solution nor expected values.

    rounds: pickled lists of cases, each of which has its own time limit. names: of the arguments,
    and watched those that must stay as they are, one pair a case and round.
    """

    name: str
    answer: str
    setup: str
    seconds: float
    is_function: bool
    rounds: tuple[bytes, ...]
    names: tuple[tuple[tuple[tuple[str, ...], tuple[str, ...]], ...], ...]
    has_facts: bool


def task(exercise: Exercise, *rounds: Exercise) -> Task:
    """Return what is to be run of an exercise, and of the same one with further cases.

    Raises ValueError where a case is made by code that only its bank has.
    """
    every = (exercise, *rounds)
    try:
        packed = tuple(pickle.dumps(list(one.cases)) for one in every)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"{exercise.name}: its cases cannot be handed to another process ({error}). Make them "
            "of numbers, texts, lists and arrays, or of networks that the course makes."
        ) from error
    return Task(
        exercise.name,
        exercise.answer,
        textwrap.dedent(exercise.setup),
        exercise.seconds,
        bool(exercise.cases),
        packed,
        tuple(
            tuple((tuple(one.arguments(case)), tuple(one.watched(case))) for case in one.cases)
            for one in every
        ),
        exercise.facts is not None,
    )


# Where nothing is trusted -------------------------------------------------------------------------


def attempt(task: Task, answer: Any, hand_out: Callable[[Any, Any], Any]) -> dict:
    """Run an answer on the cases of its task and return what it did, as plain data.

    hand_out(value, arguments): makes plain data of what came back; it runs within the limits.
    """
    given, first = seen(answer), {}
    limited(lambda: first.update(shown=given.shown(), left=blanks(answer)), task.seconds)
    rounds = []
    for number, packed in enumerate(task.rounds):
        if number and rounds[-1]["stopped"]:
            break
        rounds.append(_round(task, number, pickle.loads(packed), answer, hand_out))
    lines, untouched = first.get("left", ([], False))
    return {
        "blank": given.blank,
        "callable": given.callable,
        "routine": given.routine,
        "kind": given.kind,
        "shown": first.get("shown", ""),
        "lines": list(lines),
        "untouched": untouched,
        "rounds": rounds,
    }


def run_quietly(function: Callable[[], None], seconds: float) -> Run:
    """Run code that others wrote with a check's limits; `error` is what it raised."""
    return limited(function, seconds, idle=seconds)


def _round(task, number, cases, answer, hand_out):
    found = []

    def body():
        for place, case in enumerate(cases or [None]):
            arguments = copy.deepcopy(case)
            given = arguments.values() if isinstance(arguments, dict) else arguments or ()
            names, watched = task.names[number][place] if cases else ((), ())
            watched = {n: v for n, v in zip(names, given, strict=False) if n in watched}
            one = tried(answer, arguments, watched)
            found.append(
                {
                    "value": hand_out(one.value, list(given)),
                    "error": one.error,
                    "line": one.line,
                    "refusal": one.refusal,
                    "changed": sorted(one.changed),
                    "states": _states(case, given) if task.has_facts and not one.error else [],
                }
            )

    run = limited(body, task.seconds, names_around(answer))
    return {
        "stopped": run.stopped,
        "stuck": run.stuck,
        "error": show(run.error) if run.error else "",
        "printed": run.printed,
        "tried": found,
    }


def _states(case, given):
    """What is handed out of what was lent: of each argument its state, None where none is asked."""
    items = case.values() if isinstance(case, dict) else case or ()
    return [
        item.state(value) if isinstance(item, Fresh) else None
        for item, value in zip(items, given, strict=True)
    ]


# Outside ------------------------------------------------------------------------------------------


def verdict(
    exercise: Exercise, handed: dict, number: int, revive: Callable[[Any, Sequence], Any]
) -> Verdict:
    """Return the verdict on what `attempt` handed out.

    number: of the round; exercise is the one with its cases. revive(value, arguments) makes of
    what was handed out what a check would have got, and of a state the same without anything that
    it would be unsafe to build; HandoutError of it is passed on.
    """
    exercise.expected  # noqa: B018 - made before a clock starts
    text = _Reader(handed)
    shown = text.string("shown")
    answer = Seen(
        *(text.flag(name) for name in ("blank", "callable", "routine")),
        text.string("kind"),
        lambda: shown,
    )
    told = at_sight(exercise, answer)
    if told is not None:
        return told
    rounds = text.list("rounds")
    if len(rounds) <= number:
        raise HandoutError("its process handed out nothing of these cases")
    one = _Reader(rounds[number])
    outcomes, refused = [], []

    def body():
        for case, entry in zip(exercise.cases or [None], one.list("tried"), strict=False):
            outcomes.append(Outcome(None if case is None else show_call(exercise.answer, case)))
            arguments = copy.deepcopy(case)
            given = arguments.values() if isinstance(arguments, dict) else arguments or ()
            try:
                found = _tried(_Reader(entry), exercise, case, list(given), revive)
            except HandoutError as error:
                refused.append(error)
                return
            conclude(exercise, found, outcomes[-1])

    judging = limited(body, JUDGING, idle=JUDGING)
    if refused:
        raise refused[0]
    if judging.error or not judging.ended:
        why = show(judging.error) if judging.error else f"stopped at its limit of {judging.stopped}"
        raise HandoutError(f"what it handed out cannot be judged: {why}")
    run = _run(one)
    cases = exercise.cases or [None]
    if len(outcomes) < len(cases):
        if run.ended and not run.error:
            raise HandoutError("its process handed out less than it was asked for")
        case = cases[len(outcomes)]
        outcomes.append(Outcome(None if case is None else show_call(exercise.answer, case)))
    left = text.list("lines")[:100], text.flag("untouched")
    left = [n for n in left[0] if type(n) is int and 0 < n < 10**6], left[1]
    return verdict_on(exercise, run, outcomes, left)


def _run(one):
    """How a round's run went."""
    stopped = one.string("stopped")
    if stopped and stopped not in ("computing", "waiting", "memory"):
        raise HandoutError("its process says what it cannot know")
    error = one.string("error")
    return Run(
        ended=not stopped,
        stopped=stopped,
        error=Unreadable(error) if error else None,
        printed=one.string("printed"),
        stuck=one.flag("stuck"),
    )


def _tried(entry, exercise, case, given, revive):
    """What came of one call, from what was handed out of it; what was lent gets its state."""
    items = list(case.values() if isinstance(case, dict) else case or ())
    for item, lent, state in zip(items, given, entry.list("states"), strict=False):
        if isinstance(item, Fresh) and state is not None:
            try:
                item.restore(lent, revive(state, given))
            except HandoutError:
                raise
            except Exception as error:
                raise HandoutError(f"what it made of {item!r} cannot be read: {error}") from error
    value = revive(entry.value("value"), given)
    error = entry.string("error") or None
    return Tried(
        value=value,
        blank=has_blank(value) or "ellipsis" in (error or "").casefold(),
        error=error,
        line=entry.string("line") or None,
        refusal=entry.string("refusal") or None,
        changed=frozenset(n for n in exercise.watched(case) if n in entry.list("changed")),
    )


class _Reader:
    """Takes from plain data of unknown making what is of the kind that it should be."""

    def __init__(self, found):
        self.found = found if isinstance(found, dict) else {}

    def value(self, name):
        return self.found.get(name)

    def flag(self, name):
        return self.found.get(name) is True

    def string(self, name):
        value = self.found.get(name)
        return value[:_LONGEST] if isinstance(value, str) else ""

    def list(self, name):
        value = self.found.get(name)
        return value if isinstance(value, list) else []
