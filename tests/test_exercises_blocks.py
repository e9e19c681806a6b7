"""What a block between maps is judged by, tried with blocks whose answers are known."""

import copy
import types

from cnncourse import exercises
from cnncourse.exercises import Wrong, _networks, _residual, _transfer

import keras
import numpy as np
import pytest
from keras import layers


def lent(*shape):
    """Maps as an exercise lends them."""
    return copy.deepcopy(_residual.FreshMaps(shape))


def convolved(maps, width, side=3, **options):
    return layers.Conv2D(width, side, padding="same", use_bias=False, **options)(maps)


# Residual blocks


def test_maps_are_lent_anew_and_the_last_are_known():
    fresh = _residual.FreshMaps((4, 5, 2))
    assert repr(fresh) == "keras.Input((4, 5, 2))"
    first, second = copy.deepcopy(fresh), copy.deepcopy(fresh)
    assert first is not second
    assert _residual.FreshMaps.lent is second
    assert second.shape == (None, 4, 5, 2)


def test_further_blocks_have_few_maps_of_every_number():
    random = np.random.default_rng(0)
    drawn = [_residual.drawn_case(random) for _ in range(300)]
    shapes = np.array([(*maps.shape, width) for maps, width in drawn])
    for axis, values in enumerate([range(4, 9), range(4, 9), range(2, 5), range(2, 5)]):
        assert set(shapes[:, axis]) == set(values)
    maps, width = _residual.case(4, 5, 2, 3)
    assert (maps.shape, width) == ((4, 5, 2), 3)


def blocks(width):
    """What each way to write a block gives, by how it is called."""

    def plain(maps):
        return layers.ReLU()(layers.BatchNormalization()(convolved(maps, width)))

    def brought(maps):
        return maps if maps.shape[-1] == width else convolved(maps, width, 1)

    return {
        "added": lambda maps: layers.Add()([brought(maps), plain(maps)]),
        "added by +": lambda maps: plain(maps) + brought(maps),
        "cut behind the sum": lambda maps: layers.ReLU()(
            layers.Add()([brought(maps), layers.BatchNormalization()(convolved(maps, width))])
        ),
        "nothing added": plain,
        "doubled": lambda maps: 2 * layers.Add()([brought(maps), plain(maps)]),
        "linear": lambda maps: layers.Add()(
            [brought(maps), layers.BatchNormalization()(convolved(maps, width))]
        ),
        "with a bias": lambda maps: layers.Add()(
            [brought(maps), layers.ReLU()(layers.Conv2D(width, 3, padding="same")(maps))]
        ),
    }


IDLE = "with 3×3 kernels of 0 comes out"
BELOW = "what is added lies below 0 in places"


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("added", {}),
        ("added by +", {}),
        ("cut behind the sum", {IDLE: "what came in, without what lies below 0"}),
        ("nothing added", {IDLE: "0", BELOW: True}),
        ("doubled", {IDLE: "something else", BELOW: True}),
        ("linear", {BELOW: True}),
        ("with a bias", {"biases of convolutions": 1, "batch normalisations": 0}),
    ],
)
@pytest.mark.parametrize(("channels", "width"), [(3, 3), (3, 4)])
def test_of_a_block_it_is_asked_what_it_does(name, changes, channels, width):
    maps = lent(5, 6, channels)
    found = _residual.block_facts(blocks(width)[name](maps))
    more = channels != width and name != "nothing added"
    kernels = [f"1×1 with {width} maps"] * more + [f"3×3 with {width} maps"]
    count = 9 * channels * width + channels * width * more
    count += width if name == "with a bias" else 4 * width
    assert found.pop("numbers").shape == found.pop("numbers while it learns").shape
    below = found.pop(BELOW)
    assert below is changes.get(BELOW, name == "cut behind the sum")
    assert found == {
        "shape of what comes out": f"(None, 5, 6, {width})",
        "convolutions": " and ".join(kernels),
        "biases of convolutions": 0,
        "batch normalisations": 1,
        "parameters": count,
        IDLE: "what came in",
    } | {key: value for key, value in changes.items() if key != BELOW}


