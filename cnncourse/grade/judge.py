"""Judge what came out of the sandbox: the bank's comparisons, its mistakes and its messages."""

import dataclasses
import re
import zlib

from cnncourse.exercises import Exercise, Verdict
from cnncourse.exercises.outside import HandoutError, task, verdict

from . import networks, values
from .notebook import Answers
from .sandbox import Sandbox

# "to look at": what came of it cannot be judged, and counts as not right until somebody has looked.
# "not graded": nobody's answer to this exercise can be, so that it counts for nobody.
STATUSES = ("right", "wrong", "not attempted", "missing", "to look at", "not graded")
SLACK = 15  # seconds on the clock beyond what answers may compute
CHEAP, COSTLY = 20, 3  # hidden inputs of an exercise; the second where Keras makes a call slow


@dataclasses.dataclass(frozen=True)
class Result:
    """What is said of one answer.

    status: one of STATUSES. mistake: the number of the known mistake, counted from 1, 0 for none.
    name: of the exercise. parts: pairs of a label and a text, as in a Verdict.
    """

    name: str
    status: str
    mistake: int = 0
    parts: tuple[tuple[str, str], ...] = ()


class Judging:
    """What is judged of a submission, whoever judges: `names`, `tasks`, `ungraded` and `result`."""

    def judged(self, answers: Answers, sandbox: Sandbox) -> list[Result]:
        """Return one Result an exercise, in the order of the bank."""
        places = {
            number: answers.found[name]
            for number, name in enumerate(self.names)
            if name in answers.found and number in self.tasks
        }
        job = {
            "sources": [cell.source for cell in answers.cells],
            "numbers": [cell.number for cell in answers.cells],
            "places": places,
            "tasks": self.tasks,
        }
        seconds = {n: SLACK + 4 * self.tasks[n].seconds * len(self.tasks[n].rounds) for n in places}
        found = sandbox.run(job, list(places), seconds) if places else {}
        self.begin()
        results = []
        for number, name in enumerate(self.names):
            if name not in answers.found:
                results.append(Result(name, "missing"))
            elif number in self.ungraded:
                results.append(Result(name, "not graded", parts=(("", self.ungraded[number]),)))
            elif isinstance(found[number], str):
                told = f"It could not be judged: {found[number]}. Does it never end, or end Python?"
                results.append(Result(name, "wrong", parts=(("", told),)))
            else:
                results.append(self.result(number, found[number]))
        return results

    def begin(self) -> None:
        """The results of another submission begin."""

    def result(self, number: int, content: bytes) -> Result:
        """What is said of what came out of the sandbox for one answer."""
        raise NotImplementedError


class Judge(Judging):
    """The exercises of one lesson, with hidden inputs drawn from a seed."""

    def __init__(self, exercises: list[Exercise], seed: int):
        self.exercises = list(exercises)
        self.names = [exercise.name for exercise in exercises]
        self.tasks, self.ungraded, self.hidden = {}, {}, {}
        for number, exercise in enumerate(exercises):
            if exercise.report is not None:
                self.ungraded[number] = (
                    "Its answer is a trained network, and nothing is trained here: look at the "
                    "notebook, or run it."
                )
                continue
            if exercise.draw is not None:
                self.hidden[number] = _with_drawn(exercise, seed)
            try:
                self.tasks[number] = task(exercise, *filter(None, [self.hidden.get(number)]))
            except ValueError as error:
                self.ungraded[number] = str(error)

    @property
    def modules(self) -> list[str]:
        """What answers import, so that a sandbox can have it before the first."""
        text = "\n".join(part for one in self.exercises for part in (one.setup, one.filled))
        costly = re.search(r"\b(keras|tensorflow|tf)\b", text)
        return ["numpy", "keras", "tensorflow"] if costly else ["numpy"]

    def prepare(self, number: int) -> None:
        """Run the bank's own answers to an exercise, which is done once."""
        exercise = self.exercises[number]
        exercise.expected, exercise.mistaken  # noqa: B018 - kept
        if number in self.hidden:
            self.hidden[number].expected  # noqa: B018 - kept

    def result(self, number: int, content: bytes) -> Result:
        """What is said of what came out of the sandbox for one answer."""
        exercise = self.exercises[number]
        try:
            handed = values.unpacked(content)
            if not isinstance(handed, dict):
                raise HandoutError("its process handed out no answer")
            if "error" in handed:
                return _raised(exercise, handed)
            told = verdict(exercise, handed, 0, _revive)
            if told.right and number in self.hidden:
                hidden = verdict(self.hidden[number], handed, 1, _revive)
                if not hidden.right:
                    return _found_out(exercise, hidden)
        except (HandoutError, values.ValuesError) as error:
            return Result(exercise.name, "to look at", parts=(("", f"Look at it: {error}."),))
        return Result(exercise.name, told.status, _mistake(exercise, told), tuple(told.parts))


def hidden_inputs(exercise: Exercise) -> int:
    """How many hidden inputs are drawn for an exercise."""
    return COSTLY if re.search(r"\b(keras|layers|network|tf)\b", exercise.filled) else CHEAP


def _with_drawn(exercise: Exercise, seed: int) -> Exercise:
    """The exercise with hidden inputs in the place of its cases."""
    own = [seed, zlib.crc32(exercise.name.encode())]
    return dataclasses.replace(exercise, cases=exercise.drawn(own, hidden_inputs(exercise)))


def _revive(value, arguments):
    """What a check would have got, of a handed-out value: plain ones as they are."""
    if isinstance(value, values.Named) and value.kind == "packed":
        if not isinstance(value.parts, bytes):
            raise HandoutError("its process handed out no value")
        value = values.unpacked(value.parts)
    return networks.reviver(value, arguments)


def _mistake(exercise: Exercise, told: Verdict) -> int:
    """The number of the mistake of a verdict."""
    known = [id(mistake) for mistake in exercise.mistakes]
    return known.index(id(told.mistake)) + 1 if told.mistake else 0


def _raised(exercise: Exercise, handed: dict) -> Result:
    """What is said of a cell that makes no answer."""
    error, line = (handed.get(name) for name in ("error", "line"))
    error = error if isinstance(error, str) else "an error"
    if "ellipsis" in error.casefold() or handed.get("empty") is True:
        return Result(exercise.name, "not attempted", parts=(("", exercise.task),))
    parts = [("", "The cell makes no answer."), ("It raises", error[:500])]
    if isinstance(line, str):
        parts.append(("In the cell", line[:500]))
    notes = handed.get("notes")
    parts += [("", note[:500]) for note in (notes if isinstance(notes, list) else [])
              if isinstance(note, str)][:5]  # fmt: skip
    return Result(exercise.name, "wrong", parts=tuple(parts))


def _found_out(exercise: Exercise, told: Verdict) -> Result:
    """What is said of an answer that is right on the inputs of the check alone."""
    first = "It is right on the inputs that the check shows, and not on others of the same kind."
    parts = (("", first), *told.parts)
    return Result(exercise.name, "wrong", _mistake(exercise, told), parts)
