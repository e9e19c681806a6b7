"""Every exercise of the bank: its answers and mistakes, nonsense, its cells in the lesson."""

import ast
import copy
import dataclasses
import functools
import re
import sys
import types

from cnncourse import exercises
from cnncourse.exercises._engine import judge
from cnncourse.grade import judge as grading
from tools import lessons

import numpy as np
import pytest
from small_exercises import DEAR, ArrayLike, EndlessArray, Hostile, in_its_time, make, make_value

pytestmark = pytest.mark.usefixtures("nothing_is_sent", "nothing_left_running")
each_lesson = pytest.mark.parametrize("path", lessons.paths(), ids=lambda path: path.stem)
BANK = [exercises.find(name) for lesson in exercises.lessons() for name in exercises.names(lesson)]
MESSAGES = [mistake.message for exercise in BANK for mistake in exercise.mistakes]

# Nonsense


def nonsense():
    """Answers that are none, by name: values, and functions that give such values back."""
    nested = []
    nested.append(nested)
    deep = [0]
    for _ in range(3000):
        deep = [deep]
    values = {
        "none": None,
        "text": "<b>" + "no idea " * 1000,
        "empty": [],
        "empty dict": {},
        "object": object(),
        "hostile": Hostile(),
        "hostile list": [Hostile(), 1],
        "nan": float("nan"),
        "complex": 1j,
        "negative": -12345.678,
        "very large": 10**5000,
        "bytes": b"\xff",
        "huge": np.broadcast_to(np.float32(0.5), (10**6, 10**6)),
        "large": np.zeros(3_000_000),
        "ragged": [[1, 2], [3]],
        "nested": nested,
        "deep": deep,
        "generator": (i for i in range(3)),
        "type": dict,
        "module": np,
        "exception": ValueError("no"),
        "dates": np.array(["2020-01-01"], dtype="datetime64[D]"),
        "records": np.zeros(2, dtype=[("a", int)]),
        "dict": {"epoch": "x", 3: Hostile()},
        "many texts": np.full((2, 3), "x"),
    }
    functions = {
        f"returns {name}": lambda *_args, _v=value, **_k: _v for name, value in values.items()
    }
    functions |= {
        "no argument": lambda: 1,
        "many arguments": lambda a, b, c, d, e, f, g, h: 1,
        "gives a function": lambda *_args: print,
        "raises": lambda *_args: [][1],
        "raises hostile": lambda *_args: Hostile() + 1,
        "recursion": lambda *args: nonsense_recursion(*args),
        "exit": lambda *_args: sys.exit(3),
        "print": print,
        "partial type": types.SimpleNamespace,
    }
    return values | functions


def nonsense_recursion(*args):
    return nonsense_recursion(*args)


NONSENSE = nonsense()
SMALL = {
    "function": make(),
    "array": make_value(),
    "facts": make_value(
        seconds=0.5, facts=lambda answer: {"sum": np.sum(answer), "length": len(answer)}
    ),
    "text": make_value(solution="output_size = 'overfitting'"),
    "list": make_value(solution="output_size = ['a', 1]"),
}


@pytest.mark.parametrize(
    "exercise",
    [*(pytest.param(each, id=kind) for kind, each in SMALL.items()), *map(in_its_time, BANK)],
)
def test_nonsense_is_answered(exercise, capsys):
    for name, answer in NONSENSE.items():
        verdict = judge(exercise, answer)
        assert verdict.status in ("wrong", "not attempted"), name
        assert not verdict, name
        assert 10 < len(str(verdict)) < 3000, name
        assert len(str(verdict).split("\n")) < 40, name
        assert "<b>" not in verdict._repr_html_(), name
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("exercise", BANK, ids=lambda exercise: exercise.name)
def test_an_answer_without_end_is_stopped_in_every_exercise(exercise):
    def endless(*_args, **_options):
        while True:
            pass

    exercise.expected  # noqa: B018 - made before the limit is lowered
    short = copy.copy(exercise)
    short.seconds = 0.03
    verdict = judge(short, endless if exercise.cases else EndlessArray())
    assert verdict.status == "wrong"
    assert "time limit" in str(verdict) or exercise.facts


# The bank


def numbers(value):
    """Whether a value is numbers alone, so that it may come as a list, tuple or array."""
    try:
        return np.asarray(value).dtype.kind in "biuf"
    except ValueError:
        return False


def as_tuple(value):
    return tuple(map(as_tuple, value)) if isinstance(value, list) else value


def tensor(value):
    import tensorflow as tf

    return tf.constant(np.asarray(value))


def whole(value):
    """As 32-bit whole numbers where they are whole, else as they are."""
    array = np.asarray(value)
    small = array.astype(np.int32)
    return small if (small == array).all() else array


SEQUENCES = {"list": list, "tuple": tuple}
FORMS = {
    "list": lambda value: np.asarray(value).tolist(),
    "tuple": lambda value: as_tuple(np.asarray(value).tolist()),
    "array": np.asarray,
    "float32": lambda value: np.asarray(value, "float32")[()],
    "float64": lambda value: np.asarray(value, "float64")[()],
    "int32": whole,
    "array-like": ArrayLike,
    "tensor": tensor,
}


