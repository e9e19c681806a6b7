"""What a source does when it fails, files that lie, and what a killed process leaves."""

import dataclasses
import errno
import http.server
import io
import math
import os
import re
import sys
import threading
import time
import urllib.request
import zipfile

from cnncourse import data
from cnncourse.data import arrays, catalogue, classroom, folders, kinds, sources

import numpy as np
import pytest
from conftest import peak_mib


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch, tmp_path):
    """No classroom folder, empty caches, a network that nobody has asked yet."""
    for variable in ("CNNCOURSE_DATA", "CNNCOURSE_SOURCES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "_DEBIAN_ROOT", tmp_path / "root")
    monkeypatch.setattr(sources, "_offline", ("", -math.inf))


@pytest.fixture
def few(monkeypatch):
    """`few("cifar10")`: the set has 30 + 10 images; its entry, and arrays that fit it."""

    def make(name):
        spec = dataclasses.replace(catalogue.IMAGE_SETS[name], train=30, test=10)
        random = np.random.default_rng(1)
        made = {key: random.integers(0, 9, s, np.uint8) for key, s in spec.shapes.items()}
        spec = dataclasses.replace(spec, digest=arrays.array_digest(made))
        monkeypatch.setitem(catalogue.IMAGE_SETS, name, spec)
        return spec, made

    return make


def fails(error):
    def load_data(**options):
        raise error

    return load_data


# Keras


def test_the_network_is_asked_again_after_a_minute(monkeypatch, few):
    import keras

    spec, made = few("cifar10")
    asked = []

    def load_data():
        asked.append("cifar10")
        return (made["x_train"], made["y_train"]), (made["x_test"], made["y_test"])

    monkeypatch.setattr(keras.datasets.cifar10, "load_data", load_data)
    monkeypatch.setattr(sources, "_offline", ("no route", time.monotonic() - 10))
    found = sources.first({"keras": sources.IMAGE_READERS["keras"]}, spec)
    assert "the network did not answer 10 s ago (no route); it is asked again" in found.reasons[0]
    assert not asked
    monkeypatch.setattr(sources, "_offline", ("no route", time.monotonic() - 61))
    assert data.load("cifar10").source == "keras"
    assert asked == ["cifar10"]


def test_only_the_network_counts_against_the_network(monkeypatch, capsys, few, tmp_path):
    import keras

    few("cifar10")
    few("cifar100")
    cached = tmp_path / "keras" / "datasets" / "cifar-10-batches-py"
    cached.mkdir(parents=True)
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", fails(EOFError("ran out of input")))
    assert data.load("cifar10").stand_in
    said = capsys.readouterr().out
    assert f"{cached} cannot be read: delete it, and it is downloaded again" in said
    assert "needs a network" not in said

    monkeypatch.setattr(keras.datasets.cifar10, "load_data", fails(OSError(errno.ENOSPC, "full")))
    assert data.load("cifar10").stand_in
    assert "keras: Keras failed ([Errno 28] full)" in capsys.readouterr().out

    monkeypatch.delattr(keras.datasets, "cifar10")
    assert data.load("cifar10").stand_in
    assert "keras: this Keras has no data set cifar10" in capsys.readouterr().out

    failure = Exception("URL fetch failure on https://host/file: None -- no route")
    monkeypatch.setattr(keras.datasets.cifar100, "load_data", fails(failure))
    assert data.load("cifar100").stand_in
    assert "Keras's download failed (no route); it needs a network" in capsys.readouterr().out
    assert sources._offline[0] == "no route"

    (tmp_path / "file").touch()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(sources, "_offline", ("", -math.inf))
    assert data.load("cifar100").stand_in
    assert "keras: cannot be used ([Errno 20] Not a directory" in capsys.readouterr().out


def test_locate_starts_no_download_and_reads_no_set(monkeypatch, few, tmp_path):
    import keras

    few("mnist")
    _, made = few("fashion_mnist")
    monkeypatch.setattr(keras.datasets.mnist, "load_data", fails(AssertionError("asked")))
    damaged = tmp_path / "keras" / "datasets" / "mnist.npz"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"PK")
    assert data.locate("mnist")[:2] == ("keras", "Keras's download")

    (tmp_path / "class").mkdir()
    arrays.write_npz(tmp_path / "class" / "fashion_mnist.npz", made)
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path / "class"))
    monkeypatch.setattr(np.lib.format, "read_array", fails(AssertionError("read")))
    assert data.locate("fashion_mnist")[0] == "folder"


class Drip(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "200")
        self.end_headers()
        for _ in range(200):
            try:
                self.wfile.write(b".")
            except OSError:
                return
            time.sleep(0.05)

    def log_message(self, *arguments):
        pass


def test_a_download_that_drips_has_a_deadline(monkeypatch, few, tmp_path):
    import keras

    spec, _ = few("cifar10")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Drip)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"

    def load_data():
        urllib.request.urlretrieve(address, tmp_path / "file")
        raise AssertionError("the whole file came")

    monkeypatch.setattr(keras.datasets.cifar10, "load_data", load_data)
    monkeypatch.setattr(sources, "_DOWNLOAD_SECONDS", 1)
    try:
        found = sources.first({"keras": sources.IMAGE_READERS["keras"]}, spec)
    finally:
        server.shutdown()
        server.server_close()
    assert "Keras's download failed (not done in 1 s)" in found.reasons[0]


