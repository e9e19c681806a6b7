"""What a reader sees: values cut to a few lines, and answers for JupyterLab and a terminal."""

import html
import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

LINES, CHARACTERS = 8, 500
TITLES = {
    "right": ("✓ Right", "#2e8b57"),
    "not attempted": ("… Not attempted yet", "#777777"),
    "wrong": ("✗ Not right yet", "#c0562b"),
    "note": ("", "#4477aa"),
}


@dataclass(repr=False)
class Unreadable:
    """Stands for a value that is neither numbers, text, list nor dict."""

    shown: str

    def __repr__(self):
        return self.shown


def cut(text):
    """The first few lines of a text, with a mark where something was left out."""
    lines = text[:CHARACTERS].split("\n")
    left_out = len(text) > CHARACTERS or len(lines) > LINES
    return "\n".join(lines[:LINES]) + (" ..." if left_out else "")


def show(value):
    """A value as text: short, and without an exception whatever the object does."""
    try:
        if isinstance(value, np.ndarray) and value.ndim == 0:
            return cut(str(value.item()))
        if isinstance(value, np.ndarray):
            wide = value.dtype.kind == "f" and value.size < 10**6  # float16(0.2) is 0.19995
            numbers = np.array2string(
                value.astype(np.float64) if wide else value,
                threshold=60,
                edgeitems=3,
                precision=5,
                max_line_width=88,
            )
            return cut(f"shape {value.shape}, {value.dtype}\n{numbers}")
        if isinstance(value, dict):
            return cut(", ".join(f"{key}: {show(item)}" for key, item in value.items()))
        if isinstance(value, (list, tuple)):
            items = [f"{{{show(i)}}}" if isinstance(i, dict) else show(i) for i in value[:20]]
            if len(value) > len(items):
                items.append("...")
            return cut("[" + ", ".join(items) + "]")
        if value is None or isinstance(value, bool | int | float | complex):
            return cut(repr(value))
        if isinstance(value, str):
            return cut(repr(value[:CHARACTERS]))
        if inspect.isroutine(value) or isinstance(value, type):
            return cut(f"the {type(value).__name__} {value.__name__}")
        name = "" if isinstance(value, Unreadable) else f"{type(value).__name__}: "
        return cut(f"{name}{value!r}")
    except Exception:
        return f"an object of type {type(value).__name__} that cannot be shown"


def show_call(function, case):
    """The call of a function with the arguments of a case, as the reader would write it."""
    arguments = case.items() if isinstance(case, dict) else (("", value) for value in case)
    shown, arrays = [], []
    for name, value in arguments:
        if isinstance(value, np.ndarray) and value.size > 12:
            arrays.append(f"with {name or f'argument {len(shown) + 1}'}: {show(value)}")
            text = f"<array {value.shape}>"
        elif isinstance(value, np.ndarray):
            text = f"np.array({value.tolist()}, dtype={str(value.dtype)!r})"
        else:
            text = cut(repr(value))
        shown.append(f"{name}={text}" if name else text)
    return "\n".join([f"{function}({', '.join(shown)})", *arrays])


@dataclass
class Verdict:
    """What `check`, `hint` and `solution` return: true where an answer is right.

    status: "right", "not attempted", "wrong" or "note"; parts: pairs of a label and a text, where
    a part with a label is code or a value, and one without is a sentence. In JupyterLab the hints
    fold out one by one; a terminal shows how to ask for them.
    """

    name: str
    status: str
    parts: list[tuple[str, str]] = field(default_factory=list)
    mistake: Any = None
    title: str = ""
    hints: Sequence[str] = ()

    @property
    def right(self):
        return self.status == "right"

    def __bool__(self):
        return self.right

    def __str__(self):
        title = self.title or TITLES[self.status][0]
        lines = [f"{title} ({self.name})"]
        for label, text in self.parts:
            if not label:
                lines.append(text)
            elif "\n" in text:
                lines += [f"{label}:", *("    " + line for line in text.split("\n"))]
            else:
                lines.append(f"{label}: {text}")
        if self.hints:
            lines.append(f'A hint: `exercises.hint("{self.name}")`')
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self):
        title, color = TITLES[self.status]
        rows = [f"<p style='margin:0.2em 0'><strong>{html.escape(self.title or title)}</strong> "
                f"<code>{self.name}</code></p>"]  # fmt: skip
        for label, text in self.parts:
            if label:
                rows.append(
                    f"<p style='margin:0.4em 0 0 0'>{html.escape(label)}:</p>"
                    "<pre style='margin:0 0 0.4em 1em; background:transparent; color:inherit; "
                    f"white-space:pre-wrap'>{html.escape(text)}</pre>"
                )
            else:
                rows.append(sentence(text))
        rows.append(folded(self.name, self.hints))
        return (
            f"<div style='border-left:0.3em solid {color}; padding:0.2em 0.9em; margin:0.3em 0'>"
            + "".join(rows)
            + "</div>"
        )


def sentence(text):
    """A paragraph of HTML; what stands between `backticks` is code."""
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))
    return f"<p style='margin:0.4em 0'>{text}</p>"


def folded(name, hints):
    """Hints as HTML: each folds out, and has the next one inside of it."""
    inner = sentence(f'The solution: `exercises.solution("{name}")`') if hints else ""
    for number in range(len(hints), 0, -1):
        inner = (
            f"<details style='margin:0.4em 0'><summary>Hint {number} of {len(hints)}</summary>"
            f"{sentence(hints[number - 1])}{inner}</details>"
        )
    return inner
