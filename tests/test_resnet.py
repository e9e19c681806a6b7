"""cnncourse.resnet: layers, optimizer and images against plain NumPy and Keras, and wrong use."""

import re
import types

from cnncourse import resnet

import numpy as np
import pytest

keras = pytest.importorskip("keras")

PIXELS = np.random.default_rng(9).integers(0, 256, (300, 12, 12, 3), dtype=np.uint8)


def random_array(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def close(found, expected, atol=1e-4):
    found = keras.ops.convert_to_numpy(found)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=atol)


# Layers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("trainable", [True, False])
def test_batch_norm_is_that_of_keras(trainable):
    maps = 3 + 2 * random_array(1, 8, 5, 5, 4)
    ours, theirs = resnet.BatchNorm(momentum=0.8), keras.layers.BatchNormalization(momentum=0.8)
    for layer in (ours, theirs):
        layer.build(maps.shape)
        layer.set_weights([random_array(seed, 4) ** 2 for seed in range(4)])
        layer.trainable = trainable
    before = ours.get_weights()
    close(ours(maps), theirs(maps), atol=1e-3)
    close(ours(maps, training=True), theirs(maps, training=True), atol=1e-3)
    close(ours.moving_mean, theirs.moving_mean)
    if trainable:  # a variance from n numbers: TensorFlow's operation divides by n - 1
        expected = 0.8 * before[3] + 0.2 * maps.var((0, 1, 2), ddof=1)
        close(ours.moving_variance, expected)
    else:
        close(ours.moving_variance, before[3])


def test_batch_norm_learns_as_that_of_keras():
    import tensorflow as tf

    maps, wanted = tf.constant(random_array(1, 8, 5, 5, 4)), random_array(2, 8, 5, 5, 4)
    found = []
    for layer in (resnet.BatchNorm(), keras.layers.BatchNormalization()):
        with tf.GradientTape() as tape:
            tape.watch(maps)
            loss = tf.reduce_sum(wanted * layer(maps, training=True))
        found.append(tape.gradient(loss, [maps, layer.gamma, layer.beta]))
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs, atol=1e-3)


def test_whitened_patches_are_uncorrelated_and_of_variance_1():
    images = random_array(3, 200, 12, 12, 3)
    images = images + np.roll(images, 1, axis=1) + images.mean(-1, keepdims=True)
    filters = resnet.whitening_filters(images, number=27, least=0)
    answers = np.array(resnet.Whitening(filters)(images))[:, 1:-1:2, 1:-1:2].reshape(-1, 54)
    close(np.cov(answers[:, :27], rowvar=False), np.eye(27), atol=0.03)
    close(answers[:, 27:], -answers[:, :27])


def test_the_first_filters_answer_to_what_varies_most():
    grey = random_array(4, 200, 12, 12, 1) * 10 + random_array(5, 200, 12, 12, 3)
    filters = resnet.whitening_filters(grey, number=9, least=0)[..., :9]
    assert abs(filters.sum(2)).sum() > 3 * abs(filters.std(2)).sum(), "all channels alike"


def test_whitening_keeps_its_filters_and_learns_a_bias():
    layer = resnet.Whitening(resnet.whitening_filters(PIXELS / 255, number=5))
    layer.build((None, None, None, 3))
    assert [tuple(w.shape) for w in layer.trainable_weights] == [(10,)]
    assert layer.compute_output_shape((None, 32, 32, 3)) == (None, 32, 32, 10)


# The network ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "weights"),
    [
        # 32 biases; blocks: 9 in out + 9 out out, and 4 out of batch normalisation; 10 widths[-1]
        ({}, 32 + 9 * (32 * 8 + 8 * 8 + 8 * 16 + 16 * 16) + 4 * (8 + 16) + 160),
        ({"residual": False, "pooling": "mean"}, 32 + 9 * (256 + 64 + 128 + 256) + 96 + 160),
        ({"whitened": False}, 27 * 32 + 64 + 9 * (256 + 64 + 128 + 256) + 96 + 160),
        ({"normalized": False}, 32 + 9 * (256 + 64 + 128 + 256) + 48 + 160),
    ],
)
def test_parameters_by_hand(options, weights):
    network = resnet.build(PIXELS, (8, 16), **options)
    assert sum(int(np.prod(w.shape)) for w in network.trainable_weights) == weights
    for side in (12, 16):
        assert network(np.zeros((2, side, side, 3))).shape == (2, 10)


