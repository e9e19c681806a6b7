"""All single changes to a Python source: what a slip of the hand or of the mind makes of it.

    for change in changes("def side(n, k):\\n    return n - k + 1\\n"):
        print(change)  # line 2, operator: n - k + 1  ->  (n - k - 1), and so on

What is around the changed piece stays as it is written, so line numbers stay too. Names (the list
__all__ among them), annotations, docstrings, imports, asserts and what is inside of f-strings are
not changed.
"""

import ast
import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

_OPERATORS = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.Add, ast.Pow),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mult, ast.Mod),
    ast.Mod: (ast.FloorDiv, ast.Mult),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitXor: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.RShift: (ast.LShift,),
}
_ORDER_MATTERS = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
_COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt, ast.NotEq),
    ast.LtE: (ast.Lt, ast.GtE, ast.Eq),
    ast.Gt: (ast.GtE, ast.Lt, ast.NotEq),
    ast.GtE: (ast.Gt, ast.LtE, ast.Eq),
    ast.Eq: (ast.NotEq, ast.LtE, ast.GtE),
    ast.NotEq: (ast.Eq, ast.Lt, ast.Gt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_LEFT_OUT = (ast.Assign, ast.AugAssign, ast.Expr, ast.Delete, ast.If, ast.Raise, ast.Break)
_MOVED = (*_LEFT_OUT, ast.For, ast.While, ast.With, ast.AnnAssign)
_CLOSED = (ast.Constant, ast.Name, ast.Tuple, ast.List, ast.Call, ast.Subscript, ast.Slice)
_UNCHANGED = (ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Assert)


@dataclass(frozen=True)
class Change:
    """One change: its line (from 1), its kind, the piece before and after, the whole source."""

    line: int
    kind: str
    before: str
    after: str
    source: str

    def __str__(self):
        before, after = (" ".join(text.split()) for text in (self.before, self.after))
        return f"line {self.line}, {self.kind}: {before}  ->  {after}"


def changes(source: str) -> Iterator[Change]:
    """Every single change to a source, each once, in the source's order of nodes.

    All are Python, and each means something else to the parser than the source does; that it does
    something else is not said. SyntaxError where the source itself is no Python.
    """
    tree = ast.parse(source)
    raw = source.encode()
    seen = {ast.dump(tree)}
    for start, end, line, kind, after in _edits(tree, raw):
        changed = (raw[:start] + after.encode() + raw[end:]).decode()
        try:
            dumped = ast.dump(ast.parse(changed))
        except SyntaxError:  # such as a piece left out whose place must not be empty
            continue
        if dumped not in seen:
            seen.add(dumped)
            yield Change(line, kind, raw[start:end].decode(), after, changed)


def _edits(tree, raw):
    """Start and end of a piece in the source's bytes, its line, the kind of change, new text."""
    starts = [0]
    for line in raw.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def span(node):
        return (
            starts[node.lineno - 1] + node.col_offset,
            starts[node.end_lineno - 1] + node.end_col_offset,
        )

    strings = _strings(tree)
    for node in _nodes(tree):
        for kind, new, *where in _rewritten(node, strings):
            place = where[0] if where else node
            yield *span(place), place.lineno, kind, _text(new, place)
        for statements in _bodies(node):
            for one, other in itertools.pairwise(statements):
                if _may_move(one) and _may_move(other):
                    (start, stop), (go_on, end) = span(one), span(other)
                    pieces = raw[go_on:end], raw[stop:go_on], raw[start:stop]
                    yield start, end, one.lineno, "order", b"".join(pieces).decode()


def _nodes(node):
    """The node and all inside of it that may be changed."""
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST) and not _stays(item):
                yield from _nodes(item)


def _stays(node):
    """Whether a node is of those that are not changed."""
    listed = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    return listed or isinstance(node, _UNCHANGED) or _is_doc(node)


