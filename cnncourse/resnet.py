"""A small residual network for photographs of 32×32 pixels, and what trains it in little time.

Images are `(batch, height, width, channels)`, their pixels from 0 to 255, of ten classes.
A saved network loads again, in safe mode, once this module has been imported.

Sources: K. Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", 2024, arXiv:2404.00498 (the
whitened first layer, the flips in turns, the order of a block's layers); He and others, 2015,
arXiv:1512.03385 (the sum); Ioffe and Szegedy, 2015, arXiv:1502.03167 (batch normalisation);
K. Jordan and others, "Muon: An optimizer for hidden layers in neural networks", 2024.
"""

import math
from collections.abc import Sequence
from numbers import Integral

import keras
import numpy as np
import scipy.special
import tensorflow as tf
from keras import layers

__all__ = [
    "BatchNorm",
    "Muon",
    "OneCycle",
    "Whitening",
    "build",
    "cut_out",
    "log_probabilities",
    "moved",
    "orthogonal",
    "resized",
    "train",
    "whitening_filters",
]

Array = np.ndarray

BATCH = 250  # images a step, unless said otherwise
FILTERS = 16  # of the whitened first layer; their negatives are used too


# The network ------------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("cnncourse")
class BatchNorm(layers.BatchNormalization):
    """`keras.layers.BatchNormalization` over the last axis of maps, in one operation of TensorFlow.

    The same numbers for less processor time: Keras computes mean, variance and result in operations
    of their own, each of which reads all maps again.
    """

    def call(self, inputs, training=None, mask=None):
        learns = bool(training) and self.trainable
        kept = {} if learns else {"mean": self.moving_mean, "variance": self.moving_variance}
        maps, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma, self.beta, epsilon=self.epsilon, is_training=learns, **kept
        )
        if learns:
            for moving, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
                moving.assign(self.momentum * moving + (1 - self.momentum) * now)
        return maps


@keras.saving.register_keras_serializable("cnncourse")
class Whitening(layers.Layer):
    """A first convolution whose filters are given and stay; it learns a bias alone.

    filters: (k, k, 3, maps), see :func:`whitening_filters`. Stride 1, padding "same".
    """

    def __init__(self, filters, **options):
        super().__init__(**options)
        self.filters = np.asarray(filters, "float32")
        if self.filters.ndim != 4:
            raise ValueError(
                f"filters have the shape {self.filters.shape}; expected (k, k, channels, maps)."
            )

    def build(self, input_shape):
        self.kernel = self.add_weight(
            shape=self.filters.shape, initializer="zeros", trainable=False, name="kernel"
        )
        self.kernel.assign(self.filters)
        self.bias = self.add_weight(shape=self.filters.shape[-1:], initializer="zeros", name="bias")

    def call(self, images):
        return tf.nn.bias_add(tf.nn.conv2d(images, self.kernel, 1, "SAME"), self.bias)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filters.shape[-1])

    def get_config(self):
        return super().get_config() | {"filters": self.filters.tolist()}


def whitening_filters(images: Array, side: int = 3, number: int = 16, least: float = 0.01):
    """Filters under which the patches of images become uncorrelated, and their negatives.

    The patches of `side`×`side` pixels have a covariance matrix with eigenvectors `e` and
    eigenvalues `v`; a filter is `e / sqrt(v + least)`, so that its answer to a patch has about the
    variance 1, and two filters' answers are uncorrelated. The `number` filters of the largest
    eigenvalues come first, then their negatives, since ReLU drops what is below 0.

    Returns (side, side, channels, 2 * number). Raises ValueError where there are fewer filters.
    """
    images = np.asarray(images, "float64")
    if images.ndim != 4:
        raise ValueError(f"images have the shape {images.shape}; expected (N, height, width, 3).")
    channels = images.shape[-1]
    size = side * side * channels
    if not 1 <= number <= size:
        raise ValueError(
            f"number is {number}; patches of {side}×{side} pixels with {channels} channels have 1 "
            f"to {size} filters."
        )
    windows = np.lib.stride_tricks.sliding_window_view(images, (side, side), axis=(1, 2))
    patches = windows[:, ::2, ::2].transpose(0, 1, 2, 4, 5, 3).reshape(-1, size)
    values, vectors = np.linalg.eigh(np.cov(patches, rowvar=False))
    filters = (vectors / np.sqrt(values + least))[:, ::-1][:, :number]
    filters = filters.reshape(side, side, channels, number).astype("float32")
    return np.concatenate([filters, -filters], axis=-1)


