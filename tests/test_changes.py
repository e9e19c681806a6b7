"""The single changes to a source: each kind is made, each result is Python and stays in place."""

import ast
import pathlib

from tools.changes import changes

import pytest

SOURCE = pathlib.Path(__file__).parents[1] / "cnncourse" / "conv.py"


def bodies(source):
    """Of each change to `def f(x):` and the source indented under it, the body as one text."""
    whole = "def f(x):\n" + "".join(f"    {line}\n" for line in source.split("\n"))
    found = [ast.parse(change.source).body[0].body for change in changes(whole)]
    return ["\n".join(map(ast.unparse, body)) for body in found]


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("return x - 1", "return x + 1"),
        ("return x - 1", "return 1 - x"),
        ("return x - 1", "return x"),
        ("return x - 3", "return x - 4"),
        ("return x - 3", "return x - 0"),
        ("return x - 3", "return x - -3"),
        ("return x - 1", "return"),
        ("return x <= 3", "return x < 3"),
        ("return -x", "return x"),
        ("return not x", "return x"),
        ("return x and 1", "return x or 1"),
        ("return True", "return False"),
        ("return 'a' + 'b'", "return 'b' + 'b'"),
        ("return sorted(x)", "return x"),
        ("return x.copy()", "return x"),
        ("return g(x, 1)", "return g(1, x)"),
        ("return g(x, axis=1)", "return g(x)"),
        ("return g(x, axis=1)", "return g(x, axis=2)"),
        ("return x[2:]", "return x[:]"),
        ("return x[2:]", "return x[3:]"),
        ("return x[2]", "return x"),
        ("return x, 1", "return (1, x)"),
        ("return [a for a in x if a]", "return [a for a in x]"),
        ("return [a for a in x if a]", "return [a for a in x if not a]"),
        ("return 1 if x else 2", "return 2"),
        ("x += 1\nreturn x", "x = 1\nreturn x"),
        ("x += 1\nreturn x", "pass\nreturn x"),
        ("x += 1\nx *= 2\nreturn x", "x *= 2\nx += 1\nreturn x"),
        ("while x:\n    break", "while x:\n    continue"),
        (
            "if x:\n    x = g()\nelif x > 1:\n    x = h()",
            "if x:\n    x = g()\nelif not x > 1:\n    x = h()",
        ),
    ],
)
def test_a_change_of_each_kind_is_made(source, made):
    assert made in bodies(source)


def test_what_is_no_code_of_the_answer_stays():
    source = '"""Text."""\nimport a.b\nassert x, 1\nreturn f"{x + 1}"'
    assert bodies(source) == ["'Text.'\nimport a.b\nassert x, 1\nreturn"]
    assert list(changes("def f(x: 1) -> 2: ...\n")) == []
    assert {change.line for change in changes("__all__ = ['f', 'g']\ng = True\n")} == {2}


def test_each_change_is_another_program_on_the_same_lines():
    source = SOURCE.read_text(encoding="utf-8").split("\n\n\n")[-1]
    made = list(changes(source))
    trees = [ast.dump(ast.parse(change.source)) for change in made]
    assert len({*trees, ast.dump(ast.parse(source))}) == len(made) + 1 > 20
    for change in made:
        lines = change.source.split("\n")
        assert len(lines) == source.count("\n") + 1
        assert lines[: change.line - 1] == source.split("\n")[: change.line - 1]
    assert str(made[0]).startswith(f"line {made[0].line}, {made[0].kind}: ")


def test_letters_of_several_bytes_do_not_shift_the_place():
    assert 'name = "ü"; n = 2\n' in [c.source for c in changes('name = "ü"; n = 1\n')]


def test_what_is_no_python_is_an_error():
    with pytest.raises(SyntaxError):
        list(changes("def"))