def test_names_of_convolutions_do_not_hang_on_what_was_built_before():
    for _ in range(2):
        names = [layer.name for layer in resnet.build(PIXELS, (4, 8)).layers if layer.weights]
        assert [name for name in names if "norm" not in name and "dense" not in name] == [
            "whitening",
            *(f"block{block}_{place}" for block in (1, 2) for place in ("first", "second")),
        ]


def test_in_16_bits_it_answers_nearly_alike_and_learns():
    keras.utils.set_random_seed(1)
    usual = resnet.build(PIXELS, (8, 16))
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = resnet.build(PIXELS, (8, 16))
    finally:
        keras.config.set_dtype_policy(before)
    network.set_weights(usual.get_weights())
    assert {weight.dtype for weight in network.weights} == {"float32"}
    assert [layer.output.dtype for layer in network.layers][-3:-1] == ["bfloat16"] * 2
    for training in (False, True):
        logits = network(PIXELS.astype("float32"), training=training)
        expected = usual(PIXELS.astype("float32"), training=training).numpy()
        assert logits.dtype == "float32"
        assert np.corrcoef(np.ravel(logits), expected.ravel())[0, 1] > 0.99
    labels = np.arange(300) % 2
    bright = PIXELS // 2 + 100 * labels[:, None, None, None].astype("uint8")
    log = resnet.train(network, bright, labels, (12,) * 4, seed=1, batch=50)
    assert log[-1]["accuracy"] > 0.9


def test_three_blocks_unless_said_otherwise():
    widths = [w.shape[-1] for w in resnet.build(PIXELS).trainable_weights if len(w.shape) == 4]
    assert widths == [32, 32, 64, 64, 128, 128]


def test_what_is_below_0_goes_no_further_than_the_first_layer():
    network = resnet.build(PIXELS, (8,))
    first = next(layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D))
    maps = keras.Model(network.input, first.input)(PIXELS.astype("float32")).numpy()
    assert maps.min() == 0 < maps.max()
    answers = network.layers[2](network.layers[1](PIXELS.astype("float32"))).numpy()
    close(maps, np.maximum(answers, 0))


@pytest.mark.parametrize(("pooling", "scale"), [("max", 0.25), ("mean", 1.0)])
def test_the_logits_of_a_maximum_are_scaled_down(pooling, scale):
    network = resnet.build(PIXELS, (8,), pooling=pooling)
    dense = next(layer for layer in network.layers if isinstance(layer, keras.layers.Dense))
    pooled, logits = keras.Model(network.input, [dense.input, network.output])(
        PIXELS.astype("float32")
    )
    close(logits, scale * pooled.numpy() @ dense.kernel.numpy())


def test_the_residual_part_is_added():
    network = resnet.build(PIXELS, (8,))
    plain = resnet.build(PIXELS, (8,), residual=False)
    plain.set_weights(network.get_weights())
    scales = [w for w in network.weights if "gamma" in w.path]
    scales[-1].assign(np.zeros(8))  # the residual part gives 0: the block passes its input on
    assert np.ptp(np.array(network(PIXELS[:8].astype("float32"))), axis=0).min() > 0
    [w for w in plain.weights if "gamma" in w.path][-1].assign(np.zeros(8))
    assert np.ptp(np.array(plain(PIXELS[:8].astype("float32"))), axis=0).max() == 0


def test_a_trained_network_is_saved_and_loaded(tmp_path):
    network = resnet.build(PIXELS, (8, 16))
    network.compile(
        resnet.Muon(resnet.OneCycle(0.1, 10)),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
    )
    labels = np.eye(10)[PIXELS[:, 6, 6, 0] // 26]
    network.fit(PIXELS.astype("float32"), labels, batch_size=60, epochs=2, verbose=0)
    network.save(tmp_path / "network.keras")
    again = keras.models.load_model(tmp_path / "network.keras")
    close(again(PIXELS.astype("float32")), np.array(network(PIXELS.astype("float32"))))
    assert again.optimizer.get_config() == network.optimizer.get_config()


# Its training -----------------------------------------------------------------------------------


def test_the_rate_goes_up_and_down_in_two_lines():
    rate = resnet.OneCycle(0.4, 100, top=0.25)
    found = [float(rate(step)) for step in (0, 5, 25, 50, 75, 99, 100, 120)]
    expected = [0.08, 0.144, 0.4, 0.4 * 2 / 3, 0.4 / 3, 0.4 / 75, 0, 0]
    assert found == pytest.approx(expected, abs=1e-6)
    assert float(resnet.OneCycle(0.4, 1)(0)) == pytest.approx(0.08)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 6)])
