"""An exercise and the mistakes it knows, as a lesson's bank writes them down."""

import ast
import functools
import linecache
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cnncourse.exercises._limit import limited
from cnncourse.exercises._observe import Trial, observe
from cnncourse.exercises._values import Unreadable

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """A wrong answer that readers give, and what they are told.

    code: what fills the blank cell.
    message: what the reader learns: what this answer does, and why that is not what is asked.
    by: the names of the facts that give the mistake away (default: every fact or case agrees).
    when: what gives away a mistake that readers write in many ways: takes the list of `Trial`s of
        an answer and says whether the message is true of them. `code` is then an example.
    """

    code: str
    message: str
    by: Sequence[str] = ()
    when: Callable[[list[Trial]], bool] | None = None


@dataclass(eq=False, kw_only=True)
class Exercise:
    """One exercise; `cnncourse/exercises/__init__.py` shows how to write one.

    name: "NN/name", as in the tag of the blank cell.
    task: one line that says what to do.
    hints: in steps, each nearer to the answer.
    solution: the code that fills the blank cell.
    shows: what a right answer shows.
    mistakes: wrong answers with their messages, at least two.
    right: other code that fills the blank cell and is as right as the solution.
    cases: for a function, the arguments of each call: a tuple, or a dict of keyword arguments.
    draw: makes one more case of this exercise's kind from a NumPy generator; `drawn` calls it.
    changes: the solution's parameters whose arguments an answer may change. All others are
        compared after each call with what they were before it.
    facts: what is judged where values cannot be compared: takes the answer (with cases, what the
        answer returns) and gives a dict of named facts, equal for every right answer; raises
        Wrong to say why an answer cannot be judged.
    report: what a right answer is told of itself beside `shows`, such as what was measured of it:
        takes the answer and gives a verdict's parts.
    answer: the expression given to `check` (default: the name behind the slash).
    setup: code that runs before the solution: what the lesson's earlier cells provide.
    tolerance: allowed difference of floating-point numbers, as a part of the largest expected.
    seconds: the time limit for the reader's code.
    reveal: whether a wrong answer is shown the expected value (default: not for a plain value).
    """

    name: str
    task: str
    hints: Sequence[str]
    solution: str
    shows: str
    mistakes: Sequence[Mistake]
    right: Sequence[str] = ()
    cases: Sequence[tuple | dict] = ()
    draw: Callable[[np.random.Generator], tuple | dict] | None = None
    changes: Sequence[str] = ()
    facts: Callable[[Any], dict] | None = None
    report: Callable[[Any], list[tuple[str, str]]] | None = None
    answer: str = ""
    setup: str = "import numpy as np"
    tolerance: float = 1e-5
    seconds: float = 5.0
    reveal: bool | None = None

    def __post_init__(self):
        if not re.fullmatch(r"\d\d/[a-z0-9_]+", self.name):
            raise ValueError(f"exercise name {self.name!r}: expected two digits, /, snake_case")
        for attribute in ("hints", "mistakes", "right", "cases", "changes"):
            if isinstance(getattr(self, attribute), str):
                raise ValueError(f"{self.name}: {attribute} must be a list or tuple, not a string")
        self.answer = self.answer or self.name.split("/")[1]
        if self.reveal is None:
            self.reveal = bool(self.cases or self.facts)

    def drawn(self, seed, n):
        """n further cases, always the same for a seed; ValueError without `draw`."""
        if self.draw is None:
            raise ValueError(f"{self.name} has no draw(rng), which would make further cases")
        rng = np.random.default_rng(seed)
        return [self.draw(rng) for _ in range(n)]

    @property
    def filled(self):
        """The solution as it stands in the blank cell."""
        return textwrap.dedent(self.solution).strip()

    def fill(self, code):
        """Run code in the place of the blank cell and return the answer that it makes."""
        code = textwrap.dedent(code).strip()
        filename = f"<{self.name} {abs(hash(code)):x}>"
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
        namespace = {"__name__": "answer"}
        exec(textwrap.dedent(self.setup), namespace)
        exec(compile(code, filename, "exec"), namespace)
        return eval(self.answer, namespace)

    @functools.cached_property
    def parameters(self):
        """The names of the parameters in the solution's `def`, in order."""
        for node in ast.parse(self.filled).body:
            if isinstance(node, ast.FunctionDef) and node.name == self.answer:
                return [argument.arg for argument in node.args.args]
        return []

    def arguments(self, case):
        """A case's arguments by name: that of the parameter, or "argument 3" where it has none."""
        if isinstance(case, dict):
            return case
        unnamed = [f"argument {number + 1}" for number in range(len(case or ()))]
        names = self.parameters + unnamed[len(self.parameters) :]
        return dict(zip(names, case or (), strict=False))

    def watched(self, case):
        """Those of a case's arguments, by name, that an answer must leave as they are."""
        given = self.arguments(case)
        return {name: value for name, value in given.items() if name not in self.changes}

    @functools.cached_property
    def expected(self):
        """What the reference solution does: one outcome a case."""
        outcomes = self._run_own(self.solution)
        for outcome in outcomes:
            failed = outcome.error or outcome.wrong or outcome.blank or outcome.value is None
            if failed or outcome.changed or isinstance(outcome.value, Unreadable):
                raise ValueError(f"{self.name}: its own solution gives {outcome}")
        return outcomes

    @functools.cached_property
    def mistaken(self):
        """What each known mistake does: pairs of the mistake and its outcomes."""
        return [(mistake, self._run_own(mistake.code)) for mistake in self.mistakes]

    def _run_own(self, code):
        # Import outside of the thread: logging keeps the output stream that it finds.
        exec(textwrap.dedent(self.setup), {})
        outcomes = []

        def run_code():
            answer = self.fill(code)
            if code is self.solution:
                self.reference = answer
            observe(self, answer, outcomes)

        run = limited(run_code, seconds=120, idle=120)
        if run.error or not run.ended:
            why = f", stopped at its limit of {run.stopped}" if run.stopped else ""
            raise RuntimeError(
                f"{self.name}: the bank's own code does not run{why}:\n{code}"
            ) from run.error
        return outcomes
