"""Run code that others wrote: with a time limit, quietly, and without traces."""

import contextlib
import ctypes
import io
import random
import threading
import time
import warnings
from dataclasses import dataclass

import numpy as np

GRACE = 2  # seconds for stopped code to end before it is called stuck


class TimeIsUp(SystemExit):
    """Raised inside code that runs too long; a SystemExit ends a thread without a traceback."""


@dataclass
class Run:
    """How a run ended.

    ended: False where the time limit stopped it.
    error: what it raised.
    printed: the beginning of what it printed.
    stuck: whether it is still at work, in compiled code that cannot be stopped.
    """

    ended: bool = False
    error: BaseException | None = None
    printed: str = ""
    stuck: bool = False


class Sink(io.TextIOBase):
    """Takes what is printed and keeps the beginning of it."""

    def __init__(self, keep=400):
        super().__init__()
        self.text, self.keep = "", keep

    def writable(self):
        return True

    def write(self, text):
        self.text += text[: max(0, self.keep - len(self.text))]
        return len(text)


def limited(function, seconds):
    """Run function() in a thread; stop it after `seconds` of computing (4 times that of waiting).

    Python code is stopped by an exception that is raised in it again and again until it ends.
    Compiled code (one long NumPy call) cannot be stopped: it is left to end in its daemon thread.
    Where it never gives other threads a turn, as in sum(itertools.count()), no limit helps.
    Afterwards the global random states of Python and NumPy are as they were before.
    """
    run, sink, finished = Run(), Sink(), threading.Event()

    def body():
        try:
            function()
            run.ended = True
        except TimeIsUp:
            pass
        except BaseException as error:
            run.error, run.ended = error, True
        finally:
            finished.set()

    def stop():
        while not finished.is_set() and thread.is_alive():
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsUp)
            )
            thread.join(0.05)

    def time_is_up():
        waited = time.monotonic() - started
        computed = time.process_time() - started_computing
        # On a busy machine a thread waits for its turn: that is not counted as computing.
        return min(waited, computed) > seconds or waited > 4 * seconds

    thread = threading.Thread(target=body, daemon=True, name="cnncourse-answer")
    states = random.getstate(), np.random.get_state()  # noqa: NPY002
    started, started_computing = time.monotonic(), time.process_time()
    with contextlib.ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.enter_context(contextlib.redirect_stdout(sink))
        stack.enter_context(contextlib.redirect_stderr(sink))
        thread.start()
        try:
            # Not join: before Python 3.13 an interrupt in it marks a running thread as ended.
            while not finished.wait(0.02) and not time_is_up():
                pass
        finally:  # also when the reader interrupts the cell
            if not finished.is_set():
                stopper = threading.Thread(target=stop, daemon=True)
                stopper.start()
                stopper.join(GRACE)
                run.ended, run.stuck = False, stopper.is_alive()
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
    run.printed = sink.text
    return run
