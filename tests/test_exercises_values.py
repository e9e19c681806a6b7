"""Values as plain data: what they become, where two of them differ, when they are identical."""

from decimal import Decimal
from fractions import Fraction

from cnncourse.exercises._values import (
    MOST_NUMBERS,
    Unreadable,
    difference,
    has_blank,
    identical,
    plain,
)

import numpy as np
import pytest


@pytest.mark.parametrize(
    ("value", "as_plain"),
    [
        (None, None),
        ("text", "text"),
        (3, np.array(3)),
        ([1, 2.5], np.array([1.0, 2.5])),
        ((True, False), np.array([True, False])),
        ([Fraction(1, 2), Decimal(2)], np.array([0.5, 2.0])),
        (10**30, np.array(1e30)),
        (["a", 1], ["a", np.array(1)]),
        (("a", None), ["a", None]),
        ([[1, 2], [3]], [np.array([1, 2]), np.array([3])]),
        ({1: [2]}, {"1": np.array([2])}),
        (np.array([["a", "b"]]), [["a", "b"]]),
    ],
)
def test_a_value_becomes_plain_data(value, as_plain):
    assert identical(plain(value), as_plain)


def test_what_is_no_data_is_shown_and_not_kept():
    for value in (object(), {1, 2}, [object()] * 1001, np.full(1001, "x"), range, b"\xff"):
        assert isinstance(plain(value), Unreadable)
    assert [type(item) for item in plain([object(), 1])] == [Unreadable, np.ndarray]
    assert plain(np.full(1000, "x")) == ["x"] * 1000
    assert isinstance(plain(np.zeros(MOST_NUMBERS)), np.ndarray)
    assert str(plain(np.zeros(MOST_NUMBERS + 1))).startswith("1,000,001 numbers")


def test_plain_data_does_not_change_with_its_source():
    numbers = np.array([1, 2])
    found = plain(numbers)
    numbers[0] = 9
    assert found.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("expected", "received", "where"),
    [
        (3, 3.0, None),
        (3, 3.0009, None),
        (3, 3.0011, "the number"),
        (True, 1, None),
        (3, "3", "a number is expected"),
        (3, None, "a number is expected"),
        (3, [3], "a single number is expected"),
        ([3], 3, "the shape"),
        ([3, 4], "3 4", "numbers are expected"),
        ([3, 4], [3, 4, 5], "the shape"),
        ([3, 4], [5, 4], "1 of 2 entries, first [0]"),
        ([[3, 4], [5, 6]], [[3, 4], [0, 0]], "2 of 4 entries, first [1, 0]"),
        ([1e-9, 100.0], [2e-9, 100.0], None),
        ([0.0, 0.0], [2e-5, 0.0], "1 of 2 entries, first [0]"),
        ([1.0, np.nan], [1.0, np.nan], None),
        ([1.0, np.inf], [1.0, np.inf], None),
        ([1.0, np.inf], [1.0, -np.inf], "1 of 2 entries, first [1]"),
        ([1.0], [1.0 + 1j], "1 of 1 entries, first [0]"),
        (200.0, np.uint8(200), None),
        ("Good fit", "good  FIT", None),
        ("good fit", "goodfit", "the text"),
        ("3", 3, "the text"),
        (["a", 1], ["a", 1], None),
        (["a", 1], ("a", 2), "entry [1]"),
        (["a", 1], ["a"], "2 entries are expected"),
        (["a", 1], "a1", "2 entries are expected"),
        (["a", 1], {"a": 1}, "2 entries are expected"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1, "c": 3}, None),
        ({"a": 1, "b": 2}, {"a": 1}, "b"),
        ({"a": 1, "b": 2}, {"a": 5, "b": 2}, "a"),
        ({"a": 1}, [1], "a dict is expected"),
        (None, None, None),
        (None, 1, "the value"),
        (["a", None], ["a", "b"], "entry [1]"),
        (range, range, None),
        (range, zip, "the value"),
    ],
)
def test_where_two_values_differ(expected, received, where):
    assert difference(plain(expected), plain(received), 1e-5) == where


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.array([1]), np.array([1.0])),
        (np.array([1, 2]), np.array([[1, 2]])),
        (np.array([1, 2]), np.array([2, 1])),
        (np.array([0]), np.array([0.0])),
        (np.array(0.0), np.array(-0.0)),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"b": 1}, {"a": 1}),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, ["a"]),
        (["a"], {"a": 1}),
        (None, {"a": 1}),
        (["a"], None),
        (["a", 1], ["a"]),
        (["a"], ["a", "b"]),
        (["a", 1], ["a", 2]),
        ("a", "A"),
        ("a", None),
        (None, "a"),
        (1, "1"),
    ],
)
def test_what_is_not_identical(one, other):
    assert identical(plain(one), plain(one))
    assert not identical(plain(one), plain(other))
    assert not identical(plain([one, "x"]), plain([other, "x"]))


def test_nan_is_identical_to_itself_and_what_is_unreadable_to_all_such():
    assert identical(plain([1.0, np.nan]), plain([1.0, np.nan]))
    assert identical(plain(object()), plain(object()))
    assert not identical(plain(object()), None)


@pytest.mark.parametrize("value", [..., NotImplemented, [1, ...], (1, [2, ...]), {"a": {"b": ...}}])
def test_a_blank_is_found_wherever_it_stands(value):
    assert has_blank(value)


@pytest.mark.parametrize("value", [None, 0, "...", [1, 2], {"a": 1}, [[...] * 1001]])
def test_what_is_no_blank(value):
    assert not has_blank(value)