def test_every_style_of_a_block_gives_the_same_numbers():
    found = []
    for name in ("added", "added by +", "linear"):
        found.append(_residual.block_facts(blocks(4)[name](lent(5, 6, 3))))
    for key in ("numbers", "numbers while it learns"):
        np.testing.assert_allclose(found[0][key], found[1][key], atol=1e-5)
        assert np.abs(found[0][key] - found[2][key]).max() > 0.1
    assert np.abs(found[0]["numbers"] - found[0]["numbers while it learns"]).max() > 0.1
    assert np.std(found[0]["numbers"]) > 0.5, "they are no zeros"


def test_what_comes_out_is_named_with_some_tolerance():
    came_in = np.random.default_rng(1).normal(size=(2, 3, 3, 2))
    for name in (_residual._name, _transfer._name):
        assert name(came_in + 5e-4, came_in) == "what came in"
        assert name(0 * came_in + 5e-4, came_in) == "0"
        assert name(came_in + 5e-2, came_in) == "something else"
        assert name(came_in[:, :2] + 1, came_in) == "something else"
    assert _residual._name(np.maximum(came_in, 0) + 5e-4, came_in).endswith("below 0")
    assert _transfer._name(np.zeros((2, 3, 3, 5)), came_in) == "0"


def test_a_block_without_a_convolution_says_so():
    found = _residual.block_facts(layers.ReLU()(lent(4, 4, 2)))
    assert (found["convolutions"], found["parameters"]) == ("none", 0)


@pytest.mark.parametrize("facts", [_residual.block_facts, _transfer.block_facts])
def test_what_is_no_block_says_what_is_wanted(facts):
    maps = lent(4, 4, 2)
    for value, told in (
        (layers.ReLU(), "A layer came back (ReLU), and the maps that it makes are wanted: call it "
         "with the maps, as in `layers.ReLU()(maps)`."),
        (3, "No maps of a Keras network came back, but int."),
        (layers.ReLU()(keras.Input((4, 4, 2))),
         "What came back is not made of the `maps` that were handed over."),
    ):  # fmt: skip
        with pytest.raises(Wrong) as caught:
            facts(value)
        assert str(caught.value) == told
    assert maps is _residual.FreshMaps.lent


# What gives a mistake away


def trial(channels=3, width=3, *, convolutions="3×3 with 3 maps", error=None, right=False):
    given = {"maps": types.SimpleNamespace(shape=(8, 9, channels)), "width": width}
    received = None if error else {"convolutions": convolutions}
    return types.SimpleNamespace(given=given, received=received, error=error, right=right)


def refused(one, other, begins="ValueError: Inputs have incompatible shapes"):
    return f"{begins}. Received shapes {one} and {other}"


def test_a_block_is_told_by_its_kernels():
    ones = "1×1 with 3 maps"
    assert _residual.has_no_three([trial(convolutions=ones), trial(convolutions="none")])
    assert not _residual.has_no_three([trial(convolutions=ones), trial()])
    both = f"{ones} and 3×3 with 3 maps"
    assert _residual.brings_in_vain([trial(convolutions=both), trial(3, 4)])
    assert not _residual.brings_in_vain([trial(convolutions=both), trial()])
    assert _residual.as_many({"maps": np.zeros((2, 3)), "width": 3})
    assert not _residual.as_many({"maps": np.zeros((2, 3)), "width": 2})


def test_right_where_is_right_there_and_nowhere_else():
    fewer = _residual.right_where(lambda channels, width: channels < width)
    assert fewer([trial(2, 3, right=True), trial(3, 3), trial(3, 2)])
    assert not fewer([trial(2, 3, right=True), trial(3, 3, right=True)])
    assert not fewer([trial(2, 3), trial(3, 3)])


def test_sizes_that_keras_refuses_are_read_from_what_it_says():
    sizes = [(8, 9, 3), (6, 7, 3)]
    assert _residual.refused_sizes(trial(error=refused(*sizes))) == sizes
    cannot = "ValueError: Cannot broadcast shape"
    assert _residual.refused_sizes(trial(error=refused(*sizes, cannot))) == sizes
    assert _residual.refused_sizes(trial(error="TypeError: 1 2 3 4 5 6")) == []
    assert _residual.refused_sizes(trial()) == []


