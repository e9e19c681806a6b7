"""Answers that are made and not listed: every single change to every solution, at its check.

None passes that differs from the solution on drawn inputs, and what a message says of an answer
is so on them too. Where an answer costs much, as it builds or trains networks, `make test-more`
tries it. `python -m tools.answers` prints what is counted here.
"""

import copy
import functools

from cnncourse import exercises
from cnncourse.exercises import Mistake
from cnncourse.exercises._engine import right
from tools.answers import SEED, Sweep, main
from tools.changes import changes

import numpy as np
import pytest
from small_exercises import in_its_time, make

BANK = [exercises.find(name) for lesson in exercises.lessons() for name in exercises.names(lesson)]
WITH_CASES = [exercise for exercise in BANK if exercise.cases and exercise.cases != ((),)]
# Each of 229 changes would train networks, and right is there whatever has learned:
# tests/test_lesson08.py tries networks of both kinds.
TRAINS = {"08/fashion"}
SWEPT = [exercise for exercise in BANK if exercise.name not in TRAINS]
each_exercise = pytest.mark.parametrize("exercise", [in_its_time(each) for each in SWEPT])
each_with_cases = pytest.mark.parametrize("exercise", [in_its_time(each) for each in WITH_CASES])


sweep_of = functools.cache(Sweep)


# What is right where an exercise leaves something open, found in another way than its facts


def prefers_vertical_lines(kernel, _):
    """Of all lines through nine pixels, it answers most to the upright one."""
    kernel = np.asarray(kernel, float)
    upright = kernel[:, 1].sum()
    others = [kernel[:, 0].sum(), kernel[:, 2].sum(), *kernel.sum(axis=1)]
    others += [np.trace(kernel), np.trace(kernel[::-1]), kernel.sum()]
    return upright > max(others) and np.allclose(kernel.sum(axis=1), 0)


def same_sets(answer, solution):
    return list(map(set, answer)) == list(map(set, solution))


def classifies(sides, channels, classes):
    """Whether a network ends in one softmax over the classes, and has a convolution before it."""

    def independent(build, _):
        from keras import layers

        network = build()
        *inner, last = network.layers
        convolutions = [layer for layer in inner if isinstance(layer, layers.Conv2D)]
        return (
            network.input_shape == (None, sides, sides, channels)
            and network.output_shape == (None, classes)
            and last.get_config().get("activation") == "softmax"
            and isinstance(last, layers.Dense)
            and bool(convolutions)
        )

    return independent


OPEN = {
    "01/vertical_lines": prefers_vertical_lines,
    "03/build_network": classifies(28, 1, 10),
    "07/keeps_label": same_sets,
    "08/build_network": classifies(28, 1, 10),
}


@each_exercise
def test_no_change_passes_that_differs_and_no_message_is_untrue(exercise):
    sweep, findings, kinds = sweep_of(exercise), [], set()
    for change in changes(exercise.filled):
        judged = sweep.judge(change)
        kinds.add(judged.kind)
        if judged.finding == "by facts" and exercise.name in OPEN:
            answer = exercise.fill(change.source)
            if OPEN[exercise.name](answer, exercise.reference):
                continue
        if judged.finding:
            findings.append(f"{judged.finding}: {change}\n    {judged.where}")
    assert not findings, "\n".join(findings)
    assert kinds & {"named", "generic"}, "some changes are wrong"


def written(case):
    """A case as text: arrays, and the variables of networks, by all their numbers."""
    values = list(case.values() if isinstance(case, dict) else case)
    return "; ".join(map(written_value, copy.deepcopy(values)))


def written_value(value):
    if hasattr(value, "variables"):
        return ", ".join(written_value(np.asarray(variable)) for variable in value.variables)
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.tobytes().hex()}"
    return repr(value)


@each_with_cases
def test_drawn_cases_are_of_the_exercises_kind(exercise):
    assert exercise.draw, "an exercise with cases draws further ones"
    sweep = sweep_of(exercise)
    assert all(type(case) is type(exercise.cases[0]) for case in sweep.drawn.cases)
    cases = list(map(written, sweep.drawn.cases))
    assert len(set(cases)) > min(4, len(cases) // 4), "they differ"
    assert cases == list(map(written, exercise.drawn(SEED, len(cases))))
    for code in exercise.right:
        found = sweep.on_drawn(exercise.fill(code))
        assert right(sweep.drawn, found), code
    for mistake in exercise.mistakes:
        found = sweep.theirs(mistake.code)
        unlike = len(found) < len(cases) or not right(sweep.drawn, found)
        assert unlike, f"right on drawn inputs: {mistake.code}"


# The tool itself, on exercises that have a hole or a message that is not so


def found_in(**parts):
    exercise = make(draw=lambda rng: (int(rng.integers(9, 30)), int(rng.integers(1, 9))), **parts)
    sweep = Sweep(exercise)
    return [sweep.judge(change) for change in changes(exercise.filled)]


def test_a_change_that_passes_the_cases_alone_is_a_hole():
    found = found_in(cases=((4, 2),), mistakes=())
    (hole,) = [judged for judged in found if judged.finding == "hole"]
    assert (hole.kind, hole.change.before, hole.change.after) == (
        "accepted",
        "size - kernel",
        "kernel",
    )


def test_a_message_of_a_mistake_that_does_something_else_is_untrue():
    mistake = Mistake(code="def output_size(size, kernel): return size + 4", message="Four.")
    found = found_in(cases=((5, 3),), mistakes=(mistake,))
    (untrue,) = [judged for judged in found if judged.finding == "untrue"]
    assert untrue.change.after == "(size + kernel)"
    assert untrue.kind == "named"


def test_what_cannot_be_told_is_said():
    exercise = make(cases=((4, 2),))
    found = [Sweep(exercise).judge(change) for change in changes(exercise.filled)]
    assert "no draw" in {judged.finding for judged in found}
    assert "hole" not in {judged.finding for judged in found}


def test_the_report_counts_what_it_finds(capsys):
    assert main(["04/coin"]) == 0
    printed = capsys.readouterr().out
    made = len(list(changes(exercises.find("04/coin").filled)))
    last = printed.split("\n")[-2]
    assert last.startswith("all: ")
    counts = [int(part.split()[0]) for part in last.removeprefix("all: ").split(", ")[:5]]
    assert sum(counts) == made
