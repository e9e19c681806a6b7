"""What comes out of the sandbox: plain values that come through, and bytes made to harm."""

import ast
import contextlib
import json

from cnncourse.exercises.outside import HandoutError
from cnncourse.exercises.plain import Unreadable, plain, show
from cnncourse.grade import code, networks, values
from cnncourse.grade.values import Named, ValuesError, packed, unpacked

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st


def through(value):
    return unpacked(packed(value))


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.lists(inner, max_size=5).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=20,
)


@given(PLAIN)
def test_plain_values_come_through_as_they_are(value):
    found = through(value)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int64", "float16", "float32", ">f8", "complex64"]
)
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (3, 4, 2)])
def test_arrays_come_through_in_every_bit(dtype, shape):
    array = np.random.default_rng(1).integers(0, 2, shape).astype(dtype)
    found = through(array)
    assert (found.dtype, found.shape) == (array.dtype.newbyteorder("="), array.shape)
    np.testing.assert_array_equal(found, array)
    found[...] = 0  # it can be written to, as what an answer gives can


def test_what_is_nearly_plain_comes_through_as_a_check_sees_it():
    for value in (
        np.float64(2.5), np.int32(-3), np.bool_(True), ..., {"a", "b"}, frozenset([1]),
        np.array(["a", "bb"]), 10**100, float("inf"), list(range(500)), [[1.5, 2.5]] * 300,
        {1: "a", 2.5: "b"}, "x" * 10**5, ["a"] * 1000, np.zeros((3, 4)).T, b"bytes",
    ):  # fmt: skip
        found = through(value)
        assert type(found) is type(value)
        assert show(found) == show(value)
        np.testing.assert_equal(found, value)
    assert np.isnan(through(float("nan")))


class Odd:
    def __repr__(self):
        return "an odd one"


def test_strangers_are_shown_as_they_were_and_are_nothing_else():
    for value in (Odd(), len, Odd, print, (n for n in ()), [Odd()], np.array([Odd()])):
        told = plain(value) if isinstance(plain(value), Unreadable) else value
        found = through(value)
        assert show(found) == show(told)
    assert type(through(Odd())).__name__ == "Odd"
    assert type(values.stranger("no name; import os", "x")).__name__ == "object"


def test_a_view_of_any_size_costs_no_memory():
    vast = np.broadcast_to(np.float32(1), (10**6, 10**6))
    assert len(packed(vast)) < 200
    found = through(vast)
    assert found.shape == vast.shape
    assert plain(found).shown == plain(vast).shown


def test_arrays_come_through_whole_up_to_eight_million_numbers():
    large = np.random.default_rng(1).random(2_000_000, np.float32)
    np.testing.assert_array_equal(through(large), large)
    np.testing.assert_array_equal(through(np.zeros(2**23, np.uint8)), np.zeros(2**23))
    assert len(packed(np.broadcast_to(np.uint8(1), (2**23 + 1,)))) < 200


def test_a_million_numbers_in_lists_come_through_as_they_were():
    value = np.random.default_rng(1).random((100, 100, 100)).tolist()
    assert through(value) == value


def test_a_key_that_cannot_be_written_to_a_file_is_one_that_can():
    assert through({"\ud800": 1, "b": "\ud800"}) == {"?": 1, "b": "?"}


def test_a_view_of_any_size_in_a_list_is_never_made_whole():
    (found,) = through([np.broadcast_to(np.float32(1), (10**6, 10**6))])
    assert show(found) == "1,000,000,000,000 numbers, far more than are asked for"


def test_lists_in_themselves_end():
    loop = []
    loop.append(loop)
    assert len(packed(loop)) < 10**5
    through(loop)


@given(st.binary(max_size=200))
def test_any_bytes_are_values_or_refused(content):
    with contextlib.suppress(ValuesError):
        unpacked(content)


def forged(tree, blob=b""):
    text = json.dumps(tree).encode() if not isinstance(tree, bytes) else tree
    return len(text).to_bytes(8, "big") + text + blob