def test_orthogonal_changes_singular_values_alone(shape):
    matrix = random_array(1, *shape)
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    values = values / np.linalg.norm(values)
    for _ in range(3):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    close(resnet.orthogonal(matrix), (left * values) @ right)


def test_orthogonal_brings_singular_values_near_1():
    matrix = random_array(1, 32, 288)
    values = np.linalg.svd(np.array(resnet.orthogonal(matrix, rounds=5)), compute_uv=False)
    assert 0.6 < values.min() < values.max() < 1.3


def test_muon_steps_by_hand():
    kernel = keras.Variable(random_array(1, 3, 3, 2, 4))
    bias = keras.Variable(random_array(2, 4))
    optimizer = resnet.Muon(0.1, rest=2.0, inertia=0.6, momentum=0.9)
    optimizer.build([kernel, bias])
    k, b, mk, mb = kernel.numpy(), bias.numpy(), 0, 0
    for step in range(3):
        gk, gb = random_array(step, 3, 3, 2, 4), random_array(step + 9, 4)
        optimizer.apply([gk, gb])
        mk = 0.6 * mk + gk
        ahead = np.array(resnet.orthogonal((gk + 0.6 * mk).reshape(18, 4))).reshape(k.shape)
        k = k * 2 / np.linalg.norm(k) - 0.1 * ahead
        mb = 0.9 * mb - 0.2 * gb
        b = b + 0.9 * mb - 0.2 * gb
        close(kernel, k)
        close(bias, b)


def test_training_learns_what_can_be_learned_and_gives_its_log():
    labels = (PIXELS[:, 4:8, 4:8].mean((1, 2, 3)) > 127).astype(int)
    images = np.where(labels[:, None, None, None] > 0, PIXELS // 2 + 120, PIXELS // 2)
    network = resnet.build(images, (8, 16))
    keras.utils.set_random_seed(1)
    log = resnet.train(network, images, labels, (8, 12, 12), seed=1, batch=30)
    assert [sorted(epoch) for epoch in log] == [["accuracy", "loss"]] * 3
    assert log[-1]["loss"] < log[0]["loss"]
    assert (resnet.log_probabilities(network, images).argmax(1) == labels).mean() > 0.95
    assert int(network.optimizer.iterations) == 30
    assert float(network.optimizer.learning_rate.numpy()) == pytest.approx(0, abs=1e-6)


def test_what_each_epoch_is_trained_on(monkeypatch):
    network = resnet.build(PIXELS, (8,))
    seen = []
    labels = np.arange(300) % 10

    def fit(images, truth, **options):
        seen.append((images, truth))
        return keras.callbacks.History()

    monkeypatch.setattr(network, "fit", fit)
    for flips in ("in turns", "by chance", "never"):
        resnet.train(network, PIXELS, labels, (12, 12, 6), seed=1, shift=0, flips=flips)
    assert [images.shape[1] for images, _ in seen] == [12, 12, 6] * 3
    assert all((truth.argmax(1) == labels).all() for _, truth in seen)

    def mirrored(images):
        return (images == PIXELS[:, :, ::-1]).all((1, 2, 3))

    assert (mirrored(seen[0][0]) == ~mirrored(seen[1][0])).all(), "in turns"
    assert 0.4 < mirrored(seen[0][0]).mean() < 0.6
    assert 0.3 < (mirrored(seen[3][0]) == mirrored(seen[4][0])).mean() < 0.7, "by chance"
    assert not mirrored(seen[6][0]).any(), "never"


def test_log_probabilities_of_an_image_and_its_mirror():
    network = resnet.build(PIXELS, (8,))
    plain = resnet.log_probabilities(network, PIXELS)
    np.testing.assert_allclose(np.exp(plain).sum(1), 1, rtol=1e-5)
    other = resnet.log_probabilities(network, PIXELS[:, :, ::-1])
    both = resnet.log_probabilities(network, PIXELS, mirrored=True)
    close(both, (plain + other) / 2)


def test_grey_images_go_too():
    grey = PIXELS[..., :1]
    assert resnet.build(grey, (8,))(grey.astype("float32")).shape == (300, 10)


# Its images -------------------------------------------------------------------------------------


def test_resized_is_the_mean_of_the_covered():
    close(resnet.resized(PIXELS, 6), PIXELS.reshape(300, 6, 2, 6, 2, 3).mean((2, 4)))
    rows = PIXELS[0, :4, 0, 0].astype(float)  # 12 pixels to 9: one covers a pixel and a third
    found = resnet.resized(PIXELS[:1, :, :1].repeat(12, 2), 9)[0, :3, 0, 0]
    close(
        found,
        [
            (rows[0] + rows[1] / 3) * 3 / 4,
            (rows[1] * 2 + rows[2] * 2) / 4,
            (rows[2] / 3 + rows[3]) * 3 / 4,
        ],
        atol=1e-2,
    )
    assert resnet.resized(PIXELS, 12) is PIXELS


def test_moved_images_are_shifted_as_far_as_said_and_mirrored_where_asked():
    flips = np.arange(300) % 2 == 0
    found = resnet.moved(PIXELS, flips, 2, np.random.default_rng(1))
    wide = np.pad(PIXELS, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="reflect")
    seen = set()
    for image, flip, padded in zip(found, flips, wide, strict=True):
        image = image[:, ::-1] if flip else image
        places = [
            (i, j)
            for i in range(5)
            for j in range(5)
            if (padded[i : i + 12, j : j + 12] == image).all()
        ]
        assert len(places) == 1
        seen.update(places)
    assert len(seen) == 25, "every place is taken"
    assert found.dtype == PIXELS.dtype
    still = resnet.moved(PIXELS, None, 0, np.random.default_rng(1))
    assert (still == PIXELS).all()
    assert still is not PIXELS


def test_a_square_of_each_image_takes_the_mean_colour():
    images = np.full((400, 12, 12, 3), 9, "uint8") + (np.arange(400) % 2)[:, None, None, None]
    images = (images * [1, 2, 3]).astype("uint8")
    found = resnet.cut_out(images, 4, np.random.default_rng(1))
    covered = (found == [9, 19, 28]).all(axis=-1) & (images != [9, 19, 28]).any(axis=-1)
    assert ((found == images).all(axis=-1) | covered).all(), "the rest is as it was"
    shapes = set()
    for where in covered:
        rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
        assert where.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1), "one rectangle, filled"
        shapes.add((len(rows), len(columns)))
    assert shapes == {(i, j) for i in (2, 3, 4) for j in (2, 3, 4)}, "whole, or cut by an edge"
    assert covered.any(axis=0).all(), "every place is covered in some image"
    assert found.dtype == images.dtype
    assert covered.mean() < 0.12
    assert (images == resnet.cut_out(images, 4, np.random.default_rng(1))).mean() > 0.88
    corner = types.SimpleNamespace(integers=lambda low, high, size: np.zeros(size, int))
    hidden = (images != resnet.cut_out(images, 4, corner)).any(axis=-1)
    assert np.argwhere(hidden.any(axis=0)).max() == 1, "the square's middle is at the drawn pixel"


