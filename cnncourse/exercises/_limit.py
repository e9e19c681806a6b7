"""Run code that others wrote: with limits of time and memory, quietly, and without traces."""

import contextlib
import ctypes
import io
import logging
import re
import sys
import threading
import time
import warnings
from dataclasses import dataclass

from cnncourse.exercises._state import kept

import psutil

GRACE = 2  # seconds for stopped code to end before it is called stuck
IDLE = 3  # seconds that an answer may wait without computing anything
TURN = 0.02  # seconds between two looks at it
MEMORY = 2**30  # bytes that an answer may take beyond what the kernel has
_CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

_under_way = threading.Lock()
_here = threading.local()


class TimeIsUp(SystemExit):
    """Raised inside code that runs too long; a SystemExit ends a thread without a traceback."""


class InsideAnswerError(RuntimeError):
    """Raised where an answer asks for a check."""

    def __init__(self):
        super().__init__(
            "`exercises.check` is called from inside of an answer, which would check itself "
            "without end. It stands at the left margin, below the function, or in a cell of its "
            "own."
        )


@dataclass
class Run:
    """How a run ended.

    ended: False where it was stopped.
    stopped: at which limit: "computing", "waiting" or "memory".
    error: what it raised.
    printed: the beginning of what it printed.
    stuck: whether it is still at work, in code that cannot be stopped.
    """

    ended: bool = False
    stopped: str = ""
    error: BaseException | None = None
    printed: str = ""
    stuck: bool = False


class Sink(io.TextIOBase):
    """Takes what is printed, and keeps the beginning as a reader would see it in the end.

    After `release` what comes from a thread other than an answer's goes on to the stream: code
    that cannot be stopped may put this in the place of sys.stdout at any time.
    """

    encoding = "utf-8"

    def __init__(self, stream, keep=600):
        super().__init__()
        self.stream, self.keep = stream, keep
        self.lines, self.line, self.released = [], "", False

    def writable(self):
        return True

    def release(self):
        self.released = True

    def write(self, text):
        if self.released:
            return len(text) if inside_answer() else self.stream.write(text)
        if sum(map(len, self.lines)) < self.keep:
            *ended, line = (self.line + text[: 10**5]).split("\n")
            self.lines += [as_seen(line) for line in ended]
            self.line = as_seen(line, ended=False)[: self.keep]
        return len(text)

    @property
    def text(self):
        return "\n".join([*self.lines, as_seen(self.line)])[: self.keep].rstrip()


def as_seen(line, ended=True):
    """A printed line without control characters: of a progress bar its last state."""
    head, turn, last = _CONTROLS.sub("", line).rstrip("\r").rpartition("\r")
    going_on = "\r" if line.endswith("\r") and not ended else ""
    return (last if turn else head + last) + going_on


def inside_answer():
    """Whether this is called by an answer, or by anything while an answer is being run."""
    return _under_way.locked() or getattr(_here, "is_answer", False)


class Watch:
    """Tells which limit a run has reached.

    Time is that of computing, as on a busy machine a thread waits for its turn; or four times
    that of waiting. Where the machine lets this look come late, it kept the answer waiting too: an
    answer is called idle after so many looks, not so much time.
    """

    def __init__(self, seconds, idle):
        self.seconds, self.idle, self.process = seconds, idle, psutil.Process()
        self.started, self.computing = time.monotonic(), time.process_time()
        self.looked, self.idled = self.started, 0.0
        self.memory = self.process.memory_info().rss

    def reached(self):
        now = time.monotonic()
        self.idled += min(now - self.looked, 2 * TURN)
        self.looked, waited = now, now - self.started
        computed = time.process_time() - self.computing
        if self.process.memory_info().rss - self.memory > MEMORY:
            return "memory"
        if self.idled > self.idle and computed < 0.02 * waited:
            return "waiting"
        if min(waited, computed) > self.seconds or waited > 4 * self.seconds:
            return "computing"
        return ""


@contextlib.contextmanager
def quiet(sink):
    """What is printed goes to the sink, warnings and logs nowhere."""
    threshold = logging.root.manager.disable
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
    ):
        warnings.simplefilter("ignore")
        logging.disable()
        try:
            yield
        finally:
            logging.disable(threshold)
            sink.release()


def limited(function, seconds, namespaces=(), idle=None):
    """Run function() in a thread; stop it at a limit of time or memory.

    seconds: of computing. idle: of waiting where nothing is computed (default: IDLE, or less).
    Python code is stopped by an exception that is raised in it again and again until it ends.
    Compiled code (one long NumPy call) cannot be stopped: it is left to end in its daemon thread.
    Where it never gives other threads a turn, as in sum(itertools.count()), no limit helps.
    Afterwards the kernel is as `kept(namespaces)` says. InsideAnswerError where another run is
    under way: each would put back the other's streams.
    """
    if inside_answer():
        raise InsideAnswerError
    run, sink, finished = Run(), Sink(sys.stdout), threading.Event()

    def body():
        _here.is_answer = True
        try:
            function()
            run.ended = True
        except TimeIsUp:
            pass
        except BaseException as error:
            run.error, run.ended = error, True
        finally:
            finished.set()

    thread = threading.Thread(target=body, daemon=True, name="cnncourse-answer")
    with _under_way, kept(namespaces), quiet(sink):
        before = set(threading.enumerate())
        thread.start()
        watch = Watch(seconds, min(seconds, IDLE) if idle is None else idle)
        try:
            # Not join: before Python 3.13 an interrupt in it marks a running thread as ended.
            while not finished.wait(TURN) and not run.stopped:
                run.stopped = watch.reached()
        finally:  # also when the reader interrupts the cell
            started = set(threading.enumerate()) - before - {thread}
            if not finished.is_set():
                run.ended = False
                run.stuck = not stopped(lambda: finished.is_set(), {thread, *started}, run.stopped)
            elif started:
                stopped(lambda: False, started, "waiting")
    run.printed = sink.text
    return run


def stopped(finished, threads, reason):
    """Raise TimeIsUp in threads until they end or finished() is true; whether that is soon so.

    A thread that waits notices it only when it goes on: it is not waited for long.
    """

    def stop():
        while not finished() and (alive := [thread for thread in threads if thread.is_alive()]):
            for thread in alive:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUp)
                )
            alive[0].join(0.05)

    stopper = threading.Thread(target=stop, daemon=True)
    stopper.start()
    stopper.join(GRACE / 10 if reason == "waiting" else GRACE)
    return not stopper.is_alive()
