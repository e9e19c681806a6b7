"""The judge in a sandbox of its own: a student's code never runs in it, nor it in this process.

    python -m cnncourse.grade.apart SOCKET apart|open

What a student's process hands out may be made to harm whoever reads it: a network that computes
without end, or takes all memory. So it is read, and judged, where that costs one answer. Of the
judge this process takes a few texts and a number, of the kind and size that they must be.
"""

import contextlib
import dataclasses
import json
import os
import resource
import socket
import sys
import threading
import time

from cnncourse.exercises import Exercise

import psutil

from . import confine
from .bank import all_banks
from .judge import STATUSES, Judge, Judging, Result
from .sandbox import START, Program

JUDGE = 150  # seconds on the clock for a judge to judge one answer
BROKEN = 2  # judges that one submission may break; what is left of it is for somebody to look at
_MOST = 2**18  # bytes of what is said of one answer
_GROWN = 3 * 2**28  # bytes that a judge may grow before another takes its place
_BANK = 2**26  # bytes of an instructor's own bank


class JudgeApart(Program, Judging):
    """A Judge of one lesson in a process of its own, which another replaces where it ends.

    bank: the exercises of the lesson; own, lesson and seed make the same judge there.
    """

    called = "judge"

    def __init__(
        self,
        bank: list[Exercise],
        own: bytes | None,
        lesson: str,
        seed: int,
        isolated: bool = True,
    ):
        text = None if own is None else own.decode("latin-1")  # every byte as it is
        self._settings = json.dumps({"own": text, "lesson": lesson, "seed": seed}).encode()
        super().__init__(isolated)
        self._broken = 0
        self._mistakes = [len(exercise.mistakes) for exercise in bank]
        here = Judge(bank, seed)
        self.names, self.tasks = here.names, here.tasks
        self.ungraded, self.modules = here.ungraded, here.modules

    def begin(self) -> None:
        self._broken = 0

    def result(self, number: int, content: bytes) -> Result:
        name = self.names[number]
        if self._broken >= BROKEN:
            return _to_look_at(name, "what it handed out before this ended its judge")
        self._start()
        try:
            _send(self._channel, number, content, START)
            _received(self._channel, START, 0)  # the bank's own answers have run
            last, told = _received(self._channel, JUDGE, _MOST)
            result = self._checked(number, json.loads(told))
        except TimeoutError:
            why = "what it handed out keeps its judge at work without end"
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            why = "what it handed out ends its judge"
        else:
            if last:
                self.close()
            return result
        self._broken += 1
        self.close()
        return _to_look_at(name, why)

    def _checked(self, number: int, told: dict) -> Result:
        """The result that a judge tells, if it can be one; else ValueError or another error."""
        parts = tuple((label, text) for label, text in told["parts"])
        mistake, status = told["mistake"], told["status"]
        texts = all(type(text) is str for part in parts for text in part)
        if status not in STATUSES or type(mistake) is not int or not texts:
            raise ValueError("no result")
        if not 0 <= mistake <= self._mistakes[number]:
            raise ValueError("no such mistake")
        return Result(self.names[number], status, mistake, parts)

    def _arguments(self, descriptor):
        return ["apart", descriptor, "apart" if self.isolated else "open"]

    def _greet(self):
        _send(self._channel, 0, self._settings, START)
        _received(self._channel, START, 0)


def _to_look_at(name, why):
    return Result(name, "to look at", parts=(("", f"Look at it: {why}."),))


def _send(channel, number, content, seconds):
    channel.settimeout(seconds)
    channel.sendall(number.to_bytes(4, "big") + len(content).to_bytes(8, "big") + content)


def _received(channel, seconds, most):
    """The number and the bytes of one message; an OSError where there is none in time."""
    until = None if seconds is None else time.monotonic() + seconds
    head = _exactly(channel, 12, until)
    size = int.from_bytes(head[4:], "big")
    if size > most:
        raise OSError("more than was asked for")
    return int.from_bytes(head[:4], "big"), _exactly(channel, size, until)


def _exactly(channel, size, until):
    content = bytearray()
    while len(content) < size:
        if until is not None:
            channel.settimeout(max(until - time.monotonic(), 0.001))
        more = channel.recv(min(size - len(content), 2**20))
        if not more:
            raise OSError("it has ended")
        content += more
    return bytes(content)


# In the sandbox -----------------------------------------------------------------------------------


def main(arguments):
    """Judge what is handed over, until nobody asks any more."""
    descriptor, mode = arguments
    channel = socket.socket(fileno=int(descriptor))
    if mode != "open":
        confine.become_nobody()
        confine.hidden()
    settings = json.loads(_received(channel, None, _BANK)[1])
    own = settings["own"]
    (bank,) = all_banks(own and own.encode("latin-1"), settings["lesson"]).values()
    judge = Judge(bank, settings["seed"])
    for name in judge.modules:
        __import__(name)
    if mode != "open":
        confine.bind(resource.RLIM_INFINITY)
    _send(channel, 0, b"", None)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    from .values import MOST

    grown = _memory() + _GROWN
    with contextlib.suppress(OSError):
        while True:
            number, content = _received(channel, None, MOST)
            judge.prepare(number)
            _send(channel, number, b"", None)
            result = dataclasses.asdict(judge.result(number, content))
            stuck = any(one.name == "cnncourse-answer" for one in threading.enumerate())
            last = stuck or _memory() > grown
            _send(channel, int(last), json.dumps(result).encode(), None)


def _memory():
    """Bytes of memory that this process takes."""
    return psutil.Process().memory_info().rss


if __name__ == "__main__":
    main(sys.argv[1:])
