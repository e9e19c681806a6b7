"""The judge in a process of its own: what is sent to it, and what of its answers is believed.

A thread in this process stands in its place, at the other end of the sockets.
"""

import contextlib
import dataclasses
import json
import os
import resource
import socket
import subprocess
import sys
import threading

from cnncourse import exercises
from cnncourse.grade import apart, judge
from cnncourse.grade.apart import JudgeApart
from cnncourse.grade.bank import all_banks
from cnncourse.grade.judge import Result
from cnncourse.grade.sandbox import SandboxError

import pytest
from grading import came_out, message

FOUND = [exercises.find(name) for name in ("01/output_size", "01/conv2d")]
SAID = {"name": "x", "status": "right", "mistake": 0, "parts": [["", "That."], ["Received", "3"]]}
RIGHT = Result("01/conv2d", "right", 0, (("", "That."), ("Received", "3")))


@pytest.fixture
def pair():
    here, there = socket.socketpair()
    with here, there:
        yield here, there


# Messages


def test_a_message_is_a_number_a_length_and_bytes(pair):
    here, there = pair
    apart._send(here, 258, b"abc", 3)
    assert there.recv(100) == bytes([0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3]) + b"abc"
    assert here.gettimeout() == 3
    apart._send(here, 0, b"", None)
    assert there.recv(100) == bytes(12)
    assert here.gettimeout() is None