def test_why_keras_refuses_a_sum():
    lost = trial(error=refused((8, 9, 3), (6, 7, 3)))
    half = trial(error=refused((8, 9, 3), (4, 5, 3)))
    number = trial(error=refused((8, 9, 3), (8, 9, 4)))
    assert _residual.loses_pixels([lost, lost])
    assert _residual.loses_pixels([trial(error=refused((6, 7, 3), (8, 9, 3)))])
    for other in (half, number, trial()):
        assert not _residual.loses_pixels([lost, other])
    assert _residual.shrinks([lost, half, trial()])
    assert not _residual.shrinks([lost, number])
    assert not _residual.shrinks([trial(), trial()])
    assert _residual.other_number([number, trial()])
    for other in (lost, trial(error="TypeError: no"), trial(error=refused((8, 9, 3), (8, 9, 3)))):
        assert not _residual.other_number([number, other])
    assert not _residual.other_number([trial()])
    again = trial(error="ValueError: Input 0: expected axis -1 of input shape to have value 3")
    assert _residual.used_again([trial(), again])
    assert not _residual.used_again([trial(), lost])


# Inverted bottlenecks


def test_further_bottlenecks_are_of_five_kinds():
    random = np.random.default_rng(0)
    seen = set()
    for _ in range(400):
        maps, kernel, stride, expansion, width = _transfer.drawn_case(random)
        high, across, channels = maps.shape
        assert {high, across} <= set(range(5, 9))
        assert channels in range(2, 5)
        seen.add((kernel, stride, expansion, width - channels))
    assert seen == {(3, 1, 2, 0), (5, 2, 3, 0), (3, 1, 1, 0), (5, 1, 2, 1), (3, 1, 3, -1)}


SOLUTION = exercises.find("11/inverted_bottleneck")


