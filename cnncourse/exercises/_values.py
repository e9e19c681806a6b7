"""What an answer's values are, as plain data, and how two of them differ."""

from dataclasses import dataclass
from numbers import Number

from cnncourse.exercises._show import show

import numpy as np

MOST_NUMBERS = 10**6  # more are not looked at: no answer has as many, and a view can have any


@dataclass(repr=False)
class Unreadable:
    """Stands for a value that is neither numbers, text, list nor dict."""

    shown: str

    def __repr__(self):
        return self.shown


def plain(value):
    """The value as an array of numbers, text, a list or a dict of these, None, or Unreadable."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    array = None
    try:
        array = np.asarray(value)
        if array.dtype.kind == "O" and all(isinstance(item, Number) for item in array.flat):
            array = array.astype(np.float64)  # Fraction, Decimal, very large int
        if array.dtype.kind in "biufc":
            if array.size > MOST_NUMBERS:
                return Unreadable(f"{array.size:,} numbers, far more than are asked for")
            return array.copy()
    except Exception:
        pass  # not numbers
    if isinstance(value, (list, tuple)) and len(value) <= 1000:
        return [plain(item) for item in value]
    if array is not None and array.dtype.kind == "U" and array.size <= 1000:
        return array.tolist()
    return Unreadable(show(value))


def has_blank(value):
    """Whether `...` is left in the value."""
    if isinstance(value, (list, tuple)) and len(value) <= 1000:
        return any(has_blank(item) for item in value)
    if isinstance(value, dict):
        return any(has_blank(item) for item in value.values())
    return value is ... or value is NotImplemented


def identical(one, other):
    """Whether two plain values are the same in type, shape and every number; NaN is itself."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        same_kind = one.dtype == other.dtype and one.shape == other.shape
        return same_kind and one.tobytes() == other.tobytes()
    if isinstance(one, dict) and isinstance(other, dict):
        same_keys = list(one) == list(other)
        return same_keys and all(identical(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(identical, one, other))
    return type(one) is type(other) and (isinstance(one, Unreadable) or one == other)


def words(text):
    """The words of a text, whatever their spacing and capitals."""
    return text.casefold().split()


def difference(expected, received, tolerance):
    """Where one plain value is not as another, in words; None where they agree."""
    if isinstance(expected, dict):
        if not isinstance(received, dict):
            return "a dict is expected"
        for key, value in expected.items():
            if key not in received or difference(value, received[key], tolerance) is not None:
                return key
        return None
    if isinstance(expected, list):
        if not isinstance(received, list) or len(received) != len(expected):
            return f"{len(expected)} entries are expected"
        for index, (one, other) in enumerate(zip(expected, received, strict=True)):
            if difference(one, other, tolerance) is not None:
                return f"entry [{index}]"
        return None
    if isinstance(expected, str):
        same = isinstance(received, str) and words(expected) == words(received)
        return None if same else "the text"
    if isinstance(expected, np.ndarray):
        return difference_of_numbers(expected, received, tolerance)
    same = expected is received or (isinstance(received, Unreadable) and expected == received)
    return None if same else "the value"


def difference_of_numbers(expected, received, tolerance):
    """Where an array is not as another: in kind, shape or values; None where they agree."""
    if not isinstance(received, np.ndarray):
        return "a number is expected" if expected.ndim == 0 else "numbers are expected"
    if received.shape != expected.shape:
        return "a single number is expected" if expected.ndim == 0 else "the shape"
    if expected.dtype.kind in "biu":
        allowed = 1e-3  # a whole number may come as a float
    else:
        finite = np.abs(expected[np.isfinite(expected)])
        allowed = tolerance * (finite.max(initial=0) or 1)
    close = np.isclose(
        received.astype(np.result_type(received, np.float64)),
        expected.astype(np.result_type(expected, np.float64)),
        rtol=0,
        atol=allowed,
        equal_nan=True,
    )
    if close.all():
        return None
    if not expected.ndim:
        return "the number"
    first = [int(index) for index in np.argwhere(~close)[0]]
    return f"{(~close).sum()} of {close.size} entries, first {first}"
