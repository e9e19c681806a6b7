"""Paths as people give them, the folders of a user, and files that nobody ever sees half of."""

import os
import pathlib
import signal
import subprocess
import sys
import time

from cnncourse import _files
from cnncourse._files import folder_written_whole, given_path, written_whole

import filelock
import platformdirs
import psutil
import pytest

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX locks and modes")


def test_a_path_is_meant_as_it_is_given(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("USERPROFILE", "/home/me")
    assert given_path("~/a") == pathlib.Path(os.path.abspath("/home/me/a"))
    assert given_path("b/../a~") == tmp_path / "a~"
    with pytest.raises(FileNotFoundError, match=r"~nobody-of-that-name/a: no home folder"):
        given_path("~nobody-of-that-name/a")


# Folders of a user --------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["cache", "data"])
def test_without_a_home_there_is_no_folder_of_the_user(monkeypatch, which):
    def homeless(name):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(platformdirs, f"user_{which}_path", homeless)
    with pytest.raises(FileNotFoundError, match="Could not determine home directory"):
        getattr(_files, f"user_{which}")()


def test_the_users_folders_are_called_as_the_course_is(monkeypatch, tmp_path):
    if sys.platform != "linux":
        pytest.skip("these variables are those of Linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "b"))
    assert _files.user_cache() == tmp_path / "a" / "cnncourse"
    assert _files.user_data() == tmp_path / "b" / "cnncourse"
    assert _files.cache_folder() == tmp_path / "a" / "cnncourse", "also where it is not there yet"


def test_a_folder_is_tried_by_a_file_that_is_gone_at_once(tmp_path):
    _files.try_to_write(tmp_path / "a" / "b")
    _files.try_to_write(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        _files.try_to_write(tmp_path / "file")


def test_what_cannot_be_kept_lies_in_a_folder_of_this_process(monkeypatch, tmp_path):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(_files, "_borrowed", [])
    (tmp_path / "file").touch()
    monkeypatch.setattr(_files, "user_cache", lambda: tmp_path / "file" / "cnncourse")
    borrowed = _files.cache_folder()
    assert borrowed.name.startswith("cnncourse-")
    assert borrowed.is_dir()
    assert _files.cache_folder() == borrowed, "one a process"
    monkeypatch.setattr(_files, "user_cache", lambda: tmp_path / "cnncourse")
    assert _files.cache_folder() == tmp_path / "cnncourse"
    _files._borrowed[0].cleanup()


def test_one_process_at_a_time_makes_what_is_locked(tmp_path):
    path = tmp_path / "new" / "set.npz"
    other = filelock.FileLock(tmp_path / "new" / ".set.npz.lock", timeout=0)
    with _files.locked(path), pytest.raises(filelock.Timeout):
        other.acquire()
    with other:
        pass


# Written whole ------------------------------------------------------------------------------------


def test_an_interrupt_leaves_the_old_file(tmp_path):
    target = tmp_path / "file"
    target.write_bytes(b"old")

    def write_half():
        with written_whole(target) as stream:
            stream.write(b"new, half")
            assert len(list(tmp_path.iterdir())) == 2, "written beside the file, then renamed"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path, monkeypatch):
    target = tmp_path / "set"
    rename = os.replace

    def renamed(source, destination):
        # As on Windows: a folder takes no name that another one has, even an empty one.
        if pathlib.Path(destination).is_dir():
            raise PermissionError("no")
        rename(source, destination)

    def write(text):
        with folder_written_whole(target) as part:
            (part / "file").write_text(text)

    monkeypatch.setattr(os, "replace", renamed)
    write("old")
    write("new")
    assert (target / "file").read_text() == "new"

    def second_fails(source, destination):
        if pathlib.Path(source).name.endswith(".part"):
            raise PermissionError("no")
        rename(source, destination)

    monkeypatch.setattr(os, "replace", second_fails)
    with pytest.raises(PermissionError):
        write("newer")
    assert (target / "file").read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_is_empty_at_first_and_none_is_left_after_an_error(tmp_path):
    target = tmp_path / "new" / "set"
    with folder_written_whole(target) as part:
        assert list(part.iterdir()) == []
        assert not target.exists()
        (part / "file").write_text("old")
    with pytest.raises(KeyboardInterrupt), folder_written_whole(target) as part:  # noqa: PT012
        (part / "file").write_text("new")
        raise KeyboardInterrupt
    assert (target / "file").read_text() == "old"
    assert list(target.parent.iterdir()) == [target]


@POSIX
def test_no_descriptor_is_left_open(tmp_path):
    process = psutil.Process()
    before = process.num_fds()
    for _ in range(3):
        with written_whole(tmp_path / "file"), folder_written_whole(tmp_path / "folder"):
            pass
        with pytest.raises(KeyError), written_whole(tmp_path / "file"):
            raise KeyError
    assert process.num_fds() == before


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: done.append(os.fstat(descriptor).st_size))
    rename = os.replace
    monkeypatch.setattr(os, "replace", lambda *names: (done.append("renamed"), rename(*names)))
    with written_whole(tmp_path / "new" / "file") as stream:
        stream.write(b"12345")
    assert done == [5, "renamed"]
    assert (tmp_path / "new" / "file").read_bytes() == b"12345"


@POSIX
@pytest.mark.parametrize(("mask", "file", "folder"), [(0o022, 0o644, 0o755), (0o077, 0o600, 0o700)])
def test_what_is_written_may_be_read_as_any_other_file(tmp_path, mask, file, folder):
    before = os.umask(mask)
    try:
        with written_whole(tmp_path / "file"):
            pass
        with folder_written_whole(tmp_path / "folder"):
            pass
        assert os.umask(mask) == mask, "left as it was"
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o7777 == file
    assert (tmp_path / "folder").stat().st_mode & 0o7777 == folder


@pytest.mark.parametrize(("locks", "young", "old"), [(True, 1, 2.5), (False, 86_000, 87_000)])
def test_parts_that_nobody_writes_are_swept_when_they_are_old_enough(
    tmp_path, monkeypatch, locks, young, old
):
    if not locks:
        monkeypatch.setattr(_files, "fcntl", None)
    elif os.name != "posix":
        pytest.skip("needs POSIX locks")
    ages = {".file.a.part": old, ".file.b.part": young, ".other.a.part": old, ".file.a": old}
    for name, age in ages.items():
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    (tmp_path / ".file.c.part").mkdir()
    (tmp_path / ".file.c.part" / "image").touch()
    os.utime(tmp_path / ".file.c.part", (time.time() - old,) * 2)
    with written_whole(tmp_path / "file"):
        pass
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".file.a", ".file.b.part", ".other.a.part", "file"]