@pytest.mark.parametrize(
    ("kernel", "stride", "expansion", "width", "kernels", "idle"),
    [
        (3, 1, 2, 3, ["1×1 from 3 to 6 maps", "1×1 from 6 to 3 maps", "3×3 on each of 6 maps"],
         "what came in"),
        (5, 1, 1, 3, ["1×1 from 3 to 3 maps", "5×5 on each of 3 maps"], "what came in"),
        (3, 2, 1, 3, ["1×1 from 3 to 3 maps", "3×3 on each of 3 maps"], "0"),
        (3, 1, 2, 4, ["1×1 from 3 to 6 maps", "1×1 from 6 to 4 maps", "3×3 on each of 6 maps"],
         "0"),
    ],
)  # fmt: skip
def test_of_a_bottleneck_it_is_asked_what_it_does(kernel, stride, expansion, width, kernels, idle):
    maps = lent(6, 8, 3)
    built = SOLUTION.fill(SOLUTION.solution)(maps, kernel, stride, expansion, width)
    found = _transfer.block_facts(built)
    assert found.pop("numbers").shape == (3, 6 // stride, 8 // stride, width)
    assert found.pop("numbers while it learns").shape == (3, 6 // stride, 8 // stride, width)
    assert found == {
        "shape of what comes out": f"(None, {6 // stride}, {8 // stride}, {width})",
        "convolutions": ", ".join(kernels),
        "biases of convolutions": 0,
        "batch normalisations": len(kernels),
        "with kernels of 0 comes out": idle,
    }


def test_a_kernel_is_told_in_words():
    for shape, told in (
        ((1, 1, 1, 4), "1×1 from 1 to 4 maps"),
        ((3, 5, 4, 1), "3×5 on each of 4 maps"),
        ((3, 3, 1, 4), "3×3 on each of 4 maps"),
        ((3, 3, 2, 4), "3×3 from 2 to 4 maps"),
        ((4, 5), "1×1 from 4 to 5 maps"),
    ):
        assert _transfer._convolution(shape) == told
    assert _residual._convolution((4, 5)) == "1×1 with 5 maps"


def test_a_bottleneck_s_numbers_pass_six_and_its_style_does_not_matter():
    def facts(relu):
        maps = lent(6, 6, 2)
        return _transfer.block_facts(relu(convolved(maps, 4, 1)) + 1)

    cut, same, uncut = facts(layers.ReLU(6)), facts(keras.ops.relu6), facts(layers.ReLU())
    np.testing.assert_allclose(cut["numbers"], same["numbers"], atol=1e-5)
    assert cut["numbers"].max() == pytest.approx(7)
    assert uncut["numbers"].max() > 7.5
    assert cut["with kernels of 0 comes out"] == "something else"
    none = _transfer.block_facts(layers.ReLU()(lent(4, 4, 2)))
    assert (none["convolutions"], none["with kernels of 0 comes out"]) == ("none", "something else")


def test_a_bottleneck_adds_where_nothing_has_changed_its_size():
    maps = types.SimpleNamespace(shape=(4, 4, 3))
    assert _transfer.adds({"stride": 1, "maps": maps, "width": 3})
    assert not _transfer.adds({"stride": 2, "maps": maps, "width": 3})
    assert not _transfer.adds({"stride": 1, "maps": maps, "width": 4})
    sum_refused = trial(3, 4, error=refused((8, 9, 3), (8, 9, 4)))
    where = _transfer.refused_where(lambda given: given["width"] == 4)
    assert where([sum_refused, trial(3, 3)])
    assert not where([sum_refused, trial(3, 4)])
    assert not where([trial(3, 3, error=refused((8, 9, 3), (8, 9, 4)))])


# A part that learns


def test_a_network_is_made_of_the_layers_that_are_named():
    fresh = _transfer.network("conv_0 norm_0 relu_0 pool dense", frozen=True)
    assert repr(fresh) == "network(conv_0 norm_0 relu_0 pool dense, frozen)"
    assert repr(_transfer.network("dense", frozen=False)) == "network(dense)"
    made = copy.deepcopy(fresh)
    kinds = ["Conv2D", "BatchNormalization", "ReLU", "GlobalAveragePooling2D", "Dense"]
    assert [type(layer).__name__ for layer in made.layers] == kinds
    assert [layer.name for layer in made.layers] == ["conv_0", "norm_0", "relu_0", "pool", "dense"]
    assert made.trainable_weights == []
    assert made.input_shape == (None, 4, 4, 2)
    learning = copy.deepcopy(_transfer.network("conv_0 pool dense", frozen=False))
    assert len(learning.trainable_weights) == 4
    for one, other in zip(made.get_weights(), copy.deepcopy(fresh).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_further_networks_have_two_to_four_blocks_and_one_of_their_layers():
    random = np.random.default_rng(0)
    blocks, kinds, frozen, firsts = set(), set(), set(), set()
    for _ in range(200):
        fresh, first = _transfer.drawn_network(random)
        names = repr(fresh)[len("network(") :].partition(")")[0].partition(",")[0].split()
        assert names[-2:] == ["pool", "dense"]
        assert first in names
        assert "relu" not in first
        assert first != "pool"
        blocks.add(sum(name.startswith("conv") for name in names))
        kinds |= {name.partition("_")[0] for name in names}
        frozen.add("frozen" in repr(fresh))
        firsts.add(first.partition("_")[0])
    assert blocks == {2, 3, 4}
    assert kinds == {"conv", "norm", "relu", "pool", "dense"}
    assert firsts == {"conv", "norm", "dense"}
    assert frozen == {True, False}


def test_of_a_network_it_is_asked_which_layers_learn():
    fresh = _transfer.network("conv_0 norm_0 conv_1 norm_1 pool dense", frozen=True)
    network = copy.deepcopy(fresh)
    learn, norms = "other layers that learn", "batch normalisations that learn"
    assert _transfer.learning_facts(network) == {norms: "none", learn: "none"}
    network.trainable = True
    assert _transfer.learning_facts(network) == {
        norms: "norm_0, norm_1", learn: "conv_0, conv_1, dense",
    }  # fmt: skip
    for name in ("conv_0", "norm_0", "norm_1"):
        network.get_layer(name).trainable = False
    assert _transfer.learning_facts(network) == {norms: "none", learn: "conv_1, dense"}
    with pytest.raises(Wrong, match=r"^What came back is not the network that was handed over: "):
        _transfer.learning_facts(None)
    assert _networks.FreshNetwork.lent is network
