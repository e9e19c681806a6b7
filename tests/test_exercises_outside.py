"""A check in two processes, here in one: it says what a check says, and believes nothing else."""

import copy

from cnncourse.exercises import Mistake, outside
from cnncourse.exercises._engine import judge
from cnncourse.exercises._networks import Fresh
from cnncourse.exercises._observe import Tried

import numpy as np
import pytest
from small_exercises import make, make_value

pytestmark = pytest.mark.usefixtures("nothing_left_running")


def as_it_is(value, given):
    assert isinstance(given, list), "whoever hands out or revives may ask for one by its place"
    return value


def handed_out(exercise, answer, *rounds):
    return outside.attempt(outside.task(exercise, *rounds), answer, as_it_is)


def told(exercise, handed, number=0):
    return outside.verdict(exercise, handed, number, as_it_is)


def longer(size, kernel):
    return "x" * 10**4


def left_blank(size, kernel):
    size = size + 1
    return ...


def printing(size, kernel):
    print("I print", size)
    return -1


def changing(numbers):
    numbers.append(4)
    return 6


def failing(size, kernel):
    raise ValueError("y" * 10**4)


NAMED = make(cases=({"size": 5, "kernel": 3}, {"size": 28, "kernel": 5}))


@pytest.mark.parametrize(
    "given",
    [
        *(one.code for one in make().mistakes),
        make().filled,
        ...,
        NotImplemented,
        7,
        len,
        left_blank,
        longer,
        printing,
        failing,
        lambda size: size,
        lambda size, kernel: None,
    ],
)
@pytest.mark.parametrize("exercise", [make(), NAMED])
def test_it_says_what_the_check_says(exercise, given):
    given = exercise.fill(given) if isinstance(given, str) else given
    handed = handed_out(exercise, given)
    expected = judge(exercise, given)
    found = told(exercise, handed)
    assert (found.status, found.mistake) == (expected.status, expected.mistake)
    for (label, text), (same, whole) in zip(found.parts, expected.parts, strict=True):
        assert label == same
        assert text == whole or text == whole[: len(text)]


@pytest.mark.parametrize("given", [[[1.0, 2.5], [3.0, 4.0]], [[1, 1], [1, 1]], ..., len, None])
def test_it_says_of_a_value_what_the_check_says(given):
    exercise = make_value()
    given = np.array(given) if isinstance(given, list) else given
    found, expected = told(exercise, handed_out(exercise, given)), judge(exercise, given)
    assert (found.status, found.mistake, found.parts) == (
        expected.status,
        expected.mistake,
        expected.parts,
    )


def test_an_argument_that_was_changed_is_told():
    solution = "def output_size(numbers): return sum(numbers)"
    exercise = make(solution=solution, cases=(([1, 2, 3],),), mistakes=())
    found, expected = told(exercise, handed_out(exercise, changing)), judge(exercise, changing)
    assert not found.right
    assert found.parts == expected.parts
    assert exercise.cases == (([1, 2, 3],),), "cases are copied"


def test_a_round_has_its_own_cases_and_none_follows_one_that_was_stopped():
    exercise, hidden = make(seconds=0.5), make(cases=((9, 2),))
    handed = handed_out(exercise, exercise.fill(exercise.filled), hidden)
    assert told(exercise, handed).right
    assert told(hidden, handed, 1).right
    assert [one["value"] for one in handed["rounds"][1]["tried"]] == [8]

    def endless(size, kernel):
        while True:
            pass

    handed = handed_out(exercise, endless, hidden)
    assert len(handed["rounds"]) == 1
    assert handed["rounds"][0]["stopped"] == "computing"
    assert told(exercise, handed).parts[0] == judge(exercise, endless).parts[0]
    with pytest.raises(outside.HandoutError, match="handed out nothing of these cases"):
        told(hidden, handed, 1)


def test_code_of_a_bank_in_a_case_is_not_handed_on():
    with pytest.raises(ValueError, match=r"99/output_size: its cases cannot be handed to another"):
        outside.task(make(cases=((lambda: 5, 3),)))


class Box:
    def __init__(self):
        self.kept = []


class FreshBox(Fresh):
    """A box that is lent, and comes back as a place among the arguments and its state."""

    def state(self, lent):
        return lent.kept

    def restore(self, lent, state):
        lent.kept = state


@pytest.fixture
def boxes():
    """An exercise that fills a box, handed out, and one that leaves it empty."""
    fills = "def output_size(box, number):\n    box.kept.append(number)\n    return box"
    exercise = make(
        solution=fills,
        cases=((FreshBox(Box, "a box"), 3),),
        facts=lambda box: {"kept": tuple(box.kept)},
        mistakes=(Mistake(code="def output_size(box, number): return box", message="Empty."),),
    )
    codes = (fills, exercise.mistakes[0].code)
    return exercise, *(
        outside.attempt(
            outside.task(exercise), exercise.fill(code), lambda value, given: value is given[0]
        )
        for code in codes
    )


