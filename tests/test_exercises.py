"""The exercises: the engine on small exercises of its own, then every exercise of the bank."""

import _thread
import ast
import copy
import functools
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import types

from cnncourse import exercises
from cnncourse.exercises import Exercise, Mistake, Wrong, _limit, _show
from cnncourse.exercises._engine import judge

import numpy as np
import pytest

NOTEBOOKS = pathlib.Path(__file__).parents[1] / "notebooks"
BANK = [exercises.find(name) for lesson in exercises.lessons() for name in exercises.names(lesson)]
MESSAGES = [mistake.message for exercise in BANK for mistake in exercise.mistakes]


def make(**changes):
    """A small exercise: a function of two numbers."""
    parts = {
        "name": "99/output_size",
        "task": "Write output_size(size, kernel).",
        "hints": ("First.", "Second."),
        "solution": "def output_size(size, kernel):\n    return size - kernel + 1",
        "shows": "What it shows.",
        "cases": ((5, 3), (28, 5)),
        "mistakes": (
            Mistake(
                code="def output_size(size, kernel): return size - kernel",
                message="One too few.",
            ),
            Mistake(code="def output_size(size, kernel): return size / 0", message="By nought."),
        ),
    }
    return Exercise(**(parts | changes))


def make_value(**changes):
    """A small exercise: an array."""
    parts = {
        "solution": "output_size = np.array([[1.0, 2.5], [3.0, 4.0]])",
        "cases": (),
        "mistakes": (
            Mistake(code="output_size = np.ones((2, 2))", message="All one."),
            Mistake(code="output_size = np.array([1.0, 2.5, 3.0, 4.0])", message="Flat."),
        ),
    }
    return make(**(parts | changes))


def judged(code, exercise=None):
    exercise = exercise or make()
    return judge(exercise, exercise.fill(code))


class ArrayLike:
    """As a tensor does, gives an array where NumPy asks for one, and is nothing else."""

    def __init__(self, value):
        self.value = np.asarray(value)

    def __array__(self, dtype=None, copy=None):
        return self.value.astype(dtype or self.value.dtype)


class Hostile:
    """Raises whatever is asked of it."""

    def fails(self, *_args, **_kwargs):
        raise RuntimeError("hostile")

    __eq__ = __repr__ = __str__ = __len__ = __array__ = __getitem__ = __bool__ = __iter__ = fails
    __float__ = __hash__ = __deepcopy__ = fails


class EndlessArray:
    def __array__(self, dtype=None, copy=None):
        while True:
            pass


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch):
    """No exercise, and no answer in these tests, may reach for another machine."""

    def connect(*args):
        pytest.fail(f"a connection to {args[1:]}")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, connect)


# Right, not attempted, wrong


def test_a_right_answer_says_what_it_shows():
    verdict = judged("output_size = lambda size, kernel: size + 1 - kernel")
    assert verdict.right
    assert verdict
    assert "What it shows." in str(verdict)


@pytest.mark.parametrize(
    "blank",
    [
        "output_size = ...",
        "output_size = NotImplemented",
        "output_size = lambda size, kernel: ...",
        "def output_size(size, kernel):\n    ...",
        'def output_size(size, kernel):\n    """Over two\n    lines."""\n    pass',
        "def output_size(size, kernel):\n    raise NotImplementedError('later')",
        "def output_size(size, kernel):\n    return None",
        "def output_size(size, kernel):\n    return size - ... + 1",
        "def output_size(size, kernel):\n    result = np.zeros(())\n    ...\n    return result",
        "def output_size(size, kernel):\n    steps = ...\n    return np.zeros(steps)",
        "half = lambda: ...\ndef output_size(size, kernel):\n    return half() + 1",
        "half = lambda: ...\ndef output_size(size, kernel):\n    return [1, {'a': half()}]",
    ],
)
def test_a_blank_is_not_attempted(blank):
    verdict = judged(blank)
    assert verdict.status == "not attempted"
    assert "Write output_size(size, kernel)." in str(verdict)
    assert not verdict


def test_the_lines_that_are_still_blank_are_named():
    verdict = judged("def output_size(size, kernel):\n    a = ...\n    b = ...\n    return a")
    assert "lines 2, 3" in str(verdict)


def test_dots_in_an_index_are_no_blank():
    code = "def output_size(size, kernel):\n    return np.array([size - kernel + {}])[..., 0]"
    assert judged(code.format(1)).right
    assert judged(code.format(2)).status == "wrong"


@pytest.mark.parametrize("blank", ["...", "[..., ...]", "[[1.0, ...], [3.0, 4.0]]", "{'a': ...}"])
def test_a_blank_value_is_not_attempted(blank):
    assert judged(f"output_size = {blank}", make_value()).status == "not attempted"


