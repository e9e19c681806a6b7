"""Run lessons, each in a fresh kernel: progress, a table at the end, nothing left running."""

import asyncio
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import sys
import time

from . import budget, figures, results
from ._files import written_whole

CELL_SECONDS = 3_600


@dataclasses.dataclass
class Outcome:
    """How a lesson's run went: error is None where every cell ran."""

    name: str
    seconds: float
    key: str
    sources: list[str]
    error: str | None


def lessons(notebooks: pathlib.Path, wanted: list[str] | None = None) -> list[pathlib.Path]:
    """Return the lessons' .ipynb files in order; `wanted` names some by number or name."""
    found = sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise FileNotFoundError(f"{notebooks}: expected lessons named NN_topic.ipynb; found none.")
    if not wanted:
        return found
    chosen = []
    for name in wanted:
        matches = [p for p in found if p.stem == name or p.stem.split("_")[0] == name]
        if not matches:
            known = ", ".join(p.stem for p in found)
            raise FileNotFoundError(f"no lesson is called {name!r}; expected one of {known}.")
        chosen += matches
    return chosen


class Progress:
    """What is running, on one line that is rewritten in a terminal and rare in a log."""

    def __init__(self, stream=None):
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._width = 0
        self._last = 0.0

    def cell(self, text: str) -> None:
        if self._live:
            self._stream.write("\r" + text.ljust(self._width))
            self._width = len(text)
        elif time.monotonic() - self._last > 15:
            self._stream.write(text + "\n")
            self._last = time.monotonic()
        self._stream.flush()

    def line(self, text: str) -> None:
        self._stream.write(("\r" + text.ljust(self._width) if self._live else text) + "\n")
        self._stream.flush()
        self._width, self._last = 0, time.monotonic()


def run_lesson(
    path: pathlib.Path,
    out: pathlib.Path,
    progress: Progress,
    *,
    before: str = "",
    store: bool = False,
) -> Outcome:
    """Execute one lesson and write the executed notebook into `out` (and back, when storing).

    The kernel runs in the lesson's own folder with this process's environment and is always
    ended, also on Ctrl-C. A cell that fails ends the lesson, not the caller.
    """
    import nbclient
    import nbformat

    notebook = nbformat.read(path, as_version=4)
    cells = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    started = time.monotonic()

    def on_start(cell, cell_index):
        if cell_index in cells:
            passed = time.monotonic() - started
            number = f"cell {cells.index(cell_index) + 1} of {len(cells)}"
            progress.cell(f"{path.stem}: {number}, {passed:.0f} s{before}")

    interrupted = []

    def on_notebook_start(notebook):
        # nbclient ends the kernel on a signal, and then fails in one of several ways.
        task, loop = asyncio.current_task(), asyncio.get_running_loop()

        def interrupt():
            interrupted.append(True)
            task.cancel()

        with contextlib.suppress(NotImplementedError, RuntimeError):
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, interrupt)

    client = nbclient.NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
        on_notebook_start=on_notebook_start,
        on_cell_start=on_start,
    )
    error = None
    try:
        client.execute()
    except (Exception, asyncio.CancelledError) as failure:
        if interrupted:
            raise KeyboardInterrupt from failure
        if isinstance(failure, nbclient.exceptions.CellExecutionError):
            error = f"{failure.ename}: {failure.evalue}".splitlines()[0]
        else:
            error = f"{type(failure).__name__}: {failure}".splitlines()[0]
    seconds = time.monotonic() - started
    record = _record(notebook)
    _write_notebook(notebook, out / path.name)
    if store and error is None:
        _store(notebook, path, record)
    key, sources = "", []
    if record:
        value = next(e["value"] for e in record["numbers"] if e["name"] == record["key"])
        key = f"{record['key']} {value:.4g}"
        sources = record["captions"]
    return Outcome(path.stem, seconds, key, sources, error)


def run(
    wanted: list[str] | None = None, *, out: pathlib.Path, store: bool = False, stream=None
) -> int:
    """Run lessons one after the other, print the table, and return how many failed."""
    base = results.root()
    if base is None:
        raise FileNotFoundError(
            f"the course's folder was not found above {pathlib.Path.cwd()}; start from inside it."
        )
    if store:
        if budget.name() != "full":
            raise results.ResultError(f"--store keeps full runs alone; unset {budget.VARIABLE}.")
        os.environ[results.STORE_VARIABLE] = "1"
    paths = lessons(base / "notebooks", wanted)
    out.mkdir(parents=True, exist_ok=True)
    times_file = out / f".seconds-{budget.name()}.json"
    times = _read_times(times_file)
    progress = Progress(stream)
    outcomes = []
    for number, path in enumerate(paths, 1):
        before = f" (last run {times[path.stem]:.0f} s)" if path.stem in times else ""
        progress.line(f"[{number}/{len(paths)}] {path.stem}, {budget.name()} budget{before}")
        outcome = run_lesson(path, out, progress, before=before, store=store)
        outcomes.append(outcome)
        if outcome.error:
            progress.line(f"    FAILED after {outcome.seconds:.0f} s: {outcome.error}")
        else:
            progress.line(f"    done in {outcome.seconds:.0f} s")
            times[path.stem] = round(outcome.seconds, 1)
            with written_whole(times_file) as file:
                file.write(json.dumps(times).encode())
    print(table(outcomes))
    print(f"\nexecuted notebooks: {out}")
    return sum(outcome.error is not None for outcome in outcomes)


def table(outcomes: list[Outcome]) -> str:
    """Return the closing table: lesson, seconds, key number, data source."""
    rows = [("lesson", "seconds", "key number", "data source")]
    for outcome in outcomes:
        key = f"FAILED: {outcome.error}" if outcome.error else outcome.key
        first, *others = outcome.sources or ["no data set"]
        rows.append((outcome.name, f"{outcome.seconds:.0f}", key, first))
        rows += [("", "", "", other) for other in others]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].ljust(widths[2]), row[3]]
        )
        for row in rows
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    if budget.name() != "full":
        lines.append("Quick budget: these numbers show that the lessons run; they are no results.")
    return "\n".join(lines)


def _record(notebook) -> dict | None:
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", []):
            record = output.get("data", {}).get(results.MIME)
            if record:
                return record
    return None


def _write_notebook(notebook, path: pathlib.Path) -> None:
    import nbformat

    with written_whole(path) as stream:
        stream.write((nbformat.writes(notebook) + "\n").encode())


def _store(notebook, path: pathlib.Path, record: dict | None) -> None:
    """Keep the outputs in the lesson itself, with the digest of the code that made them."""
    if record is None:
        raise results.ResultError(f"{path.stem}: no Book was closed; there is nothing to store.")
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):  # a widget is nothing without its kernel
            output.get("data", {}).pop(figures.WIDGET_MIME, None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["cnncourse"] = {"code": results.code_digest(path), "budget": record["budget"]}
    _write_notebook(notebook, path)


def _read_times(path: pathlib.Path) -> dict[str, float]:
    try:
        times = json.loads(path.read_text())
        return {str(k): float(v) for k, v in times.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