def build(
    images: Array,
    widths: Sequence[int] = (32, 64, 128),
    *,
    whitened: bool = True,
    normalized: bool = True,
    residual: bool = True,
    pooling: str = "max",
) -> keras.Model:
    """Build a network for ten classes; it gives logits.

    images: some training images, (N, height, width, channels) of pixels 0 to 255, from which the
    first layers take mean, variance and filters. widths: maps in each of the blocks. Each block is
    a convolution of 3×3, max pooling of 2, batch normalisation and ReLU, and then a residual part
    of the same width; their convolutions are named "block1_first", "block1_second" and so on.
    Images of any size go, since the last maps are pooled whole.

    `whitened=False` learns the first layer, `normalized=False` leaves batch normalisation out,
    `residual=False` the sum, and `pooling` is "max" or "mean", over the whole of the last maps.
    """
    pools = {"max": layers.GlobalMaxPooling2D, "mean": layers.GlobalAveragePooling2D}
    if pooling not in pools:
        raise ValueError(f"pooling is {pooling!r}; expected 'max' or 'mean'.")

    def convolved(maps, width, name, pool=1):
        options = {"use_bias": not normalized, "kernel_initializer": "he_normal", "name": name}
        maps = layers.Conv2D(width, 3, padding="same", **options)(maps)
        if pool > 1:
            maps = layers.MaxPooling2D(pool)(maps)
        if normalized:
            maps = BatchNorm(momentum=0.9)(maps)
        return layers.ReLU()(maps)

    mean, variance = np.mean(images, (0, 1, 2)), np.var(images, (0, 1, 2))
    pixels = keras.Input((None, None, images.shape[-1]))
    maps = layers.Normalization(mean=mean, variance=variance)(pixels)
    if whitened:
        number = min(FILTERS, 9 * images.shape[-1])
        filters = whitening_filters((images - mean) / np.sqrt(variance), number=number)
        maps = layers.ReLU()(Whitening(filters, name="whitening")(maps))
    else:
        maps = convolved(maps, 2 * FILTERS, "first")
    for block, width in enumerate(widths, start=1):
        maps = convolved(maps, width, f"block{block}_first", pool=2)
        more = convolved(maps, width, f"block{block}_second")
        maps = layers.Add()([maps, more]) if residual else more
    maps = pools[pooling]()(maps)
    logits = layers.Dense(10, use_bias=False, kernel_initializer="lecun_normal")(maps)
    scale = 0.25 if pooling == "max" else 1.0
    return keras.Model(pixels, layers.Rescaling(scale, dtype="float32")(logits))


# Its training -----------------------------------------------------------------------------------


