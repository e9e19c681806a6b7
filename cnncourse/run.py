"""Run lessons, each in a fresh kernel: progress, a table at the end, nothing left running."""

import asyncio
import contextlib
import dataclasses
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine

from . import budget, figures, results
from ._files import written_whole
from ._tables import as_text

CELL_SECONDS = 3_600
LONG_CELL = 120  # processor seconds from which on a cell makes a reader wait, and is noted
FURTHER = "further"  # the folder of notebooks beside the lessons, which book no results


@dataclasses.dataclass
class Outcome:
    """How a lesson's run went: error is None where every cell ran."""

    name: str
    seconds: float
    key: str
    sources: list[str]
    error: str | None


def lessons(notebooks: pathlib.Path, wanted: list[str] | None = None) -> list[pathlib.Path]:
    """Return the lessons' .ipynb files in order; `wanted` names some by number or name.

    A notebook of the folder `further` runs where it is named.
    """
    found = sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise FileNotFoundError(f"{notebooks}: expected lessons named NN_topic.ipynb; found none.")
    if not wanted:
        return found
    further = sorted(notebooks.glob(f"{FURTHER}/*.ipynb"))
    chosen = []
    for name in wanted:
        matches = [p for p in found + further if name.zfill(2) in (p.stem, p.stem.split("_")[0])]
        if not matches:
            known = ", ".join(p.stem for p in found + further)
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
    ended, also on a signal, which is a KeyboardInterrupt here. Whatever else goes wrong, in a
    cell, in the lesson's file or in writing, ends the lesson, not the caller.
    """
    started = time.monotonic()
    record = error = None
    try:
        notebook = _read(path)
        cells = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]

        def on_start(cell, cell_index):
            if cell_index in cells:
                passed = time.monotonic() - started
                number = f"cell {cells.index(cell_index) + 1} of {len(cells)}"
                progress.cell(f"{path.stem}: {number}, {passed:.0f} s{before}")

        error = _until_done(_execute(notebook, path.parent, on_start))
        record = _record(notebook)
        _write_notebook(notebook, out / path.name)
        if store and error is None:
            _store(notebook, path, record)
    except Exception as failure:
        error = error or _first_line(failure)
    seconds = time.monotonic() - started
    key, sources = "", []
    if record:
        value = next(e["value"] for e in record["numbers"] if e["name"] == record["key"])
        key = f"{record['key']} {value:.4g}"
        sources = record["captions"]
    return Outcome(path.stem, seconds, key, sources, error)


def _read(path: pathlib.Path):
    """Read a lesson without the outputs of an earlier run."""
    import nbformat

    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except OSError:
        raise
    except Exception as error:  # nbformat raises whatever the damage leads to
        raise ValueError(
            f"{path.name} is no whole notebook ({_first_line(error)}); restore it"
        ) from error
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


async def _execute(notebook, folder: pathlib.Path, on_start) -> str | None:
    """Run the cells in a kernel of their own and end it; return what went wrong, or None."""
    import jupyter_client
    import nbclient

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    manager = jupyter_client.AsyncKernelManager(kernel_name="python3")
    available = _available_mib()
    process, spent = None, 0.0

    def on_notebook_start(notebook):
        nonlocal process, spent
        process = manager.provisioner.process
        spent = _cpu_seconds(process)

    def on_cell_executed(cell, cell_index, execute_reply):
        nonlocal spent
        before, spent = spent, _cpu_seconds(process)
        cell.metadata["cpu_seconds"] = round(spent - before)

    client = nbclient.NotebookClient(
        notebook,
        manager,
        timeout=CELL_SECONDS,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
        on_notebook_start=on_notebook_start,
        on_cell_start=on_start,
        on_cell_executed=on_cell_executed,
    )
    # Under PYTHONOPTIMIZE the checks of a lesson, which are assert statements, would not run.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONOPTIMIZE"}
    with tempfile.TemporaryFile() as aside:  # what a kernel says when it is told to end, too
        try:
            await client.async_execute(env=environment, cleanup_kc=True, stderr=aside)
        except nbclient.exceptions.CellExecutionError as failure:
            return f"{failure.ename}: {failure.evalue}".splitlines()[0]
        except RuntimeError as failure:  # the kernel has died, or did not start
            aside.seek(0)
            last = aside.read().decode(errors="replace").strip().rpartition("\n")[2]
            return f"{_first_line(failure)}: {_memory(process, available) or last}"
        finally:
            _kill(process or getattr(manager.provisioner, "process", None))
            manager.cleanup_connection_file()
    return None


def _cpu_seconds(process) -> float:
    import psutil

    times = psutil.Process(process.pid).cpu_times()
    return times.user + times.system


def _kill(process) -> None:
    """End a kernel that its client has not ended, and what it has started."""
    if process is None or process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)  # it began a session of its own
    else:
        process.kill()
    process.wait()


def _memory(process, available: int | None) -> str:
    """Say of a kernel that was killed, which is what a system out of memory does, what it held."""
    if os.name != "posix" or process is None or process.poll() != -signal.SIGKILL:
        return ""
    told = f" of {available:,} MiB that were available" if available else ""
    return (
        f"killed, most likely for want of memory; peak {results.peak_mib(children=True):,} MiB"
        f"{told}. Close other programs, or use the quick budget"
    )


def _available_mib() -> int | None:
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = pathlib.Path("/proc/meminfo").read_text().splitlines()
        return int(next(x for x in lines if x.startswith("MemAvailable")).split()[1]) // 1024
    return None


def _until_done(coroutine: Coroutine):
    """Run a coroutine in a thread and return its value; a signal here ends it there, first.

    Here is the main thread, where a signal arrives; nbclient in it would answer for itself.
    """
    loop = asyncio.new_event_loop()
    task = loop.create_task(coroutine)

    def work():
        with contextlib.suppress(BaseException):
            loop.run_until_complete(task)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        done.set()

    done = threading.Event()  # Thread.join takes a thread for ended once a signal broke in on it
    try:
        threading.Thread(target=work, daemon=True).start()
        while not done.wait(0.2):
            pass
    except KeyboardInterrupt:
        with contextlib.suppress(RuntimeError):  # it has ended meanwhile
            loop.call_soon_threadsafe(task.cancel)
        done.wait(30)
        raise
    return task.result()


def _first_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


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
        os.environ["CNNCOURSE_PROGRESS"] = ""  # what is stored tells nothing of who ran it
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
            with contextlib.suppress(OSError), written_whole(times_file) as file:
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
    lines = as_text(rows, right=[1]).splitlines()
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
    if record is None and path.parent.name != FURTHER:
        raise results.ResultError(f"{path.stem}: no Book was closed; there is nothing to store.")
    spent = {cell.id: cell.metadata.pop("cpu_seconds", 0) for cell in notebook.cells}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):  # a widget is nothing without its kernel
            output.get("data", {}).pop(figures.WIDGET_MIME, None)
    notebook.metadata.pop("widgets", None)
    notebook.metadata["cnncourse"] = {
        "code": results.code_digest(path),
        "budget": budget.name(),
        "cpu_seconds": {cell: seconds for cell, seconds in spent.items() if seconds > LONG_CELL},
    }
    _write_notebook(notebook, path)


def _read_times(path: pathlib.Path) -> dict[str, float]:
    try:
        times = json.loads(path.read_text())
        return {str(k): float(v) for k, v in times.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