# A set


def test_a_command_that_fails_is_a_reason_with_its_last_words(tmp_path):
    def said(seconds, *command):
        with pytest.raises(kinds.Absent) as caught:
            sources._run([*command], str(tmp_path), seconds, "install it")
        return str(caught.value)

    assert re.fullmatch(
        r"no-such-program x failed \(.*No such file.*\); install it",
        said(9, "no-such-program", "x"),
    )
    python, ends = (sys.executable, "-c"), "raise SystemExit('first\\nlast')"
    assert said(60, *python, ends) == f"{' '.join(python)} {ends} failed (last); install it"
    assert said(60, *python, "1 / 0").endswith("(ZeroDivisionError: division by zero); install it")
    assert said(60, *python, "exit(3)").endswith("returned non-zero exit status 3.); install it")
    waits = "import time; time.sleep(60)"
    assert said(0.5, *python, waits) == f"{' '.join(python)} {waits} gave no answer in 0.5 s"


def test_a_set_is_hashed_once_a_load(monkeypatch, few, tmp_path):
    _, made = few("fashion_mnist")
    (tmp_path / "class").mkdir()
    arrays.write_npz(tmp_path / "class" / "fashion_mnist.npz", made)
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path / "class"))
    hashed, digest = [], arrays.array_digest
    for module in (arrays, sources, data):
        monkeypatch.setattr(module, "array_digest", lambda a: hashed.append(a) or digest(a))
    assert data.load("fashion_mnist").whole
    assert len(hashed) == 1


@pytest.mark.parametrize("shape", [(20, 20), (16, 16, 3)])
def test_a_new_set_is_one_entry(monkeypatch, capsys, shape):
    classes = tuple(f"sign {i}" for i in range(23))
    spec = catalogue.ImageSet(
        name="signs",
        title="Road signs",
        image_shape=shape,
        train=1_150,
        test=46,
        classes={"": classes},
        sources={},
        digest="sha256:0",
        origin="nobody",
        licence="CC0",
    )
    monkeypatch.setitem(catalogue.IMAGE_SETS, "signs", spec)
    images = data.load("signs")
    assert "Road signs could not be found here" in capsys.readouterr().out
    assert (images.x_train.shape, len(images.y_test)) == ((1_150, *shape), 46)
    assert np.bincount(images.y_train).tolist() == [50] * 23
    assert "signs" in data.names()
    assert data.titles()["signs"] == "Road signs"
    again = data.load("signs")
    np.testing.assert_array_equal(images.x_train, again.x_train)
    # Of each class there is something to see, against a corner where nothing is drawn.
    for label in range(23):
        drawn = images.x_train[images.y_train == label].astype(float)
        assert drawn[:, 5:-5, 5:-5].std() > 1.2 * drawn[:, :3, :3].std(), label


# Files that lie


@pytest.mark.parametrize("claimed", [5 * 2**30, 10**15])
def test_what_an_npz_claims_costs_no_memory(few, tmp_path, claimed):
    spec, _ = few("fashion_mnist")
    path = tmp_path / "fashion_mnist.npz"
    head = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": (claimed,)}
    np.lib.format.write_array_header_1_0(head, header)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key in spec.shapes:
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                member.write(head.getvalue())
                for _ in range(64):
                    member.write(bytes(2**20))

    def verify():
        with pytest.raises(data.DataError, match=rf"is uint8 .*found uint8 \({claimed},\)"):
            data.verify(path)

    assert peak_mib(verify) < 8


def test_a_large_stray_file_is_hashed_piece_by_piece(tmp_path):
    (tmp_path / "train" / "cats").mkdir(parents=True)
    with open(tmp_path / "train" / "cats" / "video.mp4", "wb") as stream:
        stream.truncate(64 * 2**20)
    assert peak_mib(lambda: folders.folder_digest(tmp_path)) < 8


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_no_set(monkeypatch, tmp_path):
    os.mkfifo(tmp_path / "mnist.npz")
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path))
    for action in (data.load, data.locate, lambda name: data.verify(tmp_path / f"{name}.npz")):
        with pytest.raises(data.DataError, match=r"mnist\.npz: expected a file; found a folder, p"):
            action("mnist")


# What is left behind


def test_a_full_classroom_folder_is_the_one_to_leave(monkeypatch, tmp_path):
    room = tmp_path / "class" / "cats_vs_dogs"
    for place in ("train/cats", "train/dogs", "validation/cats", "validation/dogs"):
        (room / place).mkdir(parents=True)
        (room / place / "1.jpg").write_bytes(b"a photograph")
    monkeypatch.setenv("CNNCOURSE_DATA", str(room.parent))

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(classroom.shutil, "copyfile", full)
    with pytest.raises(data.DataError) as caught:
        data.fill(tmp_path / "new", ["cats_vs_dogs"])
    assert "No space left on device" in str(caught.value)
    assert "Free some space there, or name another folder that you may write to" in str(
        caught.value
    )
    assert "XDG_CACHE_HOME" not in str(caught.value)