@keras.saving.register_keras_serializable("cnncourse")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate of each step: up from a fifth of `peak` to `peak`, then down to 0.

    steps: all steps of the training. top: which share of them leads up. Two straight lines, after
    L. Smith and N. Topin, "Super-Convergence", 2017, arXiv:1708.07120.
    """

    def __init__(self, peak: float, steps: int, top: float = 0.23):
        if not (isinstance(steps, Integral) and steps >= 1):
            raise ValueError(f"steps is {steps!r}; expected how many steps the training has.")
        if not 0 < top < 1:
            raise ValueError(f"top is {top!r}; expected a share between 0 and 1.")
        self.peak, self.steps, self.top = float(peak), int(steps), float(top)

    def __call__(self, step):
        done = keras.ops.cast(step, "float32") / self.steps
        up = 0.2 + 0.8 * done / self.top
        down = (1 - done) / (1 - self.top)
        return self.peak * keras.ops.maximum(keras.ops.minimum(up, down), 0.0)

    def get_config(self):
        return {"peak": self.peak, "steps": self.steps, "top": self.top}


def orthogonal(matrix: tf.Tensor, rounds: int = 3) -> tf.Tensor:
    """The matrix with all its singular values brought near 1, the directions kept.

    Newton-Schulz iteration: `X <- aX + (bA + cA²)X` with `A = XXᵀ`, from the matrix over its norm.
    The coefficients are those of Muon (K. Jordan and others, 2024), which leave the singular values
    between about 0.7 and 1.2 and get there fast.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix / (tf.norm(matrix) + 1e-7)
    tall = x.shape[0] > x.shape[1]
    x = tf.transpose(x) if tall else x
    for _ in range(rounds):
        square = tf.matmul(x, x, transpose_b=True)
        x = a * x + tf.matmul(b * square + c * tf.matmul(square, square), x)
    return tf.transpose(x) if tall else x


@keras.saving.register_keras_serializable("cnncourse")
class Muon(keras.optimizers.SGD):
    """Muon for the kernels of convolutions, gradient descent with Nesterov momentum for the rest.

    A kernel of shape (k, k, channels, maps) is a matrix of k·k·channels rows and one column a map.
    Each step first brings it to the length `sqrt(maps)` (where batch normalisation follows, length
    does not matter), then subtracts `learning_rate` times :func:`orthogonal` of its momentum:
    each direction moves equally far, however small its part of the gradient.

    rest: what the learning rate is multiplied with for biases, batch normalisation and dense
    layers; `inertia`: the momentum of kernels. keras.optimizers.Muon takes matrices alone.
    """

    def __init__(
        self, learning_rate, rest=2.7, inertia=0.6, momentum=0.9, nesterov=True, name="muon", **more
    ):
        super().__init__(learning_rate, momentum=momentum, nesterov=nesterov, name=name, **more)
        self.rest, self.inertia = rest, inertia

    def update_step(self, gradient, variable, learning_rate):
        if len(variable.shape) != 4:
            super().update_step(gradient, variable, self.rest * learning_rate)
            return
        momentum = self.momentums[self._get_variable_index(variable)]
        momentum.assign(self.inertia * momentum + gradient)
        maps = variable.shape[-1]
        ahead = tf.reshape(gradient + self.inertia * momentum, (-1, maps))
        length = variable * (maps**0.5 / tf.norm(variable))
        variable.assign(length - learning_rate * tf.reshape(orthogonal(ahead), variable.shape))

    def get_config(self):
        return super().get_config() | {"rest": self.rest, "inertia": self.inertia}


def train(
    network: keras.Model,
    images: Array,
    labels: Array,
    sides: Sequence[int],
    *,
    seed: int,
    optimizer: keras.Optimizer | None = None,
    batch: int = BATCH,
    smoothing: float = 0.1,
    shift: int = 1,
    flips: str = "in turns",
    cutout: int = 0,
) -> list[dict[str, float]]:
    """Train a network that gives logits, for one epoch on images of each of `sides` pixels.

    images: (N, side, side, channels), pixels 0 to 255. labels: (N,) whole numbers from 0 to 9.
    optimizer: by default Muon with one cycle that ends with the last step. smoothing: the share of
    the truth that all classes get alike. shift, cutout: see :func:`moved` and :func:`cut_out`, in
    pixels of the full size. flips: "in turns" (each image is mirrored in every other epoch), "by
    chance" or "never".

    Returns loss and accuracy of each epoch, on the images as they were moved.
    """
    if flips not in ("in turns", "by chance", "never"):
        raise ValueError(f"flips is {flips!r}; expected 'in turns', 'by chance' or 'never'.")
    steps = len(sides) * math.ceil(len(images) / batch)
    network.compile(
        optimizer or Muon(OneCycle(0.15, steps)),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing),
        metrics=["accuracy"],
    )
    random = np.random.default_rng(seed)
    truth = np.eye(10, dtype="float32")[labels]
    flipped = random.random(len(images)) < 0.5
    found = []
    for side in sides:
        near, square = (math.ceil(n * side / images.shape[1]) for n in (shift, cutout))
        small = resized(images, side)
        epoch = moved(small, None if flips == "never" else flipped, near, random)
        epoch = cut_out(epoch, square, random) if cutout else epoch
        history = network.fit(epoch, truth, batch_size=batch, verbose=0).history
        found.append({name: values[0] for name, values in history.items()})
        flipped = ~flipped if flips == "in turns" else random.random(len(images)) < 0.5
    return found