def test_what_was_lent_is_judged_by_its_state(boxes):
    exercise, full, empty = boxes

    def revive(value, given):
        return given[0] if value is True else value

    assert outside.verdict(exercise, full, 0, revive).right
    assert outside.verdict(exercise, empty, 0, revive).mistake.message == "Empty."
    (one,) = full["rounds"][0]["tried"]
    assert one["states"] == [[3], None]
    one["states"] = [None, None]
    assert outside.verdict(exercise, full, 0, revive).mistake.message == "Empty."


def test_a_state_that_cannot_be_read_is_no_answer(boxes):
    exercise, full, _ = boxes

    def revive(value, given):
        return given[0] if value is True else 1 / 0

    def refuse(value, given):
        raise outside.HandoutError("it holds code")

    with pytest.raises(outside.HandoutError, match=r"^what it made of a box cannot be read: div"):
        outside.verdict(exercise, full, 0, revive)
    with pytest.raises(outside.HandoutError, match=r"^it holds code$"):
        outside.verdict(exercise, full, 0, refuse)


# What cannot be true ------------------------------------------------------------------------------


@pytest.fixture
def handed():
    return handed_out(make(), make().fill(make().filled))


def test_less_than_was_asked_for_is_no_answer(handed):
    del handed["rounds"][0]["tried"][1]
    with pytest.raises(outside.HandoutError, match="less than it was asked for"):
        told(make(), handed)
    handed["rounds"][0]["stopped"] = "memory"
    found = told(make(), handed)
    assert "limit of memory" in found.parts[0][1]
    assert ("On the input", "output_size(28, 5)") in found.parts
    handed["rounds"][0]["stopped"] = "for fun"
    with pytest.raises(outside.HandoutError, match="its process says what it cannot know"):
        told(make(), handed)


def test_what_is_of_another_kind_than_it_should_be_is_nothing(handed):
    for name, value in [("blank", 1), ("lines", "12"), ("untouched", "yes"), ("shown", 3)]:
        assert told(make(), handed | {name: value}).right
    assert told(make(), handed | {"blank": True}).status == "not attempted"
    assert not told(make(), handed | {"callable": 1}).right
    for rounds in (None, {}, "", [None], [[]], [{"tried": "ab"}]):
        with pytest.raises(outside.HandoutError):
            told(make(), handed | {"rounds": rounds})
    with pytest.raises(outside.HandoutError):
        told(make(), {"callable": True})


def test_lines_of_blanks_are_lines_and_a_hundred_at_most(handed):
    wrong = copy.deepcopy(handed)
    wrong["rounds"][0]["tried"][0]["value"] = -1
    lines = [0, -1, 1, "2", True, 3.0, 10**6, 10**6 - 1]
    (_, blank) = told(make(), wrong | {"lines": lines}).parts
    assert blank == ("Still blank in the cell", "lines 1, 999999")
    (_, blank) = told(make(), wrong | {"lines": list(range(1, 200))}).parts
    assert blank[1].endswith(", 99, 100")
    assert told(make(), wrong | {"untouched": True}).status == "not attempted"
    assert told(make(), wrong).status == "wrong"


def test_texts_are_cut(handed):
    ((_, text),) = told(make(), handed | {"callable": False, "shown": "§" * 10**4}).parts
    assert text.count("§") == 2_000


def test_what_cannot_be_revived_is_no_answer(handed):
    def refuses(value, given):
        raise outside.HandoutError("it is a forgery")

    def breaks(value, given):
        raise OSError("no such layer")

    with pytest.raises(outside.HandoutError, match=r"^it is a forgery$"):
        outside.verdict(make(), handed, 0, refuses)
    with pytest.raises(outside.HandoutError, match=r"cannot be judged: .*no such layer"):
        outside.verdict(make(), handed, 0, breaks)


def test_an_error_that_is_of_a_blank_is_no_mistake(handed):
    one = handed["rounds"][0]["tried"][0]
    one["error"] = "TypeError: unsupported operand: 'Ellipsis' and 'int'"
    assert told(make(), handed).status == "not attempted"
    one["error"] = "TypeError: unsupported operand: 'str' and 'int'"
    one["line"] = "return size - kernel"
    found = told(make(), handed)
    assert found.status == "wrong"
    assert ("In your cell", "return size - kernel") in found.parts
    assert Tried.__dataclass_fields__.keys() >= one.keys() - {"states"}
