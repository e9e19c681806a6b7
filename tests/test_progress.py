"""What is kept of which exercises were right: it never disturbs a check, whatever the file is."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

from cnncourse import __main__, exercises
from cnncourse.exercises import _progress

import pytest

ROOT = pathlib.Path(__file__).parents[1]
NAME = "01/output_size"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The file of progress, which is not there yet."""
    file = tmp_path / "data" / "progress.jsonl"
    monkeypatch.setenv(_progress.VARIABLE, str(file))
    monkeypatch.setattr(_progress, "_noted", {})
    monkeypatch.setattr(_progress, "_WAIT", 20)
    return file


def answer(name=NAME):
    exercise = exercises.find(name)
    return exercise.fill(exercise.solution)


def rows(lesson="01"):
    return {name: when for _, name, when in exercises.progress(lesson).rows}


def test_a_right_answer_is_noted_once_and_a_wrong_one_is_not(kept):
    assert set(rows().values()) == {""}
    assert not exercises.check(NAME, lambda *arguments: 0)
    assert not kept.exists()
    for _ in range(3):
        assert exercises.check(NAME, answer())
    _progress._noted.clear()  # another kernel
    assert exercises.check(NAME, answer())
    (line,) = kept.read_text().splitlines()
    assert json.loads(line)["exercise"] == NAME
    assert rows()["output_size"][:4].isdigit()
    assert rows()["conv2d"] == ""
    assert kept.stat().st_mode & 0o077 == 0 or os.name != "posix"


def test_it_is_shown_in_a_notebook_and_by_the_command(kept, capsys):
    exercises.check(NAME, answer())
    shown = exercises.progress("01")
    first, when = next((name, when) for _, name, when in shown.rows if when)
    heading, *told = (re.split("  +", line) for line in str(shown).splitlines())
    assert heading == ["lesson", "exercise", "first right"]
    assert ["01", first, when] in told
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", when)
    assert ["01", "conv2d", "not yet"] in told
    cells = re.findall(r"<t[hd]>(.*?)</t[hd]>", shown._repr_html_())
    assert cells == [cell for row in (heading, *told) for cell in row]
    assert __main__.main(["progress", "01"]) == 0
    told = capsys.readouterr().out
    assert str(shown) in told
    assert f"kept in: {kept}" in told
    with pytest.raises(ValueError, match="no lesson '77'"):
        exercises.progress("77")
    assert {lesson for lesson, _, _ in exercises.progress().rows} == set(exercises.lessons())


DAMAGED = [
    b"\xff\xfe\x00",
    b"{",
    b"[" * 10**5,
    b"null\n3\n[]\n{}\n",
    b'{"exercise": 3, "right": 4}\n{"exercise": "../x", "right": "2026-01-01T00:00:00"}\n',
    b'{"exercise": "01/conv2d", "right": "yesterday"}\n',
    b'{"exercise": "01/conv2d", "right": "2026-0',  # the disk was full
]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_or_foreign_file_is_passed_over_and_gone_on_with(kept, content):
    kept.parent.mkdir()
    kept.write_bytes(content)
    assert exercises.check(NAME, answer())
    assert kept.read_bytes().startswith(content)
    assert rows()["output_size"]
    assert rows()["conv2d"] == ""


@pytest.mark.parametrize(
    "what", ["folder", "pipe", "large", "read only", "parent is a file", "none"]
)
def test_what_cannot_be_written_disturbs_no_check(kept, what, monkeypatch):
    kept.parent.mkdir()
    if what == "folder":
        kept.mkdir()
    elif what == "pipe":
        if not hasattr(os, "mkfifo"):
            pytest.skip("this system has no named pipes")
        os.mkfifo(kept)
    elif what == "large":
        kept.write_bytes(b"x" * (_progress.LARGEST + 1))
    elif what == "read only":
        monkeypatch.setattr(_progress.os, "open", _refuse)
    elif what == "parent is a file":
        monkeypatch.setenv(_progress.VARIABLE, str(pathlib.Path(__file__) / "x" / "progress"))
    else:
        monkeypatch.setenv(_progress.VARIABLE, "")
    before = kept.read_bytes() if kept.is_file() else None
    assert exercises.check(NAME, answer())
    assert (kept.read_bytes() if kept.is_file() else None) == before
    assert {name for name, when in rows().items() if when} == {"output_size"}, "while it runs"
    _progress._noted.clear()  # another kernel
    assert set(rows().values()) == {""}


def _refuse(*arguments):
    raise OSError(28, "No space left on device")


def test_a_check_waits_for_no_file(kept, monkeypatch):
    monkeypatch.setattr(_progress, "_WAIT", 0.05)
    ended = []

    def slow(name, now):
        time.sleep(2)
        ended.append(name)

    monkeypatch.setattr(_progress, "_append", slow)
    assert exercises.check(NAME, answer())
    assert not ended, "the check waited"


def test_many_notebooks_at_once_write_whole_lines(kept):
    script = (
        "from cnncourse.exercises import _progress, names, lessons\n"
        "_progress._WAIT = 60\n"
        "for lesson in ('01', '04', '05'):\n"
        "    for name in names(lesson): _progress.note(name)\n"
    )
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {_progress.VARIABLE: str(kept), "PYTHONPATH": path}
    started = [subprocess.Popen([sys.executable, "-c", script], env=environment) for _ in range(4)]
    assert [process.wait() for process in started] == [0] * 4
    expected = {name for lesson in ("01", "04", "05") for name in exercises.names(lesson)}
    assert set(_progress.read()) == expected
    assert all(json.loads(line) for line in kept.read_text().splitlines())


def test_it_lies_in_the_readers_own_data_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(_progress.VARIABLE)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert exercises.progress_file().name == "progress.jsonl"
    if sys.platform == "linux":
        assert exercises.progress_file() == tmp_path / "cnncourse" / "progress.jsonl"


def test_another_kernel_knows_what_the_file_says(kept, monkeypatch):
    deeper = kept.parent / "of" / "mine" / "progress.jsonl"
    monkeypatch.setenv(_progress.VARIABLE, str(deeper))
    exercises.check(NAME, answer())
    (when,) = filter(None, rows().values())
    _progress._noted.clear()
    assert rows()["output_size"] == when
    assert deeper.exists()


@pytest.mark.parametrize("before", ['{"exercise": "01/conv', "{}\n", "é", "{\t"])
def test_after_half_a_line_a_new_one_begins(kept, before):
    kept.parent.mkdir()
    kept.write_text(before, "utf-8")
    exercises.check(NAME, answer())
    first, second = kept.read_text("utf-8").splitlines()
    assert first == before.rstrip("\n")
    assert json.loads(second)["exercise"] == NAME
    assert _progress.read().keys() == {NAME}