def test_a_known_mistake_gets_its_message_and_the_first_case_that_differs():
    verdict = judged("def output_size(a, b):\n    c = a\n    return c - b")
    assert verdict.status == "wrong"
    assert verdict.mistake.message == "One too few."
    parts = dict(verdict.parts[1:])
    assert parts["On the input"] == "output_size(5, 3)"
    assert parts["Expected"] == "3"
    assert parts["Received"] == "2"


def test_a_mistake_that_raises_is_known_by_what_it_raises():
    assert judged("def output_size(a, b): return b / 0").mistake.message == "By nought."
    assert judged("def output_size(a, b): raise ZeroDivisionError").mistake is None


def test_an_unknown_mistake_is_told_with_its_input_and_no_known_message():
    verdict = judged("def output_size(a, b): return 3")
    assert verdict.mistake is None
    assert "output_size(28, 5)" in str(verdict)
    assert "Expected: 24" in str(verdict)
    assert "Received: 3" in str(verdict)
    assert 'exercises.hint("99/output_size")' in str(verdict)


def test_shape_and_type_of_an_array_are_told():
    exercise = make(
        solution="def output_size(size, kernel): return np.arange(size * kernel).reshape(size, -1)"
    )
    flat = judged("def output_size(size, kernel): return np.arange(size * kernel)", exercise)
    assert "shape (15,), int64" in str(flat)
    assert "shape (5, 3), int64" in str(flat)
    one_off = judged(
        "def output_size(size, kernel):\n    a = np.arange(size * kernel).reshape(size, -1)\n"
        "    a[1, 2] = 9\n    return a.astype('float32')",
        exercise,
    )
    assert "1 of 15 entries, first [1, 2]" in str(one_off)
    assert "float32" in str(one_off)


def test_the_right_value_of_a_value_is_not_given_away():
    verdict = judged("output_size = np.zeros((2, 2))", make_value())
    assert "2.5" not in str(verdict)
    assert "4 of 4 entries, first [0, 0]" in str(verdict)


def test_a_readers_exception_is_told_with_its_line():
    code = "def output_size(size, kernel):\n    wide = size\n    return wide + undefined_name"
    verdict = judged(code)
    assert "NameError: name 'undefined_name' is not defined" in str(verdict)
    assert "line 3: return wide + undefined_name" in str(verdict)


@pytest.mark.parametrize("error", ["SystemExit(1)", "KeyboardInterrupt()", "MemoryError()"])
def test_no_exception_of_an_answer_gets_out(error):
    assert error.split("(")[0] in str(judged(f"def output_size(a, b): raise {error}"))


def test_a_missing_return_is_told():
    verdict = judged("def output_size(a, b):\n    c = a - b + 1")
    assert verdict.status == "wrong"
    assert "function without return" in str(verdict)


def test_a_result_in_place_of_the_function_and_the_other_way_round():
    assert "wants the function itself" in str(judged("output_size = 3"))
    assert "wants its result" in str(judged("def output_size(): return 1", make_value()))


@pytest.mark.parametrize(
    "form",
    [list, tuple, float, np.float32, np.float64, np.int16, np.array, ArrayLike],
)
def test_a_right_answer_may_come_in_another_form(form):
    if form in (list, tuple):
        exercise, value = make_value(), form(form(row) for row in [[1, 2.5], [3, 4]])
    else:
        exercise, value = make_value(solution="output_size = 3"), form(3)
    assert judge(exercise, value).right


def test_a_tensor_is_read_as_its_array():
    import tensorflow as tf

    assert judge(make_value(), tf.constant([[1.0, 2.5], [3.0, 4.0]])).right
    assert judge(make(), lambda size, kernel: tf.Variable(size - kernel + 1)).right


def test_tolerance_is_for_rounding_alone():
    exact = np.array([[1.0, 2.5], [3.0, 4.0]])
    assert judge(make_value(), (exact / 3 * 3 + 1e-7).astype("float32")).right
    assert not judge(make_value(), exact + 0.001)
    assert judge(make_value(tolerance=0.01), exact + 0.001).right
    assert not judge(make_value(solution="output_size = 74_514"), 74_514.4)
    assert not judge(make_value(solution="output_size = 74_514"), 74_515)
    small = make_value(solution="output_size = [1e-6, 2e-6]")
    assert not judge(small, [1e-6, 3e-6])
    assert not judge(make_value(solution="output_size = [1.0, np.inf]"), [2.0, np.inf])
    assert not judge(make_value(), exact * np.nan)


def test_text_is_compared_by_its_words():
    exercise = make_value(solution="output_size = 'good fit'")
    assert judge(exercise, " Good  FIT").right
    assert not judge(exercise, "goodfit")
    assert not judge(exercise, 3)


