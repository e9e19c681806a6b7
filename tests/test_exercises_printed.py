"""What an answer prints, warns of and logs: shown with a wrong answer as a reader would see it."""

import logging
import re
import sys
import warnings

from cnncourse.exercises import _limit
from cnncourse.exercises._engine import judge

import pytest
from small_exercises import judged, make


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


def printed(line):
    return dict(judged(f"def output_size(a, b):\n    if a == 5: {line}").parts).get("It printed")


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("print('a'); print('b')", "a\nb"),
        ("print('x' * 200)", "x" * 200),
        ("print('a\\r'); print('b')", "a\nb"),
        ("[print(i) for i in range(9)]", "0\n1\n2\n3\n4\n5\n6\n7 ..."),
        ("[print(f'\\r{i}/3', end='') for i in range(4)]", "3/3"),
        ("[print(f'{i}/3', end='\\r') for i in range(4)]", "3/3"),
        ("[print(f'\\r{i}/3', end='') for i in range(4)]; print(); print('end')", "3/3\nend"),
        ("[print(chr(8) * 9 + f'\\r\\x1b[1m{i}\\x1b[0m/3', end='') for i in range(4)]", "3/3"),
        ("[print('\\r' + 'x' * 90, end='') for i in range(999)]; print('\\rdone')", "done"),
        ("import sys; print('error', file=sys.stderr)", "error"),
    ],
)
def test_what_is_printed_over_and_over_is_shown_as_it_ends(line, seen):
    assert printed(line) == seen


def test_what_is_printed_without_end_is_kept_to_its_beginning():
    sink = _limit.Sink(None, keep=30)
    for number in range(10_000):
        sink.write(f"{number} ")
    assert sink.text == "0 1 2 3 4 5 6 7 8 9 10 11 12 1"
    assert len(sink.line) <= 30


def test_warnings_and_logs_of_an_answer_are_not_shown(capfd):
    handler = logging.StreamHandler(sys.stderr)
    log = logging.getLogger("tensorflow.of.a.test")
    log.propagate = False  # TensorFlow, where it is loaded, has a handler of its own
    log.addHandler(handler)

    def answer(size, kernel):
        log.warning("retracing")
        log.critical("the worst")
        warnings.warn("a warning", stacklevel=1)
        return size - kernel + 1

    assert judge(make(), answer).right
    assert capfd.readouterr() == ("", "")
    log.warning("seen again")
    log.removeHandler(handler)
    assert capfd.readouterr().err == "seen again\n"


def test_an_error_of_tensorflow_is_the_same_the_first_and_the_second_time():
    """Its message ends in " name: " from the second time in a process on."""

    class NamedError(Exception):
        def __str__(self):
            return "no such size" + next(endings)

    endings = iter(["", " name: "])

    def answer(size, kernel):
        raise NamedError

    exercise = make(cases=((5, 3),))
    told = [dict(judge(exercise, answer).parts)["It raised"] for _ in range(2)]
    assert told == ["NamedError: no such size"] * 2