@pytest.mark.parametrize(
    "content",
    [
        forged({"k": "array", "d": "O", "s": [1], "at": 0}, bytes(8)),
        forged({"k": "array", "d": "V8", "s": [1], "at": 0}, bytes(8)),
        forged({"k": "array", "d": "<f8", "s": [10**9, 10**9], "at": 0}, bytes(8)),
        forged({"k": "array", "d": "<f8", "s": [-1], "at": 0}, bytes(8)),
        forged({"k": "array", "d": "<f8", "s": [1], "at": -8}, bytes(8)),
        forged({"k": "array", "d": "<f8", "s": [True], "at": 0}, bytes(8)),
        forged({"k": "array", "d": "<f8", "s": [1] * 100, "at": 0}, bytes(8)),
        forged({"k": "array", "d": "f8, O", "s": [1], "at": 0}, bytes(16)),
        forged([{"k": "array", "d": "<f8", "s": [4], "at": 0}] * 2, bytes(32)),
        forged({"k": "list", "v": [{"k": "bytes", "at": 0, "n": 32}] * 900}, bytes(32)),
        forged({"k": "bytes", "at": -1, "n": 1}, bytes(32)),
        forged({"k": "set", "v": [n * (2**61 - 1) for n in range(2000)]}),
        forged({"k": "dict", "v": [[n * (2**61 - 1), 0] for n in range(2000)]}),
        forged({"k": "import os"}),
        forged({"k": "int", "v": "x"}),
        forged({"k": "dict", "v": 3}),
        forged({"no": "kind"}),
        forged([1]),
        forged(b"[" * 10**6),
        forged(b'{"k": "list", "v": [' * 1000),
        (10**12).to_bytes(8, "big") + b"{}",
        b"",
    ],
)
def test_forged_bytes_are_refused(content):
    with pytest.raises(ValuesError):
        unpacked(content)


def test_bytes_that_are_not_whole_say_so():
    content = packed([1, "a"])
    with pytest.raises(ValuesError, match="too long, or not whole"):
        unpacked(content[:-1])


@pytest.mark.parametrize("kind", ["list", "tuple", "frozenset", "named", "dict", "texts"])
def test_values_in_values_without_end_are_refused(kind):
    tree = 1
    for _ in range(100):
        parts = {"named": tree, "texts": tree, "dict": [["a", tree]]}.get(kind, [tree])
        tree = {"k": kind, "name": "a", "v": parts}
    with pytest.raises(ValuesError, match="without end"):
        unpacked(forged(tree))


# Networks -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def handed(value, arguments=()):
    """What comes out, of a value that went through the sandbox's end and the judge's."""
    content = packed(value, networks.describer(list(arguments)))
    return networks.reviver(unpacked(content), list(arguments))


def a_network(keras, *more):
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(3, 3, activation="relu"), *more, layers.Flatten(),
         layers.Dense(4, activation="softmax")]
    )  # fmt: skip


def test_a_network_comes_through_with_its_weights_and_settings(keras):
    model = a_network(keras, keras.layers.BatchNormalization())
    model.compile(keras.optimizers.Adam(0.003), "categorical_crossentropy", metrics=["accuracy"])
    found = handed(model)
    images = np.random.default_rng(1).random((5, 8, 8, 1), "float32")
    np.testing.assert_allclose(found(images), model(images), rtol=1e-5)
    assert float(found.optimizer.learning_rate) == pytest.approx(0.003)
    assert [type(one) for one in found.layers] == [type(one) for one in model.layers]
    assert handed(model, [model]) is model


def test_every_style_of_network_comes_through(keras):
    inputs = keras.Input((8, 8, 1))
    branch = keras.layers.Conv2D(2, 3, padding="same")(inputs)
    functional = keras.Model(inputs, keras.layers.Add()([branch, branch * 2]))

    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.inner = a_network(keras)

        def call(self, images):
            return self.inner(images)

    own = Own()
    own.build((None, 8, 8, 1))
    own.inner.compile("sgd", "mse")  # it was trained by itself, before
    images = np.random.default_rng(1).random((5, 8, 8, 1), "float32")
    for model in (functional, own, keras.Sequential([own.inner])):
        np.testing.assert_allclose(handed(model)(images), model(images), rtol=1e-4, atol=1e-6)
    assert type(handed(own)).__name__ == "Own"
    assert not handed(Own()).built