def test_training_cuts_out_in_proportion_to_the_side(monkeypatch):
    asked = []

    def noted(images, square, random):
        asked.append((images.shape[1], square))
        return images

    monkeypatch.setattr(resnet, "cut_out", noted)
    network = resnet.build(PIXELS, (4,))
    labels = np.arange(len(PIXELS)) % 10
    resnet.train(network, PIXELS, labels, (6, 12), seed=1, cutout=4)
    assert asked == [(6, 2), (12, 4)]


# Wrong use --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: resnet.build(PIXELS, pooling="min"), "pooling is 'min'; expected 'max' or 'mean'"),
        (lambda: resnet.whitening_filters(PIXELS, number=28), "number is 28; patches of 3×3"),
        (lambda: resnet.whitening_filters(PIXELS[0]), r"shape \(12, 12, 3\); expected \(N, height"),
        (lambda: resnet.Whitening(np.zeros((3, 3))), r"shape \(3, 3\); expected \(k, k"),
        (lambda: resnet.OneCycle(0.1, 0), "steps is 0; expected how many steps"),
        (lambda: resnet.OneCycle(0.1, 10, top=1.5), "top is 1.5; expected a share"),
        (
            lambda: resnet.train(None, PIXELS, None, (8,), seed=1, flips="always"),
            "flips is 'always'; expected 'in turns', 'by chance' or 'never'",
        ),
        (lambda: resnet.resized(PIXELS, 0), "side is 0; expected a number of pixels"),
        (lambda: resnet.moved(PIXELS, None, 12, None), "shift is 12; expected 0 to 11 pixels"),
        (lambda: resnet.moved(PIXELS, None, -1, None), "shift is -1; expected 0 to 11 pixels"),
        (lambda: resnet.cut_out(PIXELS, 0, None), "square is 0; expected 1 to 12 pixels"),
        (lambda: resnet.cut_out(PIXELS, 13, None), "square is 13; expected 1 to 12 pixels"),
    ],
)
def test_wrong_use_is_named(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert not re.search("tensor", str(error.value), re.IGNORECASE)