def test_facts_judge_what_values_cannot():
    def facts(answer):
        if not isinstance(answer, list):
            raise Wrong("A list is wanted.")
        return {"sum": sum(answer), "length": len(answer), "kind": "list"}

    exercise = make_value(
        solution="output_size = [1, 2, 3]",
        facts=facts,
        mistakes=(
            Mistake(code="output_size = [6]", message="Too short.", by=("length",)),
            Mistake(code="output_size = [1, 2, 4]", message="Too large."),
        ),
    )
    assert judge(exercise, [3, 2, 1]).right
    short = judge(exercise, [9])
    assert short.mistake.message == "Too short."
    assert "What differs: length\nExpected: 3\nReceived: 1" in str(short)
    assert judge(exercise, [0, 0, 7]).mistake.message == "Too large."
    assert "What differs: sum" in str(judge(exercise, [0, 0, 8]))
    assert "A list is wanted." in str(judge(exercise, (1, 2, 3)))
    assert "cannot be judged" in str(judge(exercise, ["a"]))


def test_a_bank_that_is_wrong_itself_is_an_error_for_its_author():
    with pytest.raises(ValueError, match="its own solution gives"):
        judge(make(solution="def output_size(a, b): return undefined_name"), 3)
    with pytest.raises(ValueError, match="exercise name"):
        make(name="output_size")
    with pytest.raises(ValueError, match="hints must be a list"):
        make(hints="One.")


# Time, state, noise


def assert_no_answer_is_running():
    """Look at the frames: before Python 3.13, is_alive is wrong after an interrupted join."""
    for _ in range(300):  # on a busy machine
        frames = sys._current_frames()
        answers = [t for t in threading.enumerate() if t.name == "cnncourse-answer"]
        if not any(thread.ident in frames for thread in answers):
            return
        time.sleep(0.1)
    pytest.fail("an answer is still running")


@pytest.fixture(autouse=True)
def nothing_left_running():
    yield
    assert_no_answer_is_running()


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "while True:\n        try: kernel += 1\n        except: pass",
        """caught = 0
    while True:
        try:
            while True: time.sleep(0.001)
        except BaseException:
            caught += 1
            if caught == 3: raise""",
        "while True: print('flood')",
        "while True: time.sleep(0.001)",
        "return EndlessArray()",
        "return sum(endless())",
    ],
)
def test_an_endless_answer_is_stopped(body, capsys):
    def endless():
        while True:
            yield 1

    exercise = make(seconds=0.1)
    answer = exercise.fill(f"import time\ndef output_size(size, kernel):\n    {body}")
    answer.__globals__.update(EndlessArray=EndlessArray, endless=endless)
    verdict = judge(exercise, answer)
    assert "time limit" in str(verdict)
    assert "output_size(5, 3)" in str(verdict)
    assert capsys.readouterr() == ("", "")
    assert_no_answer_is_running()


def test_compiled_code_that_cannot_be_stopped_is_told(monkeypatch):
    monkeypatch.setattr(_limit, "GRACE", 0.05)
    go_on = threading.Event()
    verdict = judge(make(seconds=0.05), lambda size, kernel: go_on.wait(60))
    go_on.set()
    assert "restart the kernel" in str(verdict)


def test_a_reader_who_interrupts_the_cell_stops_the_answer():
    # A job that a shell started in the background ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(0.3, _thread.interrupt_main).start()
    try:
        with pytest.raises(KeyboardInterrupt):
            judged("def output_size(size, kernel):\n    while True: pass", make(seconds=30))
    finally:
        signal.signal(signal.SIGINT, before)
    assert_no_answer_is_running()


def test_the_state_of_the_kernel_is_left_alone(capsys):
    case = np.arange(4.0)
    exercise = make(
        solution="def output_size(x): return x.sum()",
        cases=((case,), (case,)),
        mistakes=(),
        changes=("x",),
    )

    def answer(x):
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        total = x.sum()
        x[:] = 7
        print("out")
        print("error", file=sys.stderr)
        np.ones(1) / 0
        return total

    states = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    assert judge(exercise, answer).right
    assert random.getstate() == states[0]
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert case.tolist() == [0, 1, 2, 3]
    assert capsys.readouterr() == ("", "")


def test_what_a_wrong_answer_prints_is_shown_cut():
    verdict = judged("def output_size(a, b):\n    for i in range(10_000): print('size', a)")
    assert "It printed:\n    size 5" in str(verdict)
    assert len(str(verdict)) < 1500


def test_what_it_printed_is_shown_without_control_characters():
    code = "def output_size(a, b): print('\\x1b[1mdone\\x1b[0m\\x08\\x08 1/1\\r', end='')"
    verdict = judged(code)
    assert "It printed: done 1/1" in str(verdict)
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", verdict._repr_html_())
    assert "It printed" not in str(judged("def output_size(a, b): print('\\r', end='')"))