def test_maps_of_a_network_and_other_things_of_keras(keras):
    lent = keras.Input((6, 6, 2))
    maps = keras.layers.Conv2D(5, 3)(lent)
    found = handed(maps, [lent])
    assert keras.Model(lent, found).count_params() == keras.Model(lent, maps).count_params()
    elsewhere = handed(keras.layers.Conv2D(5, 3)(keras.Input((6, 6, 2))), [lent])
    with pytest.raises(ValueError, match=r"not connected|disconnected|cannot be"):
        keras.Model(lent, elsewhere)
    layer = handed(keras.layers.Conv2D(5, 3))
    assert isinstance(layer, keras.layers.Layer)
    assert type(layer).__name__ == "Conv2D"


def parts_of(keras, model):
    return networks.describer([])(model).parts["inner"]


@pytest.mark.parametrize("kind", ["lambda", "own layer", "own function", "own class by name"])
def test_a_network_that_holds_code_is_not_built(keras, kind):
    class Own(keras.layers.Layer):
        def call(self, images):
            return images

    def own(x):
        return x

    if kind == "own class by name":
        parts = parts_of(keras, a_network(keras))
        parts["config"] = parts["config"].replace('"keras.layers"', '"os.path"', 1)
    else:
        layer = {
            "lambda": lambda: keras.layers.Lambda(lambda x: x),
            "own layer": Own,
            "own function": lambda: keras.layers.Activation(own),
        }[kind]()
        parts = parts_of(keras, a_network(keras, layer))
    with pytest.raises(HandoutError, match=r"not Keras's own|code to run|cannot build"):
        networks.rebuilt(parts, "Sequential")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"units": 4', '"units": 100000000', "too large|cannot build"),
        ('"filters": 3', '"filters": 90000000', "too large|cannot build"),
        ('[null, 8, 8, 1]', '[null, 90000, 90000, 1]', "too large|cannot build|do not fit"),
        ('"Dense"', '"Lambda"', "code to run"),
        ('"Dense"', '"TFSMLayer"', "code to run"),
        ('"keras.layers"', '"subprocess"', "not Keras's own"),
        ('"keras.layers"', '"keras.src.utils.file_utils"', "not Keras's own"),
        ('"keras.layers"', '"keras.utils"', "not Keras's own"),
        ('"GlorotUniform"', '"NoSuchThing"', "not Keras's own"),
    ],
)  # fmt: skip
def test_a_forged_network_is_not_built(keras, old, new, told):
    parts = parts_of(keras, a_network(keras))
    assert old in parts["config"]
    parts = parts | {"config": parts["config"].replace(old, new)}
    with pytest.raises(HandoutError, match=told):
        networks.rebuilt(parts, "Sequential")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.layers", "StringLookup"),  # its vocabulary may be a file's name, or an address
        ("keras.layers", "TextVectorization"),
        ("keras.src.layers.preprocessing.index_lookup", "IndexLookup"),
        ("keras.models", "load_model"),
        ("keras.models", "model_from_json"),
        ("keras.utils", "get_file"),
        ("keras.config", "enable_unsafe_deserialization"),
        ("keras.src.layers.core.lambda_layer", "python_utils"),
        ("keras.src.layers.core.lambda_layer", "Layer"),  # imported there: not this module's own
        ("keras.src.models.model", "saving_api"),
        ("keras.layers", "__class__"),
        ("cnncourse.resnet", "Path"),
        ("cnncourse.grade.values", "Named"),
        (None, "Dense"),
        ("keras.layers", ["Dense"]),
    ],
)
def test_what_is_no_part_of_a_network_is_not_looked_up(keras, module, name):
    part = {"module": module, "class_name": name, "config": {}, "registered_name": None}
    networks.checked({"layers": [part | {"module": "keras.layers", "class_name": "Dense"}]})
    with pytest.raises(HandoutError, match=r"not Keras's own|read files"):
        networks.checked({"layers": [part]})