def _is_doc(node):
    """Whether a statement is nothing but a text."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _may_move(node):
    return isinstance(node, _MOVED) and not _stays(node)


def _bodies(node):
    """The lists of statements that belong to a node."""
    for name in ("body", "orelse", "finalbody"):
        statements = getattr(node, name, None)
        if isinstance(statements, list):
            yield statements


def _strings(tree):
    """The texts of a source, each with the next other one."""
    found = [
        node.value
        for node in _nodes(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    found = list(dict.fromkeys(found))
    return dict(zip(found, [*found[1:], *found[:1]], strict=True))


def _text(new, old):
    """A new node as text, on as many lines as the old one has."""
    text = ast.unparse(new)
    missing = "\n" * max(0, old.end_lineno - old.lineno - text.count("\n"))
    if isinstance(new, ast.stmt):
        return text.replace("\n", "\n" + " " * old.col_offset) + missing
    if isinstance(new, _CLOSED) and not missing:
        return text
    return f"({text}{missing})"


def _rewritten(node, strings):
    """The kind of change, the new node, and the node it replaces where that is not this one."""
    if isinstance(node, _LEFT_OUT):
        yield "left out", ast.Pass()
    if isinstance(node, ast.Constant):
        yield from _constants(node.value, strings)
    for kind, rule in _RULES.items():
        if isinstance(node, kind):
            yield from rule(node)


def _constants(value, strings):
    """Other constants in the place of one."""
    others = []
    if isinstance(value, bool):
        others = [not value]
    elif isinstance(value, int | float):
        others = [value + 1, value - 1, 0, -value]
    elif isinstance(value, str) and value in strings:
        others = ["", strings[value]]
    for other in others:
        if other != value:
            yield "constant", ast.Constant(other)


def _with(node, **fields):
    """The node with other fields."""
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _without(items):
    """The list with each of its items left out once."""
    return [items[:i] + items[i + 1 :] for i in range(len(items))]


def _swapped(items):
    """The list with each pair of neighbours in the other order."""
    pairs = range(len(items) - 1)
    return [[*items[:i], items[i + 1], items[i], *items[i + 2 :]] for i in pairs]


def _binary(node):
    for other in _OPERATORS[type(node.op)]:
        yield "operator", _with(node, op=other())
    if isinstance(node.op, _ORDER_MATTERS):
        yield "swapped", _with(node, left=node.right, right=node.left)
    yield "left out", node.left
    yield "left out", node.right


def _augmented(node):
    for other in _OPERATORS[type(node.op)]:
        yield "operator", _with(node, op=other())
    yield "operator", ast.Assign([node.target], node.value, lineno=node.lineno)


def _compare(node):
    for i, operator in enumerate(node.ops):
        for other in _COMPARISONS[type(operator)]:
            yield "comparison", _with(node, ops=[*node.ops[:i], other(), *node.ops[i + 1 :]])


def _boolean(node):
    other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    yield "boolean", _with(node, op=other)
    for values in _without(node.values):
        yield "left out", _with(node, values=values) if len(values) > 1 else values[0]


def _unary(node):
    yield ("boolean" if isinstance(node.op, ast.Not) else "sign"), node.operand


def _condition(node):
    yield "boolean", ast.UnaryOp(ast.Not(), node.test), node.test


def _choice(node):
    yield from _condition(node)
    yield "left out", node.body
    yield "left out", node.orelse


def _call(node):
    for arguments in _without(node.args):
        yield "argument left out", _with(node, args=arguments)
    for keywords in _without(node.keywords):
        yield "argument left out", _with(node, keywords=keywords)
    for arguments in _swapped(node.args):
        yield "swapped", _with(node, args=arguments)
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield "call left out", node.args[0]
    if isinstance(node.func, ast.Attribute):
        yield "call left out", node.func.value


def _subscript(node):
    yield "index left out", node.value


def _slice(node):
    for name in ("lower", "upper", "step"):
        if getattr(node, name) is not None:
            yield "left out", _with(node, **{name: None})


def _entries(node):
    if isinstance(node.ctx, ast.Load):
        for entries in _without(node.elts):
            yield "left out", _with(node, elts=entries)
    for entries in _swapped(node.elts):
        yield "swapped", _with(node, elts=entries)


def _comprehension(node):
    for i, part in enumerate(node.generators):
        for rest in _without(part.ifs):
            parts = [*node.generators[:i], _with(part, ifs=rest), *node.generators[i + 1 :]]
            yield "left out", _with(node, generators=parts)
        if part.ifs:
            negated = [ast.UnaryOp(ast.Not(), part.ifs[0]), *part.ifs[1:]]
            parts = [*node.generators[:i], _with(part, ifs=negated), *node.generators[i + 1 :]]
            yield "boolean", _with(node, generators=parts)


def _returned(node):
    if node.value is not None:
        yield "value left out", ast.Return(None)


def _jump(node):
    yield "jump", (ast.Continue() if isinstance(node, ast.Break) else ast.Break())


_RULES = {
    ast.BinOp: _binary,
    ast.AugAssign: _augmented,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.If | ast.While: _condition,
    ast.IfExp: _choice,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Tuple | ast.List: _entries,
    ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp: _comprehension,
    ast.Return: _returned,
    ast.Break | ast.Continue: _jump,
}
