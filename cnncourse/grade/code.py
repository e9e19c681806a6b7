"""Read students' code without running it: what an answer needs of the cells above it.

This reads hostile text with Python's own parser, so it is called in the sandbox alone.
"""

import ast
import builtins
import dataclasses
import functools
import re
import symtable

_WHOLE_CELL = re.compile(r"\s*%%(?:time|timeit|capture|prun)\b[^\n]*")  # code under it is a cell's
_CHANGES = {"append", "extend", "add", "update", "insert", "setdefault", "pop", "remove", "sort"}
_CHANGES |= {"reverse", "clear", "discard"}
_OURS = {"check", "hint", "solution", "done", "progress"}


@dataclasses.dataclass
class Piece:
    """The statements of one cell that are to be run. place: of the cell; tree: an ast.Module."""

    place: int
    tree: ast.Module


@dataclasses.dataclass
class Needed:
    """What to run for an answer: pieces in order, or what is wrong with its cell."""

    pieces: list[Piece]
    error: str | None = None
    line: str | None = None
    notes: list[str] = dataclasses.field(default_factory=list)


class Reader:
    """The cells of one notebook, each parsed once."""

    def __init__(self, sources):
        self.sources = sources
        self._trees = {}

    @functools.cache  # noqa: B019 - there is one reader a process
    def text(self, place):
        """The cell as Python is to read it."""
        return as_python(self.sources[place])

    def tree(self, place):
        """The cell as an ast.Module, or the exception that reading it raised."""
        if place not in self._trees:
            try:
                self._trees[place] = ast.parse(self.text(place))
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                self._trees[place] = error
        return self._trees[place]

    def needed(self, answer, places, setup, whole):
        """Return the statements that make an answer, an expression, and what they use.

        places: those of its blanks. setup: the code that runs before. whole: keep every statement
        of the answer's cells, as one that fills an array; of a function's cells only what the
        function needs.

        Of the cells above the last of its blanks, those statements are taken that bind a name
        which is used, unless the setup gives it.
        """
        for place in places:
            if isinstance(tree := self.tree(place), Exception):
                return Needed([], *_told(tree, self.text(place)))
        given = bound(ast.parse(setup))
        wanted = used(ast.parse(answer))
        chosen = {}
        candidates = [
            (place, index, statement)
            for place in range(places[-1], -1, -1)
            if isinstance(tree := self.tree(place), ast.Module)
            for index, statement in reversed(list(enumerate(tree.body)))
            if not _is_ours(statement)
        ]
        if whole:
            for place, index, statement in candidates:
                if place in places:
                    chosen[place, index] = statement
                    wanted |= used(statement)
        grew = True
        while grew:
            grew = False
            for place, index, statement in candidates:
                names = bound(statement, changed=True)
                if (place, index) in chosen or not names & wanted:
                    continue
                if place not in places and names & wanted <= given:
                    continue
                chosen[place, index] = statement
                wanted |= used(statement)
                grew = True
        broken = [p for p in range(places[-1]) if isinstance(self.tree(p), Exception)]
        pieces = [
            Piece(place, ast.Module([chosen[key] for key in sorted(chosen) if key[0] == place], []))
            for place in sorted({place for place, _ in chosen})
        ]
        found = set().union(*(bound(s) for s in chosen.values())) if chosen else set()
        unknown = wanted - found - given - set(dir(builtins)) - {"__name__", "get_ipython"}
        return Needed(pieces, notes=_notes(unknown, broken))


def _notes(unknown, broken):
    """What may help a reader: names that nothing defines, where a cell above cannot be read."""
    names = ", ".join(f"`{name}`" for name in sorted(unknown))
    told = f"A cell above is no Python, and nothing else defines {names}."
    return [told] if unknown and broken else []


def as_python(source):
    """A cell's source with what only IPython understands made harmless, without empty lines above.

    So IPython counts the lines of a cell as well.
    """
    first, _, rest = source.partition("\n")
    if _WHOLE_CELL.fullmatch(first):
        source = rest
    elif first.lstrip().startswith("%%"):
        return ""
    if re.search(r"(?m)^\s*[%!?]|\?\s*$|=\s*[%!]", source):
        from IPython.core.inputtransformer2 import TransformerManager

        source = TransformerManager().transform_cell(source)
    return re.sub(r"\A(?:[ \t]*\n)+", "", source)


def _told(error, source):
    """What is said of a cell that Python cannot read, and its line."""
    told = f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"
    number = getattr(error, "lineno", None)
    lines = source.splitlines()
    if isinstance(number, int) and 0 < number <= len(lines):
        return told, f"line {number}: {lines[number - 1].strip()}"
    return told, None


def _is_ours(statement):
    """Whether a statement only asks for a check, a hint or a solution of the course."""
    call = getattr(statement, "value", None)
    if isinstance(statement, ast.Expr) and isinstance(call, ast.Call):
        function = call.func
        if isinstance(function, ast.Attribute) and function.attr in _OURS:
            return ast.unparse(function.value) in ("exercises", "cnncourse.exercises")
    return False


def used(tree):
    """The global names that a piece of code reads, at its top level or in its functions."""
    return _globals(symtable.symtable(ast.unparse(tree), "<cell>", "exec"))


def _globals(table):
    top = table.get_type() == "module"
    names = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_referenced() and (top or symbol.is_global())
    }
    return names.union(*map(_globals, table.get_children()))


def bound(tree, changed=False):
    """The names that a piece of code binds at its top level.

    changed: also those whose object it changes, as `table["a"] = 1` and `names.append("a")` do.
    """
    found, waiting = set(), [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue  # what is bound inside stays there
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
            found.add(node.name)
        elif changed:
            found |= _changed(node)
        waiting.extend(ast.iter_child_nodes(node))
    return found


def _changed(node):
    """The name whose object a node changes, as a set of at most one."""
    inner = None
    if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.ctx, ast.Store):
        inner = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        inner = node.func.value if node.func.attr in _CHANGES else None
    while isinstance(inner, (ast.Subscript, ast.Attribute)):
        inner = inner.value
    return {inner.id} if isinstance(inner, ast.Name) else set()
