"""cnncourse.lenet: layers and losses against plain NumPy, saved and loaded again, and wrong use."""

import re

from cnncourse import conv, lenet

import numpy as np
import pytest
from scipy import ndimage
from scipy.special import logsumexp

keras = pytest.importorskip("keras")

CODES = lenet.DIGIT_CODES.astype(float)


def random_array(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def squash(x):
    return 1.7159 * np.tanh(2 * x / 3)


def close(found, expected):
    found = keras.ops.convert_to_numpy(found)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def lenet5():
    tanh = lenet.scaled_tanh
    return keras.Sequential(
        [
            keras.Input((32, 32, 1)),
            lenet.Distort(),
            keras.layers.Conv2D(6, 5, activation=tanh),
            lenet.Subsampling(),
            lenet.TableConv2D(activation=tanh),
            lenet.Subsampling(),
            keras.layers.Conv2D(120, 5, activation=tanh),
            keras.layers.Flatten(),
            keras.layers.Dense(84, activation=tanh),
            lenet.RadialBasis(),
        ]
    )


# Each alone, against NumPy ----------------------------------------------------------------------


def test_scaled_tanh():
    x = np.linspace(-4, 4, 41, dtype="float32")
    close(lenet.scaled_tanh(x), squash(x))
    assert float(lenet.scaled_tanh(1.0)) == pytest.approx(1, abs=1e-4)


def test_subsampling():
    layer, maps = lenet.Subsampling(), random_array(1, 2, 6, 4, 3)
    layer.build(maps.shape)
    weight, bias = random_array(2, 3), random_array(3, 3)
    layer.set_weights([weight, bias])
    sums = maps[:, ::2, ::2] + maps[:, 1::2, ::2] + maps[:, ::2, 1::2] + maps[:, 1::2, 1::2]
    close(layer(maps), squash(sums * weight + bias))
    assert layer.compute_output_shape((None, 6, 4, 3)) == (None, 3, 2, 3)
    assert layer.count_params() == 6


@pytest.mark.parametrize("table", [lenet.C3_TABLE, ((2, 0), (1,), (1, 2, 5), (3, 4))])
def test_table_convolution_one_map_after_the_other(table):
    layer, maps = lenet.TableConv2D(table, 3), random_array(1, 2, 7, 6, 6)
    layer.build(maps.shape)
    entries = sum(map(len, table))
    kernel, bias = random_array(2, 3, 3, entries), random_array(3, len(table))
    layer.set_weights([kernel, bias])
    assert layer.count_params() == 9 * entries + len(table)
    found, first = keras.ops.convert_to_numpy(layer(maps)), 0
    for target, row in enumerate(table):
        kernels = kernel[:, :, first : first + len(row)]
        first += len(row)
        expected = conv.conv2d(maps[..., list(row)], kernels, bias=bias[target])
        close(found[..., target], expected)
    assert found.shape == layer.compute_output_shape(maps.shape)


def test_a_table_s_kernels_are_as_small_as_what_they_read_is_many():
    layer = lenet.TableConv2D(((0, 1, 2, 3), (0,)), 5)
    layer.build((None, 9, 9, 4))
    assert [weight.name for weight in layer.weights] == ["kernel", "bias"]
    most = np.abs(layer.kernel.numpy()).max(axis=(0, 1))
    limits = np.sqrt(3 / np.array([100, 100, 100, 100, 25]))
    assert (most <= limits).all()
    assert (most > 0.8 * limits).all()
    point = lenet.TableConv2D(((0,),), 1)
    assert point(random_array(1, 1, 2, 2, 1)).shape == (1, 2, 2, 1), "a kernel may be one pixel"


def test_radial_basis():
    values = random_array(1, 5, 84)
    expected = [[np.sum((row - code) ** 2) for code in CODES] for row in values]
    close(lenet.RadialBasis()(values), expected)
    close(lenet.RadialBasis()(CODES.astype("float32")).numpy().diagonal(), np.zeros(10))
    assert lenet.RadialBasis().compute_output_shape((7, 84)) == (7, 10)


def test_losses_and_accuracy():
    distances = 20 * random_array(1, 6, 10) ** 2
    labels = np.array([3, 1, 4, 1, 5, 9])
    right = distances[np.arange(6), labels]
    close(lenet.DistanceLoss()(labels, distances), right.mean())
    for j in (0.5, 10.0):
        rows = np.concatenate([np.full((6, 1), -j), -distances], axis=1)
        expected = (right + logsumexp(rows, axis=1)).mean()
        close(lenet.MAPLoss(j)(labels, distances), expected)
        close(lenet.MAPLoss(j)(labels[:, None], distances), expected)
        each = lenet.MAPLoss(j, reduction=None)
        close(each(labels, distances), right + logsumexp(rows, axis=1))
        again = lenet.MAPLoss.from_config(each.get_config())
        assert (again.j, again.reduction) == (j, None)
    nearest = distances.argmin(axis=1)
    nearest[2] = (nearest[2] + 1) % 10
    close(lenet.nearest_code_accuracy(nearest[:, None], distances), [1, 1, 0, 1, 1, 1])


def test_prepare():
    images = np.zeros((2, 28, 28), np.uint8)
    images[1, 0, 27] = 255
    found = lenet.prepare(images)
    assert found.shape == (2, 32, 32, 1)
    assert found.dtype == np.float32
    assert found[1, 2, 29, 0] == pytest.approx(1.175)
    assert np.isclose(found, -0.1).sum() == found.size - 1


def test_prepared_digits_have_about_mean_0(real):
    assert abs(lenet.prepare(real("mnist").x_train[:2_000]).mean()) < 0.05


def test_distort_leaves_alone_or_moves_as_scipy_does():
    blob = ndimage.gaussian_filter(random_array(1, 2, 20, 20, 1), (0, 2, 2, 0))
    images = np.pad(blob, ((0, 0), (6, 6), (6, 6), (0, 0)), constant_values=-0.1)
    layer = lenet.Distort(seed=1)
    close(layer(images, training=False), images)
    close(lenet.Distort(0, 0, 0, 0, 0)(images, training=True), images)
    moved = keras.ops.convert_to_numpy(layer(images, training=True))
    assert moved.shape == images.shape
    assert np.abs(moved - images).max(axis=(1, 2, 3)).min() > 0.01
    assert np.allclose(moved[:, 0, 0], -0.1, atol=1e-5)

    turned = keras.ops.convert_to_numpy(_only(turn=0.3)(images, training=True))
    best = min(
        np.abs(
            turned[0, ..., 0]
            - ndimage.rotate(images[0, ..., 0], angle, reshape=False, order=1, cval=-0.1)
        ).max()
        for angle in np.linspace(-18, 18, 361)
    )
    assert best < 0.02


def test_distort_reads_where_its_six_numbers_say():
    most = {"shift": 3.0, "scale": 0.2, "squeeze": 0.15, "shear": 0.25, "turn": 0.4}
    images = ndimage.gaussian_filter(random_array(1, 3, 24, 20, 1), (0, 2, 2, 0))
    found = keras.ops.convert_to_numpy(lenet.Distort(**most, seed=5)(images, training=True))
    draw = keras.random.uniform((6, 3), -1, 1, seed=keras.random.SeedGenerator(5))
    for image, moved, numbers in zip(images, found, np.transpose(draw), strict=True):
        right, down = most["shift"] * numbers[:2]
        scale, squeeze, shear, turn = numbers[2:] * list(most.values())[1:]
        size = np.diag([1 + scale - squeeze, 1 + scale + squeeze])  # rows first, as SciPy counts
        turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        reads = size @ turned @ np.array([[1, 0], [shear, 1]])
        middle = (np.array([24, 20]) - 1) / 2
        offset = middle - reads @ middle + [down, right]
        expected = ndimage.affine_transform(image[..., 0], reads, offset, order=1, cval=-0.1)
        inside = ndimage.affine_transform(np.ones((24, 20)), reads, offset, order=1) > 0.999
        close(moved[inside, 0], expected[inside])
        assert inside.mean() > 0.5


def _only(**most):
    nothing = dict.fromkeys(("shift", "scale", "squeeze", "shear", "turn"), 0)
    return lenet.Distort(**(nothing | most), seed=2)


# The bitmaps and the table ----------------------------------------------------------------------


def test_the_codes_are_ten_bitmaps_that_differ():
    assert lenet.DIGIT_CODES.shape == (10, 7 * 12)
    assert set(np.unique(lenet.DIGIT_CODES)) == {-1, 1}
    cells = (lenet.DIGIT_CODES[:, None] != lenet.DIGIT_CODES).sum(axis=-1)
    assert cells[~np.eye(10, dtype=bool)].min() >= 10
    with pytest.raises(ValueError, match="read-only"):
        lenet.DIGIT_CODES[0, 0] = 0


def test_the_table_of_c3():
    rings = [{(start + step) % 6 for step in range(n)} for n in (3, 4) for start in range(6)]
    others = [{0, 1, 3, 4}, {1, 2, 4, 5}, {0, 2, 3, 5}, set(range(6))]
    assert [set(row) for row in lenet.C3_TABLE] == rings + others


def test_a_table_s_kernel_has_the_type_of_its_layer():
    layer = lenet.TableConv2D(dtype="float16")
    maps = np.ones((1, 6, 6, 6), "float16")
    assert layer(maps).dtype == layer.dense_kernel().dtype == "float16"


# The whole --------------------------------------------------------------------------------------


def test_lenet5_counts_saves_loads_and_trains(tmp_path):
    keras.utils.set_random_seed(1)
    network = lenet5()
    counts = [layer.count_params() for layer in network.layers if layer.count_params()]
    assert counts == [156, 12, 1_516, 32, 48_120, 10_164]
    assert network.count_params() == 60_000

    bitmaps = (lenet.DIGIT_CODES.reshape(10, 12, 7) > 0) * np.uint8(255)
    images = lenet.prepare(np.pad(bitmaps.repeat(2, 1).repeat(4, 2), ((0, 0), (2, 2), (0, 0))))
    labels = np.arange(10)
    network.compile(
        keras.optimizers.Adam(0.003), lenet.MAPLoss(7), metrics=[lenet.nearest_code_accuracy]
    )
    before = network.evaluate(images, labels, verbose=0)[0]
    frozen = network.layers[3].dense_kernel().numpy() == 0
    network.fit(images, labels, epochs=40, verbose=0)
    after, accuracy = network.evaluate(images, labels, verbose=0)
    assert after < before / 3
    assert accuracy == 1
    assert (network.layers[3].dense_kernel().numpy()[frozen] == 0).all()
    assert frozen.sum() == 2_400 - 1_500

    network.save(tmp_path / "lenet5.keras")
    loaded = keras.saving.load_model(tmp_path / "lenet5.keras", safe_mode=True)
    close(loaded.predict(images, verbose=0), network.predict(images, verbose=0))
    assert loaded.loss.j == 7
    assert loaded.evaluate(images, labels, verbose=0) == pytest.approx([after, accuracy], rel=1e-4)
    loaded.fit(images, labels, verbose=0)


@pytest.mark.parametrize(
    "thing",
    [
        lenet.Subsampling("relu", name="s"),
        lenet.TableConv2D(((1, 0), (1,)), 3, "tanh", name="t"),
        lenet.RadialBasis([[1, -1], [-1, -1]], name="r"),
        lenet.Distort(shift=1, turn=0.5, seed=3, name="d"),
    ],
)
def test_layers_come_back_from_their_config(thing):
    again = type(thing).from_config(thing.get_config())
    assert again.get_config() == thing.get_config()
    assert again.name == thing.name
    for name in ("activation", "table", "kernel_size", "most", "seed"):
        assert getattr(again, name, None) == getattr(thing, name, None)


def test_what_is_left_to_the_defaults():
    assert lenet.MAPLoss().name == "map_loss"
    assert lenet.Distort().most == {
        "shift": 2,  # pixels
        "scale": 0.1,
        "squeeze": 0.1,
        "shear": 0.15,
        "turn": 0.1,
    }


# Wrong use --------------------------------------------------------------------------------------


def wrong(what, *parts):
    """what() is a ValueError whose message has all parts."""
    with pytest.raises(ValueError, match=re.escape(parts[0])) as caught:
        what()
    assert all(part in str(caught.value) for part in parts), caught.value


@pytest.mark.parametrize(
    ("table", "parts"),
    [
        (((0, 1, 2), (3, 4)), ("reads input map 5", "1 unused")),
        ((*lenet.C3_TABLE, (6,)), ("names input map 6", "6 maps, 0 to 5")),
    ],
)
def test_a_table_that_does_not_fit_the_input(table, parts):
    wrong(lambda: lenet.TableConv2D(table).build((None, 14, 14, 6)), *parts)


@pytest.mark.parametrize(
    "table", [(), ((),), ((0, 0),), ((0, -1),), ((0.5,),), (("a",),), 3, (1, 2), ((True,),)]
)
def test_a_table_that_is_none(table):
    wrong(lambda: lenet.TableConv2D(table), "table", "C3_TABLE")


@pytest.mark.parametrize(
    ("layer", "shape", "part"),
    [
        (lenet.Subsampling(), (None, 13, 14, 6), "13x14"),
        (lenet.Subsampling(), (None, 14, 13, 6), "14x13"),
        (lenet.Subsampling(), (None, 14, 14), "(N, 14, 14)"),
        (lenet.TableConv2D(), (None, 4, 14, 6), "4x14"),
        (lenet.TableConv2D(), (None, 84), "(N, 84)"),
        (lenet.TableConv2D(), (None, None, 14, 6), "(N, N, 14, 6)"),
        (lenet.RadialBasis(), (None, 83), "(N, 83)"),
        (lenet.RadialBasis(), (None, 1, 1, 84), "(N, 84)"),
        (lenet.Distort(), (None, 32, 32), "(N, 32, 32)"),
        (lenet.Distort(), (None, 8, 32, 32, 1), "(N, 8, 32, 32, 1)"),
    ],
)
def test_a_shape_that_does_not_fit(layer, shape, part):
    wrong(lambda: layer.build(shape), type(layer).__name__, "expected", part)


@pytest.mark.parametrize(
    ("codes", "part"),
    [
        (np.eye(10), "2 * bitmap - 1"),
        (np.where(np.eye(3) > 0, np.nan, 1), "nan in row 0, place 0"),
        (np.ones((2, 84)), "rows 0 and 1 are the same"),
        (CODES.reshape(10, 12, 7), "(10, 12, 7)"),
        ([], "(0,)"),
    ],
)
def test_codes_that_are_none(codes, part):
    wrong(lambda: lenet.RadialBasis(codes), "RadialBasis", "expected", part)


@pytest.mark.parametrize("size", [0, 2.5, "5", (5, 5)])
def test_a_kernel_size_that_is_none(size):
    wrong(lambda: lenet.TableConv2D(kernel_size=size), "kernel_size", "whole number")


@pytest.mark.parametrize("j", [0, -1, float("nan"), "ten", None, [1.0]])
def test_a_constant_that_is_none(j):
    wrong(lambda: lenet.MAPLoss(j), "MAPLoss(j=", "above 0")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"shift": -1}, "in pixels."),
        ({"shift": float("inf")}, "in pixels."),
        ({"turn": 1.5}, "less than 1."),
        ({"shear": 1}, "less than 1."),
        ({"scale": float("nan")}, "less than 1."),
    ],
)
def test_a_distortion_that_is_none(settings, told):
    name = f"Distort({next(iter(settings))}"
    wrong(lambda: lenet.Distort(**settings), name, "expected 0 or", told)


def test_one_hot_labels_are_refused():
    wrong(lambda: lenet.DistanceLoss()(np.eye(10)[:4], np.ones((4, 10))), "argmax", "(4, 10)")


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros((1, 28, 28)),
        np.zeros((1, 28, 28), bool),
        np.zeros((1, 32, 32), np.uint8),
    ],
)
def test_images_that_are_not_digits(images):
    wrong(lambda: lenet.prepare(images), "(N, 28, 28), uint8", str(images.shape))