KILLED = """
import pathlib, sys, time
from cnncourse._files import folder_written_whole, written_whole
write = {"file": written_whole, "folder": folder_written_whole}[sys.argv[1]]
with write(pathlib.Path(sys.argv[2])):
    print("half", flush=True)
    time.sleep(600)
"""


@POSIX
@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_leaves_is_swept_and_what_a_living_one_writes_is_not(tmp_path, kind):
    target = tmp_path / "set [1].npz"
    writers = [
        subprocess.Popen([sys.executable, "-c", KILLED, kind, target], stdout=-1, text=True)
        for _ in range(2)
    ]
    try:
        assert [writer.stdout.readline() for writer in writers] == ["half\n"] * 2
        a_part = 1 if kind == "file" else 2
        parts = sorted(tmp_path.iterdir())
        assert len(parts) == 2 * a_part
        for part in parts:  # as if they had been there for a while
            os.utime(part, (time.time() - 60,) * 2)
        writers[0].send_signal(signal.SIGKILL)
        writers[0].wait()
        if kind == "file":
            with written_whole(target) as stream:
                stream.write(b"whole")
        else:
            with folder_written_whole(target) as part:
                (part / "file").write_bytes(b"whole")
        left = {path for path in tmp_path.iterdir() if path != target}
        assert len(left) == a_part, "those of the writer that lives"
        assert left < set(parts)
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