@pytest.mark.parametrize("size", [0, 1, 3_000_000])
def test_a_message_is_read_whole_however_it_comes(pair, size):
    here, there = pair
    content = bytes(range(256)) * (size // 256 + 1)
    parts = message(7, content[:size]), message(8, b"next")
    thread = threading.Thread(target=there.sendall, args=(b"".join(parts),))
    thread.start()
    assert apart._received(here, 30, size) == (7, content[:size])
    assert apart._received(here, None, 4) == (8, b"next")
    thread.join()


def test_a_message_that_is_too_large_or_broken_off_is_none(pair):
    here, there = pair
    there.sendall(message(1, b"abc"))
    with pytest.raises(OSError, match=r"^more than was asked for$"):
        apart._received(here, 30, 2)
    here.recv(3)
    there.sendall(message(1, b"abc")[:-1])
    there.close()
    with pytest.raises(OSError, match=r"^it has ended$"):
        apart._received(here, 30, 3)


def test_one_deadline_holds_for_a_whole_message(pair):
    """However slowly it comes: a byte now and then keeps nobody waiting."""
    here, there = pair
    over = threading.Event()

    def drip():
        for byte in message(1, bytes(1000)):
            if over.wait(0.05):
                return
            there.send(bytes([byte]))

    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(TimeoutError):
        apart._received(here, 0.5, 1000)
    over.set()
    thread.join()
    with pytest.raises(TimeoutError):
        apart._received(here, 0, 1000)
    there.sendall(message(2, b""))


# Here


class There:
    """In the place of a judge's process: answers as it is told to, and keeps what it was sent."""

    def __init__(self, judge, monkeypatch, answers):
        self.judge, self.answers, self.got, self.started = judge, list(answers), [], 0
        self.threads = []
        monkeypatch.setattr(judge, "_start", self.start)
        monkeypatch.setattr(judge, "close", self.close)

    def start(self):
        if self.judge._channel is None:
            self.started += 1
            self.judge._channel, theirs = socket.socketpair()
            thread = threading.Thread(target=self.serve, args=(theirs,))
            self.threads.append(thread)
            thread.start()

    def serve(self, theirs):
        with theirs, contextlib.suppress(OSError):  # the judge has closed its end
            while True:
                self.got.append(apart._received(theirs, 30, 2**30))
                for message in self.answers.pop(0):
                    theirs.sendall(message)
                if not message:
                    return

    def close(self):
        if self.judge._channel is not None:
            self.judge._channel.close()
            self.judge._channel = None
            self.threads[-1].join()


def told(said=SAID, last=0):
    """What a judge sends for one answer: that it is ready, and what it says."""
    return [
        message(0),
        message(last, said if isinstance(said, bytes) else json.dumps(said).encode()),
    ]


@pytest.fixture
def one(monkeypatch):
    """A JudgeApart, and `one(answers...)`: what stands in the place of its process."""
    made = JudgeApart(FOUND, None, "01", 5)

    def there(*answers):
        return There(made, monkeypatch, answers)

    there.judge = made
    yield there
    made.close()


def test_it_knows_what_a_judge_knows(one):
    known = judge.Judge(FOUND, 5)
    assert one.judge.names == known.names == ["01/output_size", "01/conv2d"]
    assert one.judge.tasks.keys() == known.tasks.keys()
    assert (one.judge.ungraded, one.judge.modules) == (known.ungraded, known.modules)
    assert one.judge.isolated is True
    assert JudgeApart(FOUND, None, "01", 5, False).isolated is False


@pytest.mark.parametrize("own", [None, b"x = '\xff\x00'"])
def test_it_says_to_its_process_what_makes_the_same_judge(pair, own):
    here, there = pair
    made = JudgeApart(FOUND, own, "01", 5)
    made._channel = here
    there.sendall(message(0))
    made._greet()
    number, content = apart._received(there, 30, 2**20)
    settings = json.loads(content)
    assert number == 0
    assert settings.keys() == {"own", "lesson", "seed"}
    assert (settings["lesson"], settings["seed"]) == ("01", 5)
    assert (settings["own"] and settings["own"].encode("latin-1")) == own
    there.sendall(message(0, b"x"))
    with pytest.raises(OSError, match="more than was asked for"):
        made._greet()
    assert here.gettimeout() > 30, "it may take its time to import"
    made._channel = None


def test_its_process_is_told_whether_it_is_isolated():
    for isolated, mode in ((True, "apart"), (False, "open")):
        made = JudgeApart(FOUND, None, "01", 5, isolated)
        assert made._arguments("9") == ["apart", "9", mode]


def test_a_result_is_what_its_process_says(one):
    process = one(told(), told(), told(last=1), told())
    assert [one.judge.result(1, b"content") for _ in range(2)] == [RIGHT] * 2
    assert process.got == [(1, b"content")] * 2
    assert process.started == 1
    assert one.judge.result(1, b"") == RIGHT
    assert one.judge._channel is None, "it has said that it is its last one"
    assert one.judge.result(0, b"") == Result("01/output_size", "right", 0, RIGHT.parts)
    assert process.started == 2


ENDS = "Look at it: what it handed out ends its judge."
ENDLESS = "Look at it: what it handed out keeps its judge at work without end."
BEFORE = "Look at it: what it handed out before this ended its judge."


@pytest.mark.parametrize(
    "said",
    [
        b"{",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        SAID | {"mistake": 99},
        SAID | {"status": "best"},
        SAID | {"parts": [["", 3]]},
        SAID | {"parts": [["", "", ""]]},
        {"status": "right"},
    ],
)
def test_what_can_be_no_result_is_looked_at(one, said):
    process = one(told(said), told())
    assert one.judge.result(1, b"") == Result("01/conv2d", "to look at", 0, (("", ENDS),))
    assert one.judge._channel is None
    assert one.judge.result(1, b"") == RIGHT, "another judge has taken its place"
    assert process.started == 2


def test_more_than_a_judge_says_of_one_answer_is_not_read(one, monkeypatch):
    monkeypatch.setattr(apart, "_MOST", len(json.dumps(SAID)))
    one(told(), told(json.dumps(SAID).encode() + b" "), [message(0, b"x"), b""])
    assert one.judge.result(1, b"") == RIGHT
    assert one.judge.result(1, b"").parts == (("", ENDS),)
    assert one.judge.result(1, b"").parts == (("", ENDS),), "the first message is empty"


def test_who_keeps_a_judge_at_work_or_ends_it_is_looked_at(one, monkeypatch):
    process = one([message(0)], [b""], told(), [b""], told(b"{"))
    with monkeypatch.context() as patch:
        patch.setattr(apart, "JUDGE", 0.2)
        found = one.judge.result(0, b"")
    assert found == Result("01/output_size", "to look at", 0, (("", ENDLESS),))
    assert one.judge.result(1, b"").parts == (("", ENDS),)
    assert one.judge.result(1, b"") == Result("01/conv2d", "to look at", 0, (("", BEFORE),))
    assert (process.started, len(process.got)) == (2, 2), "a third was not started for it"
    one.judge.begin()
    assert one.judge.result(1, b"") == RIGHT
    for why in (ENDS, ENDS, BEFORE):
        assert one.judge.result(1, b"").parts == (("", why),)


def test_a_judge_has_long_to_begin_and_then_little_to_judge(one, monkeypatch):
    seconds = []

    def received(channel, most_seconds, most):
        seconds.append((most_seconds, most))
        return 0, json.dumps(SAID).encode()

    monkeypatch.setattr(one.judge, "_start", lambda: None)
    monkeypatch.setattr(apart, "_send", lambda *arguments: seconds.append(arguments[1:]))
    monkeypatch.setattr(apart, "_received", received)
    one.judge.result(1, b"content")
    assert seconds == [(1, b"content", apart.START), (apart.START, 0), (apart.JUDGE, apart._MOST)]


@pytest.mark.parametrize("mistake", [0, 1, len(FOUND[1].mistakes)])
def test_a_mistake_is_one_of_the_exercise(one, mistake):
    found = one.judge._checked(1, SAID | {"status": "wrong", "mistake": mistake})
    assert found == Result("01/conv2d", "wrong", mistake, RIGHT.parts)
    for other in (-1, len(FOUND[1].mistakes) + 1, True, 1.0, "1", None):
        with pytest.raises(ValueError, match=r"^no (result|such mistake)$"):
            one.judge._checked(1, SAID | {"mistake": other})
    for status in judge.STATUSES:
        assert one.judge._checked(0, SAID | {"status": status}).status == status


# There


PROGRAM = """
import sys
from cnncourse.grade import apart, confine, judge
{}
apart.main(sys.argv[1:])
"""


def started(patch="", mode="open", own=None):
    """A judge's process that has begun, after some lines of code, and this end of its sockets."""
    here, there = socket.socketpair()
    command = [sys.executable, "-c", PROGRAM.format(patch), str(there.fileno()), mode]
    process = subprocess.Popen(command, pass_fds=[there.fileno()])
    there.close()
    settings = {"own": own, "lesson": "01", "seed": 5}
    apart._send(here, 0, json.dumps(settings).encode(), 60)
    assert apart._received(here, 60, 0) == (0, b"")
    return process, here


def said_of(channel, number, content):
    """What the process says of one answer: whether it is its last one, and a result."""
    apart._send(channel, number, content, 60)
    assert apart._received(channel, 60, 0) == (number, b"")
    last, said = apart._received(channel, 60, 2**20)
    return last, json.loads(said)


def told_by(known, number, content):
    return json.loads(json.dumps(dataclasses.asdict(known.result(number, content))))


def test_a_process_judges_what_it_is_handed_until_nobody_asks():
    own = (
        "from cnncourse import exercises\n"
        "EXERCISES = [exercises.find('01/conv2d'), exercises.find('01/output_size')]  # ü\n"
    ).encode()
    known = judge.Judge(all_banks(own, "01")["01"], 5)
    process, channel = started(own=own.decode("latin-1"))
    with channel:
        for number in (1, 0, 1):
            content = came_out(known, known.exercises[number].filled, number)
            assert told_by(known, number, content)["status"] == "right"
            assert said_of(channel, number, content) == (0, told_by(known, number, content))
        assert said_of(channel, 0, b"x") == (0, told_by(known, 0, b"x"))
        streams = {os.readlink(f"/proc/{process.pid}/fd/{n}") for n in range(3)}
    assert process.wait(30) == 0
    assert streams == {os.devnull}


def test_a_process_that_has_grown_or_is_stuck_says_that_it_is_the_last():
    stuck = """
import threading
result = judge.Judge.result
def prepare(self, number):
    self.prepared = number
def stays(self, number, content):
    assert self.prepared == number  # so that no clock counts it
    if content == b"x":
        wait = threading.Event().wait
        threading.Thread(target=wait, name="cnncourse-answer", daemon=True).start()
    return result(self, number, content)
judge.Judge.prepare, judge.Judge.result = prepare, stays
"""
    taken = [100, 3 * 2**28 + 100, 3 * 2**28 + 101, 2**40]  # 768 MiB more than at its start
    grown = f"apart._memory = iter({taken}).__next__"
    for patch, last in ((stuck, [0, 1, 1]), (grown, [0, 1, 1])):
        process, channel = started(patch)
        with channel:
            found = [said_of(channel, 0, content)[0] for content in (b"", b"x", b"")]
        assert process.wait(30) == 0
        assert found == last


def test_a_judge_that_does_not_start_says_why():
    with pytest.raises(SandboxError) as caught:
        JudgeApart(FOUND, b"1 / 0", "01", 5, isolated=False).result(0, b"")
    assert str(caught.value) == (
        "the judge does not start: cnncourse.grade.bank.BankError: --bank: it raises "
        "ZeroDivisionError: division by zero"
    )


def test_a_process_is_confined_before_it_reads_anything(tmp_path):
    """In the order in which it must be, and not at all where it is to be open."""
    steps = """
def step(name):
    def done(*arguments):
        with open({!r}, "a") as file:
            print(name, *arguments, file=file)
    return done
confine.become_nobody, confine.hidden = step("nobody"), step("hidden")
confine.bind, apart.all_banks = step("bind"), lambda *a: step("banks")() or BANKS(*a)
"""
    banks = "BANKS = apart.all_banks"
    for mode, expected in (
        ("apart", ["nobody", "hidden", "banks", f"bind {resource.RLIM_INFINITY}"]),
        ("open", ["banks"]),
    ):
        file = tmp_path / mode
        process, channel = started(banks + steps.format(str(file)), mode)
        channel.close()
        assert process.wait(30) == 0
        assert file.read_text().splitlines() == expected


def test_memory_is_what_this_process_takes():
    with open("/proc/self/statm") as file:
        taken = int(file.read().split()[1]) * resource.getpagesize()
    assert apart._memory() == pytest.approx(taken, rel=0.2)