def test_a_function_is_one_of_keras_or_refused(keras):
    part = {"module": "builtins", "class_name": "function", "registered_name": "function"}
    assert networks.checked([part | {"config": "relu"}]) == ["relu"]
    for name in ("no_such_function", "system", None):
        with pytest.raises(HandoutError, match=r"own: function of builtins$"):
            networks.checked(part | {"config": name})
    with pytest.raises(HandoutError, match=r"own: Dense$"):
        networks.checked(part | {"class_name": "Dense", "module": ["keras.layers"]})
    dense = {"module": "keras.layers", "class_name": "Dense", "config": "relu"}
    assert networks.checked(dense) == dense


def test_a_history_comes_with_its_network(keras):
    history = keras.callbacks.History()
    history.set_model(a_network(keras))
    found = handed(history)
    assert isinstance(found, keras.callbacks.History)
    assert found.model.count_params() == history.model.count_params()
    assert isinstance(handed(keras.callbacks.History()), keras.callbacks.History)


def test_what_a_network_computes_is_bounded_before_it_is_built(keras):
    model = keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Conv2D(8192, 1)])
    with pytest.raises(HandoutError, match=r"too large: it computes [\d,]+ MiB"):
        networks.rebuilt(parts_of(keras, model), "Sequential")


def test_what_keras_cannot_describe_says_why_and_is_cut(keras):
    class Silent(keras.layers.Layer):
        def get_config(self):
            raise ValueError("z" * 10**4)

    parts = parts_of(keras, keras.Sequential([keras.Input((3,)), Silent()]))
    assert parts == {"config": None, "error": f"ValueError('{'z' * 488}"}

    class Own(keras.Model):
        def get_build_config(self):
            raise ValueError("z" * 10**4)

    own = Own()
    own.built = True
    assert networks.describer([])(own).parts["error"] == parts["error"]
    with pytest.raises(HandoutError) as caught:
        networks.rebuilt(parts, "Sequential")
    assert str(caught.value) == (
        f"a Sequential that Keras cannot describe: ValueError('{'z' * 188}"
    )


def test_a_network_of_ones_own_that_cannot_be_called_raises_what_it_raised(keras):
    parts = {"kind": "Own", "built": True, "inner": None, "error": 7}
    model = networks.reviver(Named("subclass", parts), [])
    assert (type(model).__name__, model.built) == ("Own", True)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - of a class that is made for it
        model(np.zeros((1, 3)))
    assert repr(caught.value) == "7"
    with pytest.raises(HandoutError, match="something unknown"):
        networks.reviver(Named("no such kind", 1), [])


def test_forged_parts_are_refused(keras):
    for named in (
        Named("argument", 5),
        Named("argument", -1),
        Named("argument", "0"),
        Named("nothing", None),
        Named("model", {"inner": None, "kind": "x"}),
        Named("model", {"inner": {"config": "x" * 2**21}, "kind": "x"}),
        [Named("model", {"inner": {"config": 3}, "kind": "x"})],
    ):
        with pytest.raises(HandoutError):
            networks.reviver(named, [1, 2])


def test_weights_that_do_not_fit_are_refused(keras):
    parts = parts_of(keras, a_network(keras))
    parts["weights"] = parts["weights"][:-1]
    with pytest.raises(HandoutError, match="do not fit"):
        networks.rebuilt(parts, "Sequential")


# What an answer needs -----------------------------------------------------------------------------


def needed(answer, *sources, setup="import numpy as np", whole=False):
    """The code that is run for the last of some cells."""
    found = code.Reader(list(sources)).needed(answer, [len(sources) - 1], setup, whole)
    assert found.error is None, found.error
    return [ast.unparse(piece.tree) for piece in found.pieces]


def test_helpers_are_found_by_reading():
    assert needed(
        "f",
        "import math, os\nimport json",
        "SIZE = 3\nx = load_everything()\ndef helper(x): return math.floor(x) + SIZE",
        "def f(y):\n    x = helper(y)\n    return np.array(x)\nf(3)\nplot(x)",
    ) == [
        "import math, os",
        "SIZE = 3\n\ndef helper(x):\n    return math.floor(x) + SIZE",
        "def f(y):\n    x = helper(y)\n    return np.array(x)",
    ]