def test_a_check_leaves_the_next_random_weights_as_they_were():
    import keras

    def next_weights():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)]).get_weights()[0]

    exercise = exercises.find("08/build_network")
    keras.utils.set_random_seed(1)
    untouched = next_weights()
    keras.utils.set_random_seed(1)
    assert judge(exercise, exercise.fill(exercise.solution)).right
    assert (next_weights() == untouched).all()


def test_importing_costs_no_tensorflow():
    code = (
        "import sys; from cnncourse import exercises; exercises.find('02/scale');"
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


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
    "exercise", [*SMALL.values(), *BANK], ids=[*SMALL, *(e.name for e in BANK)]
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


# What a reader sees


def test_html_says_in_words_what_the_colour_says_and_leaves_the_page_its_colours():
    for code, word in (
        ("output_size = lambda a, b: a - b + 1", "Right"),
        ("output_size = ...", "Not attempted yet"),
        ("output_size = lambda a, b: '<script>'", "Not right yet"),
    ):
        page = judged(code)._repr_html_()
        assert word in page
        assert "<script>" not in page
        styles = " ".join(re.findall(r"style='([^']*)'", page))
        assert not re.findall(r"(?<!-)\bcolor:(?!inherit)|background:(?!transparent)", styles)


def test_hints_come_one_by_one_and_then_say_so(monkeypatch):
    monkeypatch.setattr(exercises, "_hints_given", {})
    total = len(exercises.find("02/scale").hints)
    given = [str(exercises.hint("02/scale")) for _ in range(total + 2)]
    for number, (text, note) in enumerate(
        zip(exercises.find("02/scale").hints, given, strict=False), start=1
    ):
        assert f"Hint {number} of {total}" in note
        assert text in note
    assert given[-1] == given[-2]
    assert 'exercises.solution("02/scale")' in given[-1]


def test_values_are_shown_as_a_reader_would_write_them():
    answer = _show.show([{"a": 1, "b": "x"}, {"a": 2.5}, [True, None]])
    assert answer == "[{a: 1, b: 'x'}, {a: 2.5}, [True, None]]"
    assert "got [1]" in str(judged("output_size = [1]"))


def test_solution_shows_the_code():
    shown = exercises.solution("02/scale")
    assert "def scale(images):" in str(shown)
    assert "def scale(images):" in shown._repr_html_()


def test_done_says_what_is_still_to_do(monkeypatch, capsys):
    monkeypatch.setattr(exercises, "_last_status", {})
    scale, other = exercises.names("02")[:2]
    assert not exercises.done(scale, other)
    assert capsys.readouterr().out == (
        f"Still to do: {scale}, {other} (not checked yet: run the cell with its check)\n"
    )
    exercise = exercises.find(scale)
    exercises.check(scale, exercise.fill(exercise.solution))
    exercises.check(other, ...)
    assert exercises.done(scale)
    assert capsys.readouterr().out == ""
    assert not exercises.done(scale, other)
    assert capsys.readouterr().out == f"Still to do: {other} (not attempted yet)\n"
    exercises.check(scale, exercise.fill(exercise.mistakes[0].code))
    assert not exercises.done(scale)
    assert "not right yet: its check says why" in capsys.readouterr().out
    assert exercises.done()
    with pytest.raises(ValueError, match="Did you mean"):
        exercises.done(scale + "s")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("02/scales", "Did you mean '02/scale'"),
        ("02/zzz", "02/scale"),
        ("77/scale", "02"),
        ("scale", "01/output_size"),
        (None, "None"),
    ],
)
def test_an_unknown_name_is_an_error_that_lists_the_known(name, told):
    for ask in (lambda: exercises.check(name, 1), lambda: exercises.hint(name)):
        with pytest.raises(ValueError, match=re.escape(told)):
            ask()


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
    "float32": np.float32,
    "float64": np.float64,
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

    def test_every_mistake_gets_its_own_message(self, exercise):
        for mistake in exercise.mistakes:
            verdict = judge(exercise, exercise.fill(mistake.code))
            assert verdict.status == "wrong", mistake.code
            assert verdict.mistake is mistake, f"{mistake.code}\n{verdict}"
            assert [m for m in MESSAGES if m in str(verdict)] == [mistake.message]
            assert len(verdict.parts) > 1


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


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("[0-9][0-9]_*.md")), ids=lambda p: p.stem)
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


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("[0-9][0-9]_*.md")), ids=lambda p: p.stem)
def test_a_lesson_says_how_to_ask_for_hints_and_the_solution(path):
    text = path.read_text()
    asked = set(re.findall(r'`exercises\.(hint|solution)\("([^"]+)"\)`', text))
    assert {what for what, _ in asked} == {"hint", "solution"}
    assert {name for _, name in asked} <= set(exercises.names(path.name[:2]))
    first = text.index(":tags: [exercise, ")
    assert text.index("`exercises.hint(") < first + 1000, "beside the first blank, not later"