@pytest.mark.parametrize("exercise", BANK, ids=lambda exercise: exercise.name)
class TestBank:
    def test_it_is_complete(self, exercise):
        assert len(exercise.mistakes) >= 2
        assert len(exercise.hints) >= 2
        assert exercise.task
        assert exercise.shows
        assert all(MESSAGES.count(mistake.message) == 1 for mistake in exercise.mistakes)

    def test_every_right_answer_passes(self, exercise):
        for code in (exercise.solution, *exercise.right):
            verdict = judge(exercise, exercise.fill(code))
            assert verdict.right, f"{code}\n{verdict}"

    def test_the_solution_passes_in_other_forms(self, exercise):
        import tensorflow  # noqa: F401 - here, and not first within the time limit

        answer = exercise.fill(exercise.solution)
        if exercise.cases:
            case = copy.deepcopy(exercise.cases[0])
            result = answer(**case) if isinstance(case, dict) else answer(*case)
            assert judge(exercise, functools.partial(answer)).right
        else:
            result = answer
        forms = FORMS if numbers(result) else {}
        if isinstance(result, (list, tuple)) and not forms:
            forms = SEQUENCES
        for name, form in forms.items():
            if exercise.cases:
                verdict = judge(exercise, lambda *a, form=form, **k: form(answer(*a, **k)))
            else:
                verdict = judge(exercise, form(answer))
            assert verdict.right, f"{name}\n{verdict}"


@pytest.mark.parametrize("exercise", [in_its_time(each) for each in BANK])
def test_every_mistake_gets_its_own_message(exercise):
    for mistake in exercise.mistakes:
        verdict = judge(exercise, exercise.fill(mistake.code))
        assert verdict.status == "wrong", mistake.code
        assert verdict.mistake is mistake, f"{mistake.code}\n{verdict}"
        assert [m for m in MESSAGES if m in str(verdict)] == [mistake.message]
        assert len(verdict.parts) > 1


def told_in(exercise):
    """All that a student may be told of an exercise."""
    messages = (mistake.message for mistake in exercise.mistakes)
    return [exercise.task, *exercise.hints, exercise.shows, *messages]


@pytest.mark.parametrize("exercise", BANK, ids=lambda exercise: exercise.name)
def test_what_is_told_is_a_sentence_or_code_and_told_of_one_thing(exercise):
    told = told_in(exercise)
    for text in told:
        assert re.fullmatch(r'[A-Z0-9`"(-].{3,598}([.?:]\)?|`)', text.strip()), text
        assert told.count(text) == 1, text


DRAWN = [exercise for exercise in BANK if exercise.draw is not None]


@pytest.mark.more
@pytest.mark.parametrize("exercise", DRAWN, ids=lambda exercise: exercise.name)
def test_hidden_inputs_are_right_for_right_answers_and_find_mistakes(exercise):
    """As many as grading draws, but one of a costly exercise, whose mistakes are not tried."""
    number = grading.hidden_inputs(exercise)
    slow = number < grading.CHEAP
    cases = exercise.drawn([3, 1], 1 if slow and exercise.name in DEAR else number)
    hidden = dataclasses.replace(exercise, cases=cases)
    for code in (exercise.solution, *exercise.right):
        verdict = judge(hidden, hidden.fill(code))
        assert verdict.right, f"{code}\n{verdict}"
    if exercise.name in DEAR:
        return
    assert len({repr(one.value) for one in hidden.expected}) >= min(8, len(cases) - 1)
    for mistake in exercise.mistakes if not slow else ():
        assert not judge(hidden, hidden.fill(mistake.code)).right, mistake.code


@pytest.mark.parametrize("lesson", exercises.lessons())
def test_a_lesson_has_at_least_three_exercises_each_of_another_name(lesson):
    names = exercises.names(lesson)
    assert len(names) >= 3
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"{lesson}/") for name in names)


# The lessons' blank cells


def blank_cells(path):
    """Of a lesson: name, source of the blank cell, source of the code cell after it."""
    import jupytext

    cells = [cell for cell in jupytext.read(path).cells if cell.cell_type == "code"]
    lesson = path.name[:2]
    for index, cell in enumerate(cells):
        tags = cell.metadata.get("tags", [])
        if "exercise" in tags:
            (name,) = [tag for tag in tags if tag != "exercise"]
            yield f"{lesson}/{name}", cell.source, cells[index + 1].source


def checked(source):
    """The name and the answer of each call of exercises.check in a cell."""
    return [
        tuple(ast.unparse(argument) for argument in node.args)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("exercises.check")
    ]


@each_lesson
def test_a_lesson_and_its_bank_agree(path):
    lesson = path.name[:2]
    found = list(blank_cells(path))
    assert sorted(name for name, _, _ in found) == sorted(exercises.names(lesson))
    for name, blank, next_cell in found:
        exercise = exercises.find(name)
        assert "..." in blank
        assert judge(exercise, exercise.fill(blank)).status == "not attempted"
        answer = ast.unparse(ast.parse(exercise.answer, mode="eval"))
        assert checked(next_cell) == [(repr(name), answer)]


@each_lesson
def test_a_lesson_says_how_to_ask_for_hints_and_the_solution(path):
    text = path.read_text()
    asked = set(re.findall(r'`exercises\.(hint|solution)\("([^"]+)"\)`', text))
    assert "solution" in {what for what, _ in asked}
    assert {name for _, name in asked} <= set(exercises.names(path.name[:2]))
    first = text.index(":tags: [exercise, ")
    told = re.search(r"hints open by\s+a\s+click", text)
    assert told.start() < first + 1000, "beside the first blank, not later"