def log_probabilities(network: keras.Model, images: Array, mirrored: bool = False) -> Array:
    """Log-probabilities of the ten classes; `mirrored`: their mean over an image and its mirror."""
    found = scipy.special.log_softmax(network.predict(images, batch_size=500, verbose=0), axis=1)
    if mirrored:
        found = (found + log_probabilities(network, images[:, :, ::-1])) / 2
    return found


# Its images -------------------------------------------------------------------------------------


def resized(images: Array, side: int) -> Array:
    """Images of `side`×`side` pixels, each the mean of those it covers. (N, side, side, 3)."""
    if not (isinstance(side, Integral) and side >= 1):
        raise ValueError(f"side is {side!r}; expected a number of pixels.")
    if images.shape[1:3] == (side, side):
        return images
    parts = [
        tf.image.resize(images[start : start + 5_000], (side, side), method="area").numpy()
        for start in range(0, len(images), 5_000)
    ]
    return np.concatenate(parts)


def moved(images: Array, flips: Array | None, shift: int, random: np.random.Generator) -> Array:
    """Each image shifted by up to `shift` pixels down or across, and mirrored where `flips` is so.

    What enters at an edge is mirrored from inside. flips: (N,) of truth values, or None.
    """
    if not (isinstance(shift, Integral) and 0 <= shift < images.shape[1]):
        raise ValueError(f"shift is {shift!r}; expected 0 to {images.shape[1] - 1} pixels.")
    height, width = images.shape[1:3]
    edge = ((0, 0), (shift, shift), (shift, shift), (0, 0))
    wide = np.pad(images, edge, mode="reflect")
    places = random.integers(0, 2 * shift + 1, (2, len(images)))
    result = np.empty_like(images)
    for down in range(2 * shift + 1):
        for across in range(2 * shift + 1):
            here = np.flatnonzero((places[0] == down) & (places[1] == across))
            result[here] = wide[here, down : down + height, across : across + width]
    if flips is not None:
        result[flips] = result[flips][:, :, ::-1]
    return result


def cut_out(images: Array, square: int, random: np.random.Generator) -> Array:
    """Each image with a square of `square` pixels, at a place of its own, in the mean colour.

    The centre lies anywhere in the image, so that part of the square may lie outside of it.
    Source: DeVries and Taylor, 2017, arXiv:1708.04552.
    """
    height, width = images.shape[1:3]
    if not (isinstance(square, Integral) and 1 <= square <= min(height, width)):
        raise ValueError(f"square is {square!r}; expected 1 to {min(height, width)} pixels.")
    rows, columns = (random.integers(0, n, (len(images), 1)) - square // 2 for n in (height, width))
    down, across = np.arange(height) - rows, np.arange(width) - columns
    covered = ((down >= 0) & (down < square))[:, :, None] & ((across >= 0) & (across < square))[
        :, None, :
    ]
    colour = images.mean(axis=(0, 1, 2)).astype(images.dtype)
    return np.where(covered[..., None], colour, images)
