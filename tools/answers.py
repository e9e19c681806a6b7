"""Put every single change to an exercise's solution to its check, and say what the check missed.

    python -m tools.answers 04/stop_and_best    one exercise, a lesson ("04") or, without, all
    python -m tools.answers 08 --draws 50       more drawn cases than there would be

A change that passes must do what the solution does on drawn inputs, and an answer that is told the
message of a mistake must do on them what that mistake does. Each change is one of

    accepted    it passes
    named       it gets the message of a known mistake
    generic     it is wrong, and no message fits
    blank       it is taken for an answer not attempted
    broken      the blank cell itself raises, so that there is nothing to check

and can be a finding: a "hole" passes and does something else on drawn inputs; an "untrue" one is
told of a mistake that does something else; "by facts" passes, gives something else than the
solution, and is right only if the exercise leaves that open; "no draw" cannot be told.
"""

import argparse
import collections
import copy
import dataclasses
import functools
import sys
import time

from cnncourse import exercises
from cnncourse.exercises import _engine, _limit, _observe
from cnncourse.exercises._values import difference, plain
from tools.changes import Change, changes

KINDS = ("accepted", "named", "generic", "blank", "broken")
SEED = 16


@dataclasses.dataclass(frozen=True)
class Judged:
    """A changed solution: what its check said, what kind that is, and what is wrong with it."""

    change: Change
    verdict: exercises.Verdict | None
    kind: str
    finding: str = ""
    where: str = ""


class Sweep:
    """The changes to one exercise's solution, each judged and compared on drawn inputs.

    draws: how many cases to draw (default: 40; 4 where Keras makes calls costly).
    """

    def __init__(self, exercise, draws=None):
        builds = any(word in exercise.filled for word in ("keras", "layers", "network"))
        costly = builds and "keras" in exercise.setup
        draws = draws or (4 if costly else 40)
        seconds = 5 if costly else 1  # a changed answer may never end
        exercise.expected, exercise.mistaken  # noqa: B018 - made before the limit is lowered
        self.exercise = copy.copy(exercise)
        self.exercise.seconds = seconds
        self.drawn = None
        if exercise.draw:
            self.drawn = dataclasses.replace(
                exercise, cases=exercise.drawn(SEED, draws), seconds=seconds
            )
            self.drawn.expected  # noqa: B018 - an error in draw is one here
        self.theirs = functools.cache(lambda code: self.on_drawn(self.exercise.fill(code)))

    def judge(self, change):
        """What the check says to one change."""
        exercise, answers = self.exercise, []
        run = _limit.limited(lambda: answers.append(exercise.fill(change.source)), 10)
        if run.error or not answers:
            return Judged(change, None, "broken")
        answer = answers[0]
        verdict = _engine.judge(exercise, answer)
        if verdict.status == "not attempted":
            return Judged(change, verdict, "blank")
        if not verdict.right and not verdict.mistake:
            return Judged(change, verdict, "generic")
        kind = "accepted" if verdict.right else "named"
        return Judged(change, verdict, kind, *self.compared(change, answer, verdict.mistake))

    def compared(self, change, answer, mistake):
        """What is wrong with a change that passes, or that is told of a mistake."""
        exercise = self.exercise
        if self.drawn is None:
            if mistake:  # known by its value: nothing else can be asked
                return "", ""
            if exercise.cases and exercise.cases != ((),):
                return "no draw", ""
            return ("", "") if self.same_value(answer) else ("by facts", "")
        found = self.on_drawn(answer)
        kind = "untrue" if mistake else "hole"
        if len(found) < len(self.drawn.cases):
            return kind, f"{one_line(found[-1].call if found else '')}: does not end"
        if mistake and mistake.when:
            true = _observe.fits(mistake, None, found, self.drawn)
            return ("", "") if true else (kind, "what its `when` says does not hold")
        known = self.theirs(mistake.code) if mistake else self.drawn.expected
        by = mistake.by if mistake else ()
        for one, other in zip(known, found, strict=False):
            same = _observe.agree([one], [other], exercise, by)
            if not same or (not mistake and other.changed):
                return kind, f"{one_line(one.call)}: {told(one)} but {told(other)}"
        return "", ""

    def on_drawn(self, answer):
        """What an answer does on the drawn cases; less of them where it does not end."""
        outcomes = []
        run = _limit.limited(
            lambda: _observe.observe(self.drawn, answer, outcomes), 4 * self.exercise.seconds
        )
        return outcomes if run.ended else outcomes[:-1]

    def same_value(self, answer):
        """Whether an answer without arguments is the solution's in every number and setting."""
        pair = (answer, self.exercise.reference)
        if self.exercise.cases:
            pair = [made() for made in pair]
        return difference(*map(described, reversed(pair)), tolerance=1e-12) is None


def described(value):
    """A value as plain data; a network as its layers' settings, without their names."""
    if not hasattr(value, "layers"):
        return plain(value)
    settings = [(type(layer).__name__, layer.get_config()) for layer in value.layers]
    return str([(kind, {k: v for k, v in c.items() if k != "name"}) for kind, c in settings])


def told(outcome):
    """What an outcome is, in a few words."""
    found = outcome.wrong or outcome.error or outcome.value
    changed = f" (changes {', '.join(outcome.changed)})" if outcome.changed else ""
    return one_line(str(found)) + changed


def one_line(text):
    return " ".join(text.split())[:120]


def chosen(names):
    """The exercises that names, or the numbers of lessons, stand for; all without any."""
    for name in names or exercises.lessons():
        for one in exercises.names(name) if "/" not in name else [name]:
            yield exercises.find(one)


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tools.answers", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", help="exercises or lessons")
    parser.add_argument("--draws", type=int, help="drawn cases an exercise")
    parser.add_argument("--all", action="store_true", help="list generic ones and blanks as well")
    options = parser.parse_args(arguments)
    total = collections.Counter()
    for exercise in chosen(options.names):
        started = time.process_time()
        sweep = Sweep(exercise, options.draws)
        counts = collections.Counter()
        print(f"{exercise.name}{'' if exercise.draw else ' (no draw)'}")
        for change in changes(exercise.filled):
            judged = sweep.judge(change)
            counts.update([judged.kind, judged.finding])
            if judged.finding:
                print(f"  {judged.finding}: {change}\n      {judged.where}".rstrip())
            elif options.all and judged.kind in ("generic", "blank"):
                print(f"  {judged.kind}: {change}")
        total += counts
        print(f"  {summary(counts)}; {time.process_time() - started:.1f} s")
    print(f"all: {summary(total)}")
    return 1 if total["hole"] or total["untrue"] else 0


def summary(counts):
    """How many changes were of each kind, and how many findings there are."""
    findings = [f"{counts[name]} {name}" for name in ("hole", "untrue", "by facts", "no draw")]
    return ", ".join([*(f"{counts[kind]} {kind}" for kind in KINDS), *findings])


if __name__ == "__main__":
    sys.exit(main())
