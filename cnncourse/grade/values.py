"""Plain values as bytes and back: JSON and the raw numbers of arrays, nothing that is code.

`packed` runs where nothing is trusted; `unpacked` reads what came from there and makes numbers,
texts, lists, tuples, dicts and arrays of it, `...`, things that are only named (`Named`), and
strangers: objects of which a text is known and nothing else.
"""

import dataclasses
import json
import math
import re
from collections.abc import Callable
from typing import Any

from cnncourse.exercises.plain import Unreadable, plain, show

import numpy as np

MOST = 2**25  # bytes of what one exercise hands out
_TEXT = 2**22  # bytes of these that are no numbers: as objects they take up many times more
_DEPTH = 40
_LIST = 1000  # entries of a list; a longer one is an array of numbers, or not looked at
_NUMBERS, _VAST = 10**6, 2**23  # of an array: that `plain` looks at, that are handed out
_DTYPE = re.compile(r"[<>|=]?(b1|[iu][1248]|f(2|4|8)|c(8|16))")


class ValuesError(ValueError):
    """These bytes are no values; the message says why."""


@dataclasses.dataclass(frozen=True)
class Named:
    """Something that only the two sides' hooks know, such as a network: its kind and parts."""

    kind: str
    parts: Any


def packed(value: Any, describe: Callable[[Any], Named | None] = lambda value: None) -> bytes:
    """Return a value as bytes. describe: gives a Named for what is not plain, else None."""
    blob = bytearray()
    tree = _node(value, describe, blob, 0)
    text = json.dumps(tree).encode()
    return len(text).to_bytes(8, "big") + text + bytes(blob)


def _node(value, describe, blob, depth):
    if value is None or isinstance(value, bool) or type(value) is float:
        return value
    if type(value) is str:
        return value if len(value) < 10**6 else _stranger(value)
    if type(value) is int:
        return value if abs(value) < 2**63 else {"k": "int", "v": hex(value)[:4000]}
    if value is ... or value is NotImplemented:
        return {"k": "..."}
    if depth > _DEPTH:
        return _stranger(value)
    named = value if isinstance(value, Named) else describe(value)
    if named is not None:
        parts = _node(named.parts, describe, blob, depth + 1)
        return {"k": "named", "name": named.kind, "v": parts}
    if isinstance(value, dict):
        items = list(value.items())[:_LIST]
        pairs = [
            [
                key if isinstance(key, str | int | float) else str(key),
                _node(one, describe, blob, depth + 1),
            ]
            for key, one in items
        ]
        return {"k": "dict", "v": pairs}
    if isinstance(value, list | tuple):
        kind = "tuple" if isinstance(value, tuple) else "list"
        if len(value) > 100 or _leaves(value) > 200:
            array = plain(value)
            if isinstance(array, np.ndarray):
                return {"k": kind, "a": _array(array, blob)}
        if len(value) <= _LIST:
            return {"k": kind, "v": [_node(one, describe, blob, depth + 1) for one in value]}
        return _stranger(value)
    if isinstance(value, set | frozenset) and len(value) <= _LIST:
        ordered = sorted(value, key=repr)
        kind = "frozenset" if isinstance(value, frozenset) else "set"
        return {"k": kind, "v": [_node(one, describe, blob, depth + 1) for one in ordered]}
    if isinstance(value, bytes):
        blob += value
        return {"k": "bytes", "at": len(blob) - len(value), "n": len(value)}
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc" and value.size > _NUMBERS:
        if value.size > _VAST:  # a view can have any size, and no memory
            return {"k": "vast", "s": value.shape}
        return {"k": "array", **_array(value, blob)}
    array = plain(value)
    if isinstance(array, np.ndarray):
        kind = "scalar" if isinstance(value, np.generic) else "array"
        return {"k": kind, **_array(array, blob)}
    if isinstance(array, list) and isinstance(value, np.ndarray):
        return {"k": "texts", "v": _node(array, describe, blob, depth + 1)}
    return array if isinstance(array, str) else _stranger(value, array)


def _leaves(value, depth=0):
    """How many entries lists in lists have, as far as their first entries tell."""
    if not isinstance(value, list | tuple) or not value or depth > 8:
        return 1
    return len(value) * _leaves(value[0], depth + 1)


