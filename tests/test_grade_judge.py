"""What is said of what came out of a sandbox: here a box that hands out what it is given."""

import dataclasses

from cnncourse.exercises import outside
from cnncourse.grade import judge as module
from cnncourse.grade import notebook, values
from cnncourse.grade.judge import Judge, Result

import numpy as np
import pytest
from grading import came_out
from small_exercises import make

NAME = "99/output_size"
RIGHT = make().filled
FITTED = "def output_size(size, kernel): return {5: 3, 28: 24}.get(size, 0)"


def drawn(rng):
    return (int(rng.integers(30, 90)), 3)


class Box:
    """In the place of a sandbox: what comes out of it, by number."""

    def __init__(self, found):
        self.found, self.asked = found, None

    def run(self, job, numbers, seconds):
        self.asked = job, numbers, seconds
        return {number: self.found[number] for number in numbers}


def answers(judge, *names):
    cells = [
        notebook.Cell(3 + place, f"# {name}", ("exercise", name.partition("/")[2]))
        for place, name in enumerate(names)
    ]
    return notebook.answers(cells, "99", judge.names)


def judged(judge, content):
    (one,) = judge.judged(answers(judge, NAME), Box({0: content}))
    return one


@pytest.fixture(scope="module")
def judge():
    return Judge([make(draw=drawn)], seed=3)


def test_right_and_each_known_mistake_by_its_number(judge):
    assert judged(judge, came_out(judge, RIGHT)) == Result(NAME, "right", 0, (("", make().shows),))
    for number, mistake in enumerate(judge.exercises[0].mistakes, 1):
        one = judged(judge, came_out(judge, mistake.code))
        assert (one.status, one.mistake) == ("wrong", number)
        assert one.parts[0] == ("", mistake.message)
    one = judged(judge, came_out(judge, "def output_size(size, kernel): return 'x'"))
    assert (one.status, one.mistake) == ("wrong", 0)
    one = judged(judge, came_out(judge, "def output_size(size, kernel): return ..."))
    assert (one.status, one.parts[0]) == ("not attempted", ("", make().task))


def test_an_answer_fitted_to_what_the_check_shows_is_told_so(judge):
    one = judged(judge, came_out(judge, FITTED))
    assert (one.status, one.mistake) == ("wrong", 0)
    assert one.parts[0] == (
        "",
        "It is right on the inputs that the check shows, and not on others of the same kind.",
    )
    size, kernel = judge.hidden[0].cases[0]
    assert ("On the input", f"output_size({size}, {kernel})") in one.parts
    unseen = Judge([make()], seed=3)
    assert judged(unseen, came_out(unseen, FITTED)).status == "right", "nothing is drawn for it"


def test_hidden_inputs_are_of_the_seed_and_the_exercise(judge):
    def cases(seed, **changes):
        return Judge([make(draw=drawn, **changes)], seed).hidden[0].cases

    assert cases(3) == judge.hidden[0].cases
    assert len(cases(3)) == 20
    assert cases(3) != cases(4)
    assert cases(3) != cases(3, name="99/other_size")
    costly = "def output_size(size, kernel):\n    layers = size - kernel\n    return layers + 1"
    assert len(cases(3, solution=costly, mistakes=())) == 3