@pytest.mark.parametrize(
    ("above", "answer"),
    [
        ("table = {}\ntable['a'] = 1", "def f(): return table"),
        ("names = []\nnames.append(1)\nnames += [2]", "def f(): return names"),
        ("class A:\n    b = 1\nA.c = 2", "def f(): return A.c"),
        ("for i in range(3):\n    total = i", "def f(): return total"),
        ("try:\n    import fast as n\nexcept ImportError:\n    n = 1", "def f(): return n"),
        ("with open('x') as file:\n    text = file.read()", "def f(): return text"),
        ("a = b = 1\n(c, *d) = (1, 2)", "def f(): return [c for e in d for g in [b]]"),
        ("from os import path as p", "def f(x=p): return x"),
        ("def g():\n    return 1", "@g\ndef f():\n    pass"),
        ("if (n := 10) > 5:\n    m = n", "f = lambda: m"),
    ],
)
def test_all_that_binds_or_changes_a_name_is_taken(above, answer):
    found = needed("f", "unused = 1", above, answer)
    assert found == [ast.unparse(ast.parse(text)) for text in (above, answer)]


CHANGE = ("add", "append", "clear", "discard", "extend", "insert", "pop", "remove", "reverse")


@pytest.mark.parametrize("method", [*CHANGE, "setdefault", "sort", "update"])
def test_every_method_that_changes_what_it_is_of_is_taken(method):
    above = f"names = start()\nnames.{method}(1)\n(names.copy(), names[0], names.size)"
    found = needed("f", above, "def f(): return names")
    assert found == [above.rpartition("\n")[0], "def f():\n    return names"]


def test_what_the_setup_gives_is_not_looked_for_and_what_is_below_not_taken():
    assert needed("f", "import numpy as np\nheavy()", "def f(): return np") == [
        "def f():\n    return np"
    ]
    assert needed("f", "a = 2\nimport numpy as np\nb = 3", "def f(): return np, a, b") == [
        "a = 2\nb = 3",
        "def f():\n    return (np, a, b)",
    ]
    found = code.Reader(["def f(): return g()", "def g(): return 1"]).needed("f", [0], "", False)
    assert len(found.pieces) == 1


def test_every_statement_of_a_value_is_kept_but_calls_of_checks():
    cell = "k = np.zeros(3)\nk[0] = 1\nprint(k)\nexercises.check('01/k', k)\nexercises.hint('01/k')"
    assert needed("k", cell, whole=True) == ["k = np.zeros(3)\nk[0] = 1\nprint(k)"]
    kept = "(1, 2)\nk = exercises.hint('01/k')\nmine.check('01/k', k)"
    assert needed("k", kept, whole=True) == [kept]
    (piece,) = code.Reader([kept]).needed("k", [0], "", True).pieces
    assert isinstance(piece.tree, ast.Module), "to be compiled"


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("%%time\nx = 1", "x = 1"),
        ("%%bash\nrm -rf /", ""),
        ("\n\nx = 1", "x = 1"),
        ("x = 1 % 2\ny = x if x != 2 else 3", "x = 1 % 2\ny = x if x != 2 else 3"),
    ],
)
def test_magics_are_made_harmless(source, python):
    assert code.as_python(source) == python
    assert "get_ipython()" in code.as_python("%matplotlib inline\n!ls\nfiles = !ls")


def test_a_cell_that_is_no_python_says_where():
    found = code.Reader(["x = 1", "def f(:\n    return 1"]).needed("f", [1], "", False)
    assert found.error.startswith("SyntaxError")
    assert found.line == "line 1: def f(:"
    found = code.Reader(["def g(:", "def f(): return g()"]).needed("f", [1], "", False)
    assert found.notes == ["A cell above is no Python, and nothing else defines `g`."]
    found = code.Reader(["def g(:", "!ls\nk = len(__name__)"]).needed("k", [1], "", True)
    assert found.notes == [], "these are everywhere"
