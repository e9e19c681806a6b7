"""The layers of LeNet-5 as Keras layers: subsampling that learns, a connection table, codes.

All of it follows LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document
Recognition", Proceedings of the IEEE, 1998, section II.B; the bitmaps are drawn here. Images are
`(batch, height, width, maps)`. What Keras has already (the convolutions C1 and C5, the dense layer
F6) is not here. A saved network loads again, in safe mode, once this module has been imported.
"""

from collections.abc import Sequence
from numbers import Integral, Real

import keras
import numpy as np
from keras import ops

__all__ = [
    "C3_TABLE",
    "DIGIT_CODES",
    "DistanceLoss",
    "Distort",
    "MAPLoss",
    "RadialBasis",
    "Subsampling",
    "TableConv2D",
    "nearest_code_accuracy",
    "prepare",
    "scaled_tanh",
]

BACKGROUND, FOREGROUND = -0.1, 1.175  # so that the pixels of a digit have about the mean 0

# For each of C3's 16 maps, the maps of S2 that it reads: six times three neighbours, six times
# four neighbours (the maps stand in a ring), three times four that are not, and once all six.
C3_TABLE = (
    (0, 1, 2),
    (1, 2, 3),
    (2, 3, 4),
    (3, 4, 5),
    (0, 4, 5),
    (0, 1, 5),
    (0, 1, 2, 3),
    (1, 2, 3, 4),
    (2, 3, 4, 5),
    (0, 3, 4, 5),
    (0, 1, 4, 5),
    (0, 1, 2, 5),
    (0, 1, 3, 4),
    (1, 2, 4, 5),
    (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)

# The digits 0 to 4, and below them 5 to 9: 7 cells wide, 12 high.
_DRAWN = """
    .......  .......  .......  .......  .......
    ..###..  ...##..  .#####.  #######  ....##.
    .##.##.  ..###..  ##...##  .....##  ...###.
    ##...##  .####..  ##...##  ....##.  ..####.
    ##...##  ...##..  .....##  ...##..  .##.##.
    ##...##  ...##..  ....##.  ..####.  ##..##.
    ##...##  ...##..  ...##..  .....##  #######
    ##...##  ...##..  ..##...  .....##  #######
    ##...##  ...##..  .##....  .....##  ....##.
    .##.##.  ...##..  ##.....  ##...##  ....##.
    ..###..  .######  #######  .#####.  ....##.
    .......  .......  .......  .......  .......

    .......  .......  .......  .......  .......
    #######  ..####.  #######  .#####.  .#####.
    ##.....  .##....  ##...##  ##...##  ##...##
    ##.....  ##.....  .....##  ##...##  ##...##
    ######.  ##.....  ....##.  ##...##  ##...##
    ##...##  ######.  ....##.  .#####.  ##...##
    .....##  ##...##  ...##..  ##...##  .######
    .....##  ##...##  ...##..  ##...##  .....##
    .....##  ##...##  ..##...  ##...##  .....##
    ##...##  ##...##  ..##...  ##...##  ....##.
    .#####.  .#####.  ..##...  .#####.  .####..
    .......  .......  .......  .......  .......
"""


def _codes(drawn: str) -> np.ndarray:
    """Bitmaps side by side, as an array (digits, cells) of +1 for "#" and -1 for "."."""
    blocks = [block.split("\n") for block in drawn.strip().split("\n\n")]
    digits = [
        "".join(row.split()[place] for row in block) for block in blocks for place in range(5)
    ]
    return np.array([[1 if cell == "#" else -1 for cell in digit] for digit in digits], "int8")


DIGIT_CODES = _codes(_DRAWN)  # (10, 84): the code of each digit; .reshape(10, 12, 7) are pictures
DIGIT_CODES.flags.writeable = False

_register = keras.saving.register_keras_serializable(package="cnncourse")


# The input --------------------------------------------------------------------------------------


def prepare(images: np.ndarray) -> np.ndarray:
    """Return digits as LeNet-5 takes them: (N, 32, 32, 1), float32, from -0.1 to 1.175.

    images: (N, 28, 28), uint8, 0 for the background. The background becomes -0.1, the strokes
    1.175. Two more pixels on each side let the end of a stroke lie in the middle of what the last
    convolutions see.
    """
    images = np.asarray(images)
    if images.ndim != 3 or images.shape[1:] != (28, 28) or images.dtype != np.uint8:
        raise ValueError(
            "prepare(images): expected (N, 28, 28), uint8, as data.load gives them; "
            f"found {images.shape}, {images.dtype}. One image alone needs images[None]."
        )
    scaled = BACKGROUND + (FOREGROUND - BACKGROUND) / 255 * images.astype("float32")
    edge = ((0, 0), (2, 2), (2, 2))
    return np.pad(scaled, edge, constant_values=BACKGROUND)[..., None].astype("float32")


@_register
class Distort(keras.layers.Layer):
    """Bend the images while training, each in its own way; leave them alone at test time.

    Each number is the most by which an image changes, drawn evenly between minus and plus:
    shift, in pixels, across and down; scale, of the size; squeeze, wider by so much and lower by
    as much; shear, across for each pixel down; turn, in radians. Outside lies the background.
    """

    def __init__(
        self, shift=2.0, scale=0.1, squeeze=0.1, shear=0.15, turn=0.1, seed=None, **options
    ):
        super().__init__(**options)
        self.most = {
            "shift": shift,
            "scale": scale,
            "squeeze": squeeze,
            "shear": shear,
            "turn": turn,
        }
        for name, most in self.most.items():
            if not 0 <= most < (float("inf") if name == "shift" else 1):
                raise ValueError(
                    f"Distort({name}={most}): expected 0 or more"
                    + (", in pixels." if name == "shift" else ", and less than 1.")
                )
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        _images_of("Distort", input_shape)
        self.built = True

    def call(self, images, training=False):
        """Return images of the same shape."""
        return self.distort(images) if training else images

    def distort(self, images):
        """Return the images, each under its own affine map, with straight lines kept straight."""
        _, height, width, _ = images.shape
        draw = keras.random.uniform((6, ops.shape(images)[0]), -1, 1, seed=self.generator)
        right, down, scale, squeeze, shear, turn = ops.unstack(draw, num=6)
        most = self.most
        scale, squeeze = most["scale"] * scale, most["squeeze"] * squeeze
        across, along = 1 + scale + squeeze, 1 + scale - squeeze
        cos, sin = ops.cos(most["turn"] * turn), ops.sin(most["turn"] * turn)
        shear = most["shear"] * shear
        # (x, y) of the output reads (a x + b y + c, d x + e y + f) of the input; the middle stays.
        a, b = across * cos, across * (shear * cos - sin)
        d, e = along * sin, along * (shear * sin + cos)
        x, y = (width - 1) / 2, (height - 1) / 2
        c = x - a * x - b * y + most["shift"] * right
        f = y - d * x - e * y + most["shift"] * down
        zero = ops.zeros_like(a)
        return ops.image.affine_transform(
            images,
            ops.stack([a, b, c, d, e, f, zero, zero], axis=1),
            fill_value=BACKGROUND,
            data_format="channels_last",
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | self.most | {"seed": self.seed}


# The layers -------------------------------------------------------------------------------------


@_register
def scaled_tanh(x):
    """1.7159 tanh(2x/3): takes 1 to 1 and -1 to -1, where it bends most."""
    return 1.7159 * ops.tanh(x * (2 / 3))


@_register
class Subsampling(keras.layers.Layer):
    """S2 and S4: the sum of each 2x2 window, times a weight, plus a bias, squashed.

    A map has one weight and one bias: (N, H, W, C) to (N, H/2, W/2, C), 2C parameters.
    """

    def __init__(self, activation=scaled_tanh, **options):
        super().__init__(**options)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        height, width, maps = _images_of("Subsampling", input_shape)
        if height % 2 or width % 2:
            raise ValueError(
                f"Subsampling: expected maps of even height and width; found {height}x{width}. "
                "Its windows of 2x2 must cover them: change the size of the layer before it."
            )
        # Half of the sum: where four neighbours are alike but not the same, as large as they are.
        self.weight = self.add_weight(
            name="weight", shape=(maps,), initializer=keras.initializers.Constant(0.5)
        )
        self.bias = self.add_weight(name="bias", shape=(maps,), initializer="zeros")
        self.built = True

    def call(self, maps):
        sums = 4 * ops.average_pool(maps, 2, 2, "valid", data_format="channels_last")
        return self.activation(self.weight * sums + self.bias)

    def compute_output_shape(self, input_shape):
        batch, height, width, maps = input_shape
        return batch, height // 2, width // 2, maps

    def get_config(self):
        return super().get_config() | {"activation": keras.activations.serialize(self.activation)}


@_register
class TableConv2D(keras.layers.Layer):
    """C3: a convolution whose every map reads the input maps that a table names.

    table: for each output map, the input maps that it reads. The parameters are one kernel of
    `kernel_size` squared for each entry of the table and one bias for each row: 60 * 25 + 16 =
    1,516 for C3. To compute, the kernels are put into one dense stack, zero where the table has
    no entry: on today's processors a single dense convolution is faster than many small ones.
    """

    def __init__(self, table=C3_TABLE, kernel_size=5, activation=None, **options):
        super().__init__(**options)
        self.table = _checked_table(table)
        if not isinstance(kernel_size, Integral) or kernel_size < 1:
            raise ValueError(
                f"TableConv2D(kernel_size={kernel_size!r}): expected one whole number, 1 or more."
            )
        self.kernel_size = int(kernel_size)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        height, width, maps = _images_of("TableConv2D", input_shape)
        size = self.kernel_size
        if min(height, width) < size:
            raise ValueError(
                f"TableConv2D: expected maps of {size}x{size} or more, as large as its kernels; "
                f"found {height}x{width}. Take smaller kernels, or fewer layers before this one."
            )
        read = {entry for row in self.table for entry in row}
        absent, unused = sorted(read - set(range(maps))), sorted(set(range(maps)) - read)
        if absent:
            raise ValueError(
                f"TableConv2D: the table names input map {absent[0]}; the input has {maps} maps, "
                f"0 to {maps - 1}. Correct the table, or give the layer before {absent[-1] + 1} "
                "maps."
            )
        if unused:
            raise ValueError(
                f"TableConv2D: no row of the table reads input map {unused[0]}; expected each of "
                f"the {maps} maps to be read, found {len(unused)} unused. What is computed there "
                "would be lost: add it to a row, or leave it out of the layer before."
            )
        entries = [(target, source) for target, row in enumerate(self.table) for source in row]
        # The place of each entry's kernel in the dense stack (maps in, maps out), as 0 and 1.
        places = np.zeros((len(entries), maps * len(self.table)), "float32")
        for number, (target, source) in enumerate(entries):
            places[number, source * len(self.table) + target] = 1
        self._places = places
        fan_in = np.array([size * size * len(self.table[target]) for target, _ in entries])
        limits = np.sqrt(3 / fan_in).astype("float32")

        def fill(shape, dtype=None):  # LeCun's uniform, from the numbers that each map reads
            return keras.random.uniform(shape, -1, 1, dtype=dtype) * limits

        self.kernel = self.add_weight(
            name="kernel", shape=(size, size, len(entries)), initializer=fill
        )
        self.bias = self.add_weight(name="bias", shape=(len(self.table),), initializer="zeros")
        self.maps = maps
        self.built = True

    def dense_kernel(self):
        """The stack (height, width, maps in, maps out), zero where the table has no entry."""
        size = self.kernel_size
        flat = ops.matmul(self.kernel, ops.convert_to_tensor(self._places, self.kernel.dtype))
        return ops.reshape(flat, (size, size, self.maps, len(self.table)))

    def call(self, maps):
        sums = ops.conv(maps, self.dense_kernel(), 1, "valid", data_format="channels_last")
        return self.activation(sums + self.bias)

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        less = self.kernel_size - 1
        return batch, height - less, width - less, len(self.table)

    def get_config(self):
        return super().get_config() | {
            "table": [list(row) for row in self.table],
            "kernel_size": self.kernel_size,
            "activation": keras.activations.serialize(self.activation),
        }


@_register
class RadialBasis(keras.layers.Layer):
    """The output: the squared Euclidean distance of the input to each of some fixed codes.

    codes: (classes, length), +1 or -1, no two alike. (N, length) to (N, classes); the smallest
    distance is the answer. Nothing is learned here: 0 parameters.
    """

    def __init__(self, codes=DIGIT_CODES, **options):
        super().__init__(**options)
        self.codes = _checked_codes(codes)

    def build(self, input_shape):
        length = self.codes.shape[1]
        if len(input_shape) != 2 or input_shape[1] != length:
            raise ValueError(
                f"RadialBasis: expected an input of shape (N, {length}), as long as the codes; "
                f"found {_text(input_shape)}. Put a Dense({length}) before it, or take other codes."
            )
        self.built = True

    def call(self, values):
        codes = ops.convert_to_tensor(self.codes, values.dtype)
        return ops.sum(ops.square(values[:, None, :] - codes), axis=-1)

    def compute_output_shape(self, input_shape):
        return input_shape[0], len(self.codes)

    def get_config(self):
        return super().get_config() | {"codes": self.codes.astype(int).tolist()}


# What is made small, and what is counted --------------------------------------------------------


@_register
class DistanceLoss(keras.losses.Loss):
    """The distance to the code of the right class: equation 8 of the paper.

    y_true: class numbers, (N,) or (N, 1). y_pred: distances, (N, classes).
    """

    def call(self, y_true, y_pred):
        return _distance_of(y_true, y_pred)


@_register
class MAPLoss(keras.losses.Loss):
    """The distance to the right code, and a reward for distance to the others: equation 9.

    The loss of one image with distances y and class d is y[d] + log(exp(-j) + sum(exp(-y))).
    With j > 0 it is 0 or more, as the sum holds the right class itself; exp(-j) stands for "none
    of the classes", and keeps the loss from pushing away codes that are further off than j.
    """

    def __init__(self, j=10.0, name="map_loss", **options):
        super().__init__(name=name, **options)
        if not isinstance(j, Real) or not 0 < j < float("inf"):
            raise ValueError(f"MAPLoss(j={j!r}): expected a number above 0, in units of distance.")
        self.j = float(j)

    def call(self, y_true, y_pred):
        none = -self.j * ops.ones_like(y_pred[:, :1])
        others = ops.logsumexp(ops.concatenate([none, -y_pred], axis=1), axis=1)
        return _distance_of(y_true, y_pred) + others

    def get_config(self):
        return super().get_config() | {"j": self.j}


@_register
def nearest_code_accuracy(y_true, y_pred):
    """1 where the smallest of the distances (N, classes) is that of the right class, else 0."""
    nearest = ops.argmin(y_pred, axis=1)
    return ops.cast(nearest == ops.cast(ops.reshape(y_true, (-1,)), nearest.dtype), "float32")


def _distance_of(y_true, y_pred):
    """The distance to the code of the right class, (N,)."""
    if len(y_pred.shape) != 2 or len(y_true.shape) > 2 or y_true.shape[1:] not in ((), (1,)):
        raise ValueError(
            "loss over distances: expected class numbers (N,) and distances (N, classes); found "
            f"{_text(y_true.shape)} and {_text(y_pred.shape)}. Of one-hot labels take argmax."
        )
    right = ops.cast(ops.reshape(y_true, (-1, 1)), "int32")
    return ops.take_along_axis(y_pred, right, axis=1)[:, 0]


# Wrong input ------------------------------------------------------------------------------------


def _text(shape) -> str:
    return f"({', '.join('N' if size is None else str(size) for size in shape)})"


def _images_of(layer: str, shape) -> tuple[int, int, int]:
    """Height, width and maps of an input shape; ValueError where it is none of maps."""
    if len(shape) != 4 or None in shape[1:]:
        raise ValueError(
            f"{layer}: expected an input of shape (N, height, width, maps), the last three known; "
            f"found {_text(shape)}. A grey image needs an axis for its one map: images[..., None]."
        )
    return tuple(shape[1:])


def _checked_table(table: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    advice = "Give for each output map a list of the input maps that it reads, as C3_TABLE does."
    try:
        rows = [list(row) for row in table]
    except TypeError:
        rows = []
    if not rows:
        raise ValueError(f"TableConv2D(table={table!r}): expected one list a map. {advice}")
    for number, row in enumerate(rows):
        whole = all(isinstance(e, Integral) and not isinstance(e, bool) and e >= 0 for e in row)
        if not row or not whole:
            raise ValueError(
                f"TableConv2D: row {number} of the table is {row}; expected one or more whole "
                f"numbers, 0 or more. {advice}"
            )
        if len(set(row)) < len(row):
            raise ValueError(
                f"TableConv2D: row {number} of the table is {row}; expected each map once. {advice}"
            )
    return tuple(tuple(int(entry) for entry in row) for row in rows)


def _checked_codes(codes) -> np.ndarray:
    codes = np.asarray(codes)
    if codes.ndim != 2 or not codes.size:
        raise ValueError(
            "RadialBasis(codes): expected an array (classes, length), one row a class; found the "
            f"shape {codes.shape}. Bitmaps (classes, height, width) need .reshape(classes, -1)."
        )
    wrong = np.argwhere(~np.isin(codes, (-1, 1)))
    if len(wrong):
        row, column = wrong[0]
        raise ValueError(
            f"RadialBasis(codes): expected +1 and -1 alone; found {codes[row, column]} in row "
            f"{row}, place {column}. For a bitmap of 0 and 1 take 2 * bitmap - 1."
        )
    alike = np.argwhere(np.triu((codes[:, None] == codes).all(axis=2), k=1))
    if len(alike):
        raise ValueError(
            f"RadialBasis(codes): rows {alike[0][0]} and {alike[0][1]} are the same; expected a "
            "code of its own for each class, or nothing could tell them apart."
        )
    return codes.astype("float32")