def test_what_a_sandbox_is_asked_for_and_how_long_it_may_take():
    others = (
        make(name="99/second", seconds=2.0),
        make(name="99/third", report=lambda answer: []),
        make(name="99/fourth", cases=((lambda: 5, 3),), mistakes=()),
    )
    judge = Judge([make(draw=drawn, seconds=0.5), *others], seed=3)
    box = Box({0: came_out(judge, RIGHT), 1: "it was ended at its time limit"})
    given = answers(judge, NAME, "99/second", "99/third", "99/fourth")
    results = judge.judged(given, box)
    assert [(one.name, one.status) for one in results] == [
        (NAME, "right"),
        ("99/second", "wrong"),
        ("99/third", "not graded"),
        ("99/fourth", "not graded"),
    ]
    assert results[1].parts == (
        (
            "",
            "It could not be judged: it was ended at its time limit. Does it never end, or end "
            "Python?",
        ),
    )
    assert results[2].parts[0][1].startswith("Its answer is a trained network, and nothing is")
    assert "its cases cannot be handed to another process" in results[3].parts[0][1]
    job, numbers, seconds = box.asked
    assert numbers == [0, 1]
    assert seconds == {0: 15 + 4 * 0.5 * 2, 1: 15 + 4 * 2.0}
    assert job["places"] == {0: [0], 1: [1]}
    assert job["numbers"] == [3, 4, 5, 6]
    assert job["sources"][1] == "# 99/second"
    assert job["tasks"] is judge.tasks


def test_without_a_blank_nothing_is_run(judge):
    box = Box({})
    assert judge.judged(answers(judge, "99/else"), box) == [Result(NAME, "missing")]
    assert box.asked is None


@pytest.mark.parametrize(
    ("handed", "status", "parts"),
    [
        ({"error": "NameError: x"}, "wrong", [("It raises", "NameError: x")]),
        (
            {"error": "E" * 900, "line": "line 1: " + "x" * 900, "notes": [*"abcdef", 7]},
            "wrong",
            [
                ("It raises", "E" * 500),
                ("In the cell", "line 1: " + "x" * 492),
                *(("", note) for note in "abcde"),
            ],
        ),
        ({"error": 7, "line": 8, "notes": "no"}, "wrong", [("It raises", "an error")]),
        ({"error": "TypeError: 'Ellipsis' + 1"}, "not attempted", None),
        ({"error": "SyntaxError", "empty": True}, "not attempted", None),
        ({"error": "SyntaxError", "empty": 1}, "wrong", [("It raises", "SyntaxError")]),
    ],
)
def test_a_cell_that_makes_no_answer(judge, handed, status, parts):
    one = judged(judge, values.packed(handed))
    first = ("", make().task) if parts is None else ("", "The cell makes no answer.")
    assert (one.status, one.mistake, one.parts) == (status, 0, (first, *(parts or ())))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ((2).to_bytes(8, "big") + b"{]", "it is no values"),
        (values.packed([1]), "its process handed out no answer"),
        (
            values.packed({"rounds": [], "callable": True, "kind": "builtins.function"}),
            "its process handed out nothing of these cases",
        ),
    ],
)
def test_what_cannot_be_judged_is_to_be_looked_at(judge, content, told):
    one = judged(judge, content)
    assert (one.status, one.mistake) == ("to look at", 0)
    ((label, text),) = one.parts
    assert label == ""
    assert text.startswith(f"Look at it: {told}")
    assert text.endswith(".")


def test_a_value_is_unpacked_once_more_where_it_was_packed(judge):
    array = np.arange(3)
    packed = values.Named("packed", values.packed(array))
    np.testing.assert_array_equal(module._revive(packed, []), array)
    assert module._revive(values.Named("argument", 1), ["a", array]) is array
    with pytest.raises(outside.HandoutError, match="its process handed out no value"):
        module._revive(values.Named("packed", "text"), [])


def test_keras_is_imported_where_an_exercise_wants_it():
    assert Judge([make()], 1).modules == ["numpy"]
    costly = make(setup="import keras", mistakes=())
    assert Judge([make(), costly], 1).modules == ["numpy", "keras", "tensorflow"]
    assert Judge([make(solution=f"{RIGHT}\nmykeras = 1", mistakes=())], 1).modules == ["numpy"]


def test_what_a_bank_gives_is_made_before_a_class_is_judged(judge):
    fresh = Judge([dataclasses.replace(judge.exercises[0])], seed=3)
    fresh.prepare(0)
    for name in ("expected", "mistaken"):
        assert name in vars(fresh.exercises[0])
    assert "expected" in vars(fresh.hidden[0])
