"""What runs in the sandbox: a parent that imports once, and a child for each submission.

    python -m cnncourse.grade.inside SOCKET shared|alone|open MODULES

The parent reads no student's code. For each submission it is handed two open files, one to read
the job from and one to write what came of it, and forks. A child has namespaces of its own
("shared"), or its parent ends after it ("alone"), or it is not confined ("open"); it reads the
job, gives up all else, runs answers and hands out values. The parent imports before it has a second
thread, and never starts one: a fork copies one thread alone, and every child begins as the same.
"""

import contextlib
import gc
import importlib
import io
import linecache
import os
import pickle
import select
import signal
import socket
import sys
import time

from . import confine

CELLS = 20  # seconds for the cells that make an answer
HEADER = 12  # bytes before each part that is handed out: the exercise's number, its length


def main(arguments):
    """Serve jobs until nobody asks any more."""
    descriptor, mode, *modules = arguments
    control = socket.socket(fileno=int(descriptor))
    if mode != "open":
        confine.become_nobody()
        confine.hidden()
    for name in modules:
        importlib.import_module(name)
    import cnncourse.exercises.outside  # noqa: F401 - what every child needs

    _expect_fork_is_sound()
    gc.collect()
    gc.freeze()
    control.send(b"ready")
    while True:
        message, files, _, _ = socket.recv_fds(control, 64, 2)
        if not message:
            return
        if len(files) == 2:
            control.send(_served(control, files, float(message), mode).encode())


def _expect_fork_is_sound():
    """A child of a process with several threads, or with memory that it shares, is not."""
    threads = len(os.listdir("/proc/self/task"))
    with open("/proc/self/maps") as file:
        shared = [
            line for line in file if line.split()[1].startswith("rw") and line.split()[1][3] == "s"
        ]
    if threads > 1 or shared:
        raise SystemExit(f"no process to fork: {threads} threads, {len(shared)} shared maps")


def _served(control, files, seconds, mode):
    """Run one job in a child; return how it ended. Whoever asks can end it by a message."""
    known, tell = os.pipe()
    middle = os.fork()
    if middle == 0:
        try:
            control.close()
            os.close(known)
            _in_child(files, seconds, mode, tell)
        finally:
            os._exit(70)
    os.close(tell)
    for file in files:
        os.close(file)
    told = os.read(known, 20)  # the child's number, or nothing where it could not be set apart
    os.close(known)
    child = int(told or 0)
    deadline, ended = time.monotonic() + seconds, ""
    while not ended:
        if os.waitid(os.P_PID, middle, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            break
        ready, _, _ = select.select([control], [], [], 0.005)
        if ready or time.monotonic() > deadline:
            if ready:
                control.recv(64)
            ended = "stopped" if ready else "out of time"
    for number in (child, middle):
        if number:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
    _, status = os.waitpid(middle, 0)
    return ended or f"ended {status}"


def _in_child(files, seconds, mode, tell):
    """Set the child apart, and run the job in it."""
    if mode == "shared":
        confine.leave()
        child = os.fork()
        if child:
            confine.hidden()
            os.write(tell, str(child).encode())
            _, status = os.waitpid(child, 0)
            os._exit(70 if status else 0)
        confine.apart()
    else:
        os.write(tell, str(os.getpid()).encode())
    os.close(tell)
    job_file, out = files
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    with os.fdopen(job_file, "rb") as file:
        job = pickle.load(file)
    os.closerange(3, out)
    os.closerange(out + 1, 4096)
    if mode != "open":
        confine.bind(int(seconds) * 4 + 5)
    sys.stdin, sys.stdout, sys.stderr = io.StringIO(), io.StringIO(), io.StringIO()
    _work(job, out)
    os._exit(0)


# Answers ------------------------------------------------------------------------------------------


def _work(job, out):
    """Run the tasks of a job one after the other; hand out a part before and after each."""
    from .code import Reader

    reader = Reader(job["sources"])
    for number, places in job["places"].items():
        _hand_out(out, number, b"")
        try:
            content = _answered(reader, job["tasks"][number], places, job["numbers"])
        except MemoryError:
            content = _packed({"error": "MemoryError: what it hands out is too large"})
        _hand_out(out, number, content)


def _hand_out(out, number, content):
    view = memoryview(number.to_bytes(4, "big") + len(content).to_bytes(8, "big") + content)
    while view:
        view = view[os.write(out, view) :]


def _packed(value):
    from .values import packed

    return packed(value)


def _answered(reader, task, places, numbers):
    """What one answer did, as bytes; or what keeps its cell from making an answer."""
    from cnncourse.exercises.outside import attempt, run_quietly

    from .networks import describer
    from .values import Named, packed

    try:
        needed = reader.needed(task.answer, places, task.setup, not task.is_function)
    except (RecursionError, MemoryError, ValueError) as error:
        return _packed({"error": f"{type(error).__name__}: this cell cannot be read"})
    if needed.error:
        return _packed({"error": needed.error, "line": needed.line})
    namespace = {"__name__": "answer", "get_ipython": _Nothing}
    exec(task.setup, namespace)
    notes, told = list(needed.notes), {}

    def fill():
        for piece in needed.pieces:
            cell = numbers[piece.place]
            file = f"<cell {cell}>"
            source = reader.text(piece.place)
            linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
            try:
                exec(compile(piece.tree, file, "exec"), namespace)
            except Exception as error:
                if piece.place in places:
                    raise
                notes.append(f"Cell {cell}, which it uses, raises {type(error).__name__}.")
        told["answer"] = eval(task.answer, namespace)

    empty = not any(piece.place in places for piece in needed.pieces)
    run = run_quietly(fill, max(task.seconds, CELLS))
    if run.stopped:
        return _packed({"error": f"stopped at its limit of {run.stopped}", "notes": notes})
    if run.error:
        return _packed(
            {"error": _first(run.error), "line": _line(run.error), "notes": notes, "empty": empty}
        )

    def hand_out(value, arguments):
        return Named("packed", packed(value, describer(arguments)))

    handed = attempt(task, told["answer"], hand_out)
    return packed(handed | {"notes": notes})


def _first(error):
    return f"{type(error).__name__}: {error}"[:500]


def _line(error):
    """The line of the student's own that an error passed through last."""
    import traceback

    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("<cell")
    ]
    return f"line {frames[-1].lineno}: {frames[-1].line}" if frames else None


class _Nothing:
    """Stands for what IPython would be asked for; whatever is asked of it is nothing."""

    def __getattr__(self, name):
        return lambda *arguments, **options: []


if __name__ == "__main__":
    main(sys.argv[1:])