def _array(array, blob):
    array = array.astype(array.dtype.newbyteorder("<"), order="C")
    start = len(blob)
    blob += array.tobytes()
    return {"d": array.dtype.str, "s": array.shape, "at": start}


def _stranger(value, known=None):
    shown = known.shown if isinstance(known, Unreadable) else show(value)
    return {"k": "stranger", "type": type(value).__name__[:100], "v": shown}


# From where nothing is trusted --------------------------------------------------------------------


def unpacked(content: bytes) -> Any:
    """Return the value of bytes from `packed`; ValuesError for any others."""
    size = int.from_bytes(content[:8], "big")
    if len(content) > MOST or size > min(len(content) - 8, _TEXT):
        raise ValuesError("it is too long, or not whole")
    try:
        tree = json.loads(content[8 : 8 + size])
        return _value(tree, _Blob(memoryview(content)[8 + size :]), 0)
    except ValuesError:
        raise
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise ValuesError(f"it is no values ({type(error).__name__})") from error


class _Blob:
    """The raw numbers, of which each byte is taken at most once: else a few make up any memory."""

    def __init__(self, content):
        self.content, self.left = content, len(content)

    def take(self, at, size):
        self.left -= size
        if self.left < 0 or not 0 <= at <= at + size <= len(self.content):
            raise ValuesError("an array that is not whole")
        return self.content[at : at + size]


def _value(node, blob, depth):
    if isinstance(node, str):
        return _text(node)
    if node is None or isinstance(node, bool | int | float):
        return node
    if depth > _DEPTH + 2:
        raise ValuesError("lists in lists without end")
    kind = node["k"]
    if isinstance(node.get("v"), list) and len(node["v"]) > _LIST:
        raise ValuesError("a list that is too long")
    if kind == "int":
        return int(node["v"], 16)
    if kind == "...":
        return ...
    if kind == "named":
        return Named(str(node["name"]), _value(node["v"], blob, depth + 1))
    if kind == "dict":
        pairs = ((key, _value(one, blob, depth + 1)) for key, one in node["v"])
        return {key if isinstance(key, int | float) else _text(str(key)): one for key, one in pairs}
    if kind in ("list", "tuple"):
        if "a" in node:
            entries = _numbers(node["a"], blob).tolist()
        else:
            entries = [_value(one, blob, depth + 1) for one in node["v"]]
        return tuple(entries) if kind == "tuple" else entries
    if kind == "array":
        return _numbers(node, blob)
    if kind in ("set", "frozenset"):
        entries = {_value(one, blob, depth + 1) for one in node["v"]}
        return entries if kind == "set" else frozenset(entries)
    if kind == "texts":
        return np.array(_value(node["v"], blob, depth + 1))
    if kind == "bytes":
        return bytes(blob.take(node["at"], node["n"]))
    if kind == "vast":
        if depth:  # in a list it would be made whole
            return Unreadable(f"{math.prod(node['s']):,} numbers, far more than are asked for")
        return np.broadcast_to(np.zeros(()), tuple(node["s"]))
    if kind == "scalar":
        return _numbers(node, blob)[()]
    if kind == "stranger":
        return stranger(str(node["type"]), _text(str(node["v"])))
    raise ValuesError(f"it has a {kind!r} in it")


def _text(text):
    """A text that can be written to a file: half a pair of UTF-16 cannot."""
    return text.encode(errors="replace").decode()


def _numbers(node, blob):
    shape, at = tuple(node["s"]), node["at"]
    if not _DTYPE.fullmatch(node["d"]) or not all(type(n) is int and n >= 0 for n in (*shape, at)):
        raise ValuesError("an array that makes no sense")
    if len(shape) > 32:
        raise ValuesError("an array that makes no sense")
    dtype = np.dtype(node["d"])
    raw = blob.take(at, math.prod(shape) * dtype.itemsize)
    return np.frombuffer(raw, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def stranger(kind: str, shown: str) -> Unreadable:
    """An object that is called as its type was, and shown as it was; it is and does nothing."""
    name = kind if re.fullmatch(r"\w{1,100}", kind) else "object"
    return type(name, (Unreadable,), {})(shown[:2000])
