"""Exercises of lesson 02: count parameters, write the CNN, scale pixels, read a curve."""

from cnncourse.exercises import Exercise, Mistake, Wrong
from cnncourse.exercises._models import facts_like
from cnncourse.exercises._when import all_of, close, differs, each, raises, some

import numpy as np

LAYERS = ("convolution", "Dense of 16", "Dense of 8", "Dense of 10")


def count_facts(answer):
    """The count of each layer, so that each mistake is found beside others."""
    try:
        counts = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        raise Wrong("Numbers are wanted, or calculations such as `3 * 5 + 5`.") from None
    if counts.shape != (4,):
        raise Wrong(
            "A list of four numbers is wanted, one for each layer with parameters: "
            "the convolution and the three Dense layers. MaxPooling2D and Flatten have none."
        )
    if counts.tolist() == [512, 73_728, 128, 80]:
        return dict(zip(LAYERS, counts, strict=True)) | {"biases": "none in any layer"}
    return dict(zip(LAYERS, counts, strict=True)) | {"biases": "counted"}


def counted(**changed):
    """The code of the blank cell of parameter_count with one count exchanged."""
    counts = {"conv": 544, "dense16": 73_744, "dense8": 136, "dense10": 90} | changed
    return f"cnn_parameters = {list(counts.values())}"


def curve_facts(answer):
    """The epoch and the word, in whatever spelling."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Wrong("Two things are wanted: the number of the epoch and one of the three words.")
    epoch, word = answer
    if isinstance(epoch, str):
        raise Wrong("The first is a number, the epoch, without quotes; the second is the word.")
    word = "".join(letter for letter in str(word).casefold() if letter.isalpha())
    for name in ("overfit", "underfit", "good fit"):
        stem = name.replace(" ", "")
        if word in (stem, stem + "ting", stem + "s", stem + "ted"):
            word = name if " " in name else name + "ting"
    return {"epoch": epoch, "word": "good fit" if word == "good" else word}


def cnn(conv="4, activation='relu'", pool="layers.MaxPooling2D(2),", last="softmax"):
    """The code of build_cnn with one part exchanged."""
    return f"""
def build_cnn():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, {conv}),
        {pool}
        layers.Flatten(),
        layers.Dense(16, activation="relu"),
        layers.Dense(8, activation="relu"),
        layers.Dense(10, activation="{last}"),
    ])
"""


REFERENCE = "import keras\nfrom keras import layers\n" + cnn() + "\nbuild = build_cnn"


SOFT = (
    (
        "shape of the input",
        cnn().replace("(28, 28, 1)", "(28, 28, 3)"),
        "The images have another shape than 28 x 28 pixels with one channel: "
        "`keras.Input((28, 28, 1))`.",
    ),
    (
        "further layers",
        cnn(pool="layers.MaxPooling2D(2), layers.Dropout(0.5),"),
        "There is a layer that this recipe does not have. It may be useful, but then it is another "
        "network than the one asked for.",
    ),
    (
        "layers with parameters",
        cnn(pool="layers.MaxPooling2D(2), layers.Conv2D(32, 4, activation='relu'),"),
        "These are other layers than asked for, or in another order: one convolution, then three "
        "Dense layers, with Flatten between.",
    ),
    (
        "kernels of the convolution",
        cnn(conv="(4, 1), activation='relu'"),
        "The kernels are others than asked for: 32 of them, each of 4 x 4 over one channel. "
        "`Conv2D` takes the number first, then the size.",
    ),
    (
        "pooling",
        cnn(pool="layers.MaxPooling2D(3),"),
        "The pooling is another than asked for: one layer of max pooling, by 2.",
    ),
    (
        "inputs of the first Dense layer",
        cnn(conv="4, activation='relu', strides=2"),
        "The first Dense layer gets another number of inputs than it should: 25 x 25 pixels after "
        "the convolution, 12 x 12 after pooling, and Flatten after that. Is there a stride, or "
        "padding, or a layer in another place?",
    ),
    (
        "units of the Dense layers",
        cnn().replace("Dense(8", "Dense(9"),
        "The Dense layers have other numbers of units than asked for: 16, 8 and 10.",
    ),
    (
        "activations",
        cnn().replace('(8, activation="relu")', "(8)"),
        "An activation is another than asked for: ReLU after the convolution and after the first "
        "two Dense layers, softmax after the last, and none twice.",
    ),
)


def proportional(trials):
    """Whether one factor, the same in every case, leads from what is expected to what came."""
    factors = [(trial.received / trial.expected).ravel() for trial in trials]
    factors = np.concatenate([factor[np.isfinite(factor)] for factor in factors])
    shapes = all(trial.received.shape == trial.expected.shape for trial in trials)
    return shapes and factors.max() > 0 and close(factors, np.full_like(factors, factors[0]))


within = all_of(
    each(lambda expected, received: expected.shape == received.shape),
    each(lambda expected, received: received.min() >= 0 and received.max() <= 1),
)


def draw_images(rng):
    """Images of 8 bits, of one to four axes, mostly without a white pixel."""
    shape = rng.integers(1, 6, rng.integers(1, 5))
    low, high = rng.integers((0, 90), (90, 257))
    images = rng.integers(low, high, shape, dtype="uint8")
    images.flat[0] = 90
    return (images,)


EXERCISES = (
    Exercise(
        name="02/parameter_count",
        answer="cnn_parameters",
        task=(
            "Predict the parameters of the CNN's four layers that have any: "
            "the convolution, then the Dense layers of 16, 8 and 10 units."
        ),
        hints=(
            "A unit of a Dense layer has one weight for each of its inputs, and one bias. "
            "A kernel has one weight for each number it covers, and one bias.",
            "The convolution: each of the 32 kernels covers 4 x 4 pixels of 1 channel.",
            "How many numbers does the first Dense layer see? A kernel of 4 fits 25 times along "
            "28 pixels; pooling by 2 leaves 12 (the last row and column fall away); "
            "there are 32 maps.",
            "So `12 * 12 * 32` inputs: `12 * 12 * 32 * 16 + 16` parameters. "
            "The last two layers are small: inputs times units, plus units.",
        ),
        solution="""
            cnn_parameters = [
                4 * 4 * 1 * 32 + 32,
                12 * 12 * 32 * 16 + 16,
                16 * 8 + 8,
                8 * 10 + 10,
            ]
        """,
        right=(
            "cnn_parameters = [544, 73_744, 136, 90]",
            "cnn_parameters = 544.0, (4608 + 1) * 16, (16 + 1) * 8, (8 + 1) * 10",
        ),
        facts=count_facts,
        reveal=False,
        mistakes=(
            Mistake(
                code="cnn_parameters = [512, 73_728, 128, 80]",
                by=("biases",),
                message=(
                    "These are the weights without the biases. Every kernel and every Dense unit "
                    "has one bias: add as many as the layer has kernels or units."
                ),
            ),
            Mistake(
                code="cnn_parameters = [544, 25 * 25 * 32 * 16 + 16, 136, 90]",
                by=("Dense of 16",),
                message=(
                    "The first Dense layer is counted on the maps before pooling. "
                    "MaxPooling2D has no parameters, and it makes each side of the maps half "
                    "as long, so that the Dense layer after it has about a quarter of the inputs."
                ),
            ),
            Mistake(
                code="cnn_parameters = [544, 14 * 14 * 32 * 16 + 16, 136, 90]",
                by=("Dense of 16",),
                message=(
                    "The first Dense layer is counted on maps of 14 x 14. That is half of 28, as "
                    "if the convolution kept the size of the image. Without padding, a kernel "
                    "of 4 fits fewer than 28 times along 28 pixels."
                ),
            ),
            Mistake(
                code="cnn_parameters = [544, 12 * 12 * 16 + 16, 136, 90]",
                by=("Dense of 16",),
                message=(
                    "The first Dense layer is counted on one map. "
                    "The convolution gives one map for each of its 32 kernels, and Flatten puts "
                    "all of them into one row."
                ),
            ),
            Mistake(
                code="cnn_parameters = [4 * 4 * 32 + 1, 73_744, 136, 90]",
                by=("convolution",),
                message=(
                    "The convolution is counted with one bias for the whole layer. "
                    "Each of the 32 kernels has its own."
                ),
            ),
            Mistake(
                code="cnn_parameters = [28 * 28 * 32 + 32, 73_744, 136, 90]",
                by=("convolution",),
                message=(
                    "The convolution is counted as if each kernel had a weight for every pixel of "
                    "the image. A kernel has 4 x 4 weights and uses them at every position: "
                    "these are the shared weights."
                ),
            ),
            Mistake(
                code=counted(conv=512),
                by=("convolution",),
                message=(
                    "The convolution is counted without its biases: a kernel has one, added to "
                    "each of its sums, and there are 32 kernels."
                ),
            ),
            Mistake(
                code=counted(conv=17),
                by=("convolution",),
                message="This is one kernel with its bias. The convolution has 32 of them.",
            ),
            Mistake(
                code=counted(dense16=73_728),
                by=("Dense of 16",),
                message=(
                    "The first Dense layer is counted without its biases, one for each of its "
                    "16 units."
                ),
            ),
            Mistake(
                code=counted(dense16=13 * 13 * 32 * 16 + 16),
                by=("Dense of 16",),
                message=(
                    "The first Dense layer is counted on maps of 13 x 13. Of 25 rows pooling makes "
                    "12: the last one has no partner and falls away."
                ),
            ),
            Mistake(
                code=counted(dense8=128),
                by=("Dense of 8",),
                message="The Dense layer of 8 is counted without its 8 biases.",
            ),
            Mistake(
                code=counted(dense8=12 * 12 * 32 * 8 + 8),
                by=("Dense of 8",),
                message=(
                    "The Dense layer of 8 is counted as if it saw the maps. It sees the outputs of "
                    "the layer before it, and there are 16."
                ),
            ),
            Mistake(
                code=counted(dense10=80),
                by=("Dense of 10",),
                message="The Dense layer of 10 is counted without its 10 biases.",
            ),
            Mistake(
                code=counted(dense10=16 * 10 + 10),
                by=("Dense of 10",),
                message=(
                    "The Dense layer of 10 is counted as if 16 numbers came in. There is a layer "
                    "between: it sees 8."
                ),
            ),
            Mistake(
                code=counted(conv=4 * 4 * 32 * 32 + 32),
                by=("convolution",),
                when=differs("convolution"),
                message=(
                    "The count of the convolution is not right. A kernel has a weight for each of "
                    "the 4 x 4 pixels that it covers, in the one channel there is, and a bias; "
                    "there are 32 kernels."
                ),
            ),
            Mistake(
                code=counted(dense16=12 * 32 * 16 + 16),
                by=("Dense of 16",),
                when=differs("Dense of 16"),
                message=(
                    "The count of the first Dense layer is not right. How many numbers does "
                    "Flatten hand over: rows times columns after pooling, times the number of "
                    "maps? Each of the 16 units has a weight for every one of them, and a bias."
                ),
            ),
            Mistake(
                code=counted(dense8=8 + 8),
                by=("Dense of 8",),
                when=differs("Dense of 8"),
                message=(
                    "The count of the Dense layer of 8 is not right. Each of its units has a "
                    "weight for every unit of the layer before it, and a bias."
                ),
            ),
            Mistake(
                code=counted(dense10=8 + 10),
                by=("Dense of 10",),
                when=differs("Dense of 10"),
                message=(
                    "The count of the last Dense layer is not right. Its 10 units each have a "
                    "weight for every output of the layer before, and a bias."
                ),
            ),
        ),
        shows=(
            "Almost every parameter sits in the first Dense layer; the convolution itself costs "
            "a few hundred. The sum is the number that `model.summary()` prints."
        ),
    ),
    Exercise(
        name="02/write_the_cnn",
        answer="build_cnn",
        task=(
            "Write `build_cnn()`: images of 28 x 28 x 1; 32 kernels of 4 x 4 with ReLU; max "
            "pooling by 2; Flatten; Dense 16 and Dense 8 with ReLU; Dense 10 with softmax."
        ),
        hints=(
            "The MLP of this lesson is a `keras.Sequential` list too. "
            "The CNN has two more layers between the input and Flatten.",
            "The convolution: `layers.Conv2D(32, 4, activation='relu')`. "
            "Its padding is 'valid' unless told otherwise, as it should be here.",
            "After it `layers.MaxPooling2D(2)`, then `layers.Flatten()`, then the three Dense "
            "layers as in the MLP. `return` the model.",
        ),
        setup="import keras\nfrom keras import layers",
        solution='''
            def build_cnn():
                """Convolution, pooling, then the Dense layers of the MLP."""
                return keras.Sequential(
                    [
                        keras.Input((28, 28, 1)),
                        layers.Conv2D(32, 4, activation="relu"),
                        layers.MaxPooling2D(2),
                        layers.Flatten(),
                        layers.Dense(16, activation="relu"),
                        layers.Dense(8, activation="relu"),
                        layers.Dense(10, activation="softmax"),
                    ]
                )
        ''',
        right=(
            """
            def build_cnn():
                inputs = keras.Input(shape=(28, 28, 1))
                x = layers.Conv2D(32, (4, 4))(inputs)
                x = layers.MaxPool2D((2, 2))(x)
                x = layers.ReLU()(x)
                x = layers.Reshape((-1,))(x)
                x = layers.Dense(16, "relu")(x)
                x = layers.Dense(8)(x)
                x = layers.Activation("relu")(x)
                x = layers.Dense(10)(x)
                return keras.Model(inputs, layers.Softmax()(x))
            """,
            """
            def build_cnn():
                model = keras.Sequential(name="mine")
                model.add(layers.Conv2D(32, 4, activation=keras.ops.relu))
                model.add(layers.MaxPooling2D())
                model.add(layers.Flatten())
                for units in (16, 8):
                    model.add(layers.Dense(units, activation=keras.activations.relu))
                model.add(layers.Dense(10, activation="softmax"))
                model.build((None, 28, 28, 1))
                model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
                return model
            """,
            """
            class Network(keras.Model):
                def __init__(self):
                    super().__init__()
                    self.head = [layers.Dense(16, "relu"), layers.Dense(8, "relu")]
                    self.out = layers.Dense(10, "softmax")
                    self.convolution = layers.Conv2D(32, 4, activation=lambda x: keras.ops.relu(x))
                    self.pool = layers.MaxPooling2D()
                    self.flatten = layers.Flatten()

                def call(self, x):
                    x = self.flatten(self.pool(self.convolution(x)))
                    for layer in self.head:
                        x = layer(x)
                    return self.out(x)


            def build_cnn():
                model = Network()
                model.build((None, 28, 28, 1))
                return model
            """,
            """
            def build_cnn():
                features = keras.Sequential([layers.Conv2D(32, 4), layers.MaxPooling2D(2)])
                head = keras.Sequential([layers.Dense(16, "relu"), layers.Dense(8, "relu")])
                return keras.Sequential([
                    keras.Input((28, 28, 1)), features, layers.Activation("relu"),
                    layers.Flatten(), head, layers.Dense(10, "softmax"),
                ])
            """,
        ),
        cases=((),),
        facts=facts_like(REFERENCE, (28, 28, 1)),
        seconds=20,
        mistakes=(
            Mistake(
                code=cnn(conv='4, activation="relu", padding="same"'),
                by=("inputs of the first Dense layer", "kernels of the convolution"),
                message=(
                    "The convolution pads the image (`padding='same'`): its maps keep 28 x 28 and "
                    "pool to 14 x 14. Without padding they are 25 x 25, and pool to 12 x 12."
                ),
            ),
            Mistake(
                code=cnn(pool=""),
                by=("pooling", "inputs of the first Dense layer", "further layers"),
                message=(
                    "There is no pooling layer, so Flatten hands over every position of every "
                    "map: about four times the inputs, and the parameters, for the first "
                    "Dense layer."
                ),
            ),
            Mistake(
                code=cnn(pool="layers.AveragePooling2D(2),"),
                by=("pooling",),
                message="The pooling takes the average of each 2 x 2 square, not the largest.",
            ),
            Mistake(
                code=cnn(conv='3, activation="relu"'),
                by=("kernels of the convolution",),
                message=(
                    "The kernels are 3 x 3, a usual choice, but not this recipe's: 4 x 4. "
                    "It changes the size of the maps and the number of parameters behind them."
                ),
            ),
            Mistake(
                code=cnn(last="linear"),
                by=("activations",),
                message=(
                    "The last layer has no softmax: its ten outputs are logits, which may be "
                    "negative and do not add up to 1, and the loss of this lesson expects "
                    "probabilities."
                ),
            ),
            Mistake(
                code=cnn(last="relu"),
                by=("activations",),
                message=(
                    "The last layer ends in ReLU: ten numbers of any size, many of them 0. Softmax "
                    "makes probabilities of them."
                ),
            ),
            Mistake(
                code=cnn(last="sigmoid"),
                by=("activations",),
                message=(
                    "The last layer ends in sigmoid: ten answers, each between 0 and 1, that do "
                    "not know of each other. An image here has exactly one class; softmax "
                    "shares a probability of 1 among the ten."
                ),
            ),
            Mistake(
                code=cnn(conv="4"),
                by=("activations",),
                message=(
                    "The convolution has no activation: without ReLU behind it, it stays a "
                    "linear step."
                ),
            ),
            Mistake(
                code=cnn().replace("layers.Flatten(),", ""),
                by=("shape of the output",),
                message=(
                    "Flatten is missing: the Dense layers work at each of the 12 x 12 positions "
                    "by itself, and the model gives a class for every position, not for the image."
                ),
            ),
            Mistake(
                code=cnn().replace("10, activation", "10, 'softmax'), layers.Softmax(), #"),
                by=("activations",),
                message=(
                    "Softmax is taken twice. The second time it makes its own probabilities nearly "
                    "equal: once is enough."
                ),
            ),
            *(
                Mistake(
                    code=code,
                    by=(fact,),
                    when=differs(fact),
                    message=message,
                )
                for fact, code, message in SOFT
            ),
            Mistake(
                code="""
                    def build_cnn():
                        return keras.Sequential([layers.Conv2D("relu", 4)])
                """,
                when=raises("ValueError", "TypeError"),
                message=(
                    "This raises an error before there is a network; it stands below. Most often "
                    "it is about the arguments of a layer (a convolution takes the number of "
                    "kernels, their size, then named ones) or about the order of the layers, for "
                    "each must fit what the one before it gives."
                ),
            ),
        ),
        shows=(
            "Two layers more than the MLP, 74,514 parameters: 544 + 73,744 + 136 + 90. "
            "The summary shows how the image becomes 25 x 25 x 32, 12 x 12 x 32, 4,608 numbers, "
            "and ten probabilities."
        ),
    ),
    Exercise(
        name="02/scale",
        task="Write `scale(images)`: pixels 0 to 255 (uint8) become numbers from 0 to 1 (float32).",
        hints=(
            "The largest value that a pixel of 8 bits can have is 255: it must become 1.",
            "Whole numbers cannot hold a half: make the images floating-point first, "
            "`images.astype('float32')`.",
            "Divide by 255, the same number for every image, in the training and in the test set.",
        ),
        solution="""
            def scale(images):
                return images.astype("float32") / 255
        """,
        right=(
            "scale = lambda images: images / 255.0",
            "def scale(images): return np.divide(images, 255, dtype=np.float32)",
            "def scale(images): return np.asarray(images, 'float32') * np.float32(1 / 255)",
            """
            def scale(images):
                scaled = np.empty(images.shape, "float32")
                for index in np.ndindex(images.shape):
                    scaled[index] = images[index] / 255
                return scaled
            """,
        ),
        cases=(
            (np.array([[0, 51], [102, 255]], dtype="uint8"),),
            (np.array([[0, 51, 102]], dtype="uint8"),),
            (np.arange(16, 208, 16, dtype="uint8").reshape(3, 2, 2),),
            (np.full((1, 2, 2, 1), 40, dtype="uint8"),),
        ),
        draw=draw_images,
        mistakes=(
            Mistake(
                code="def scale(images): return images.astype('float32') / 256",
                message=(
                    "This divides by 256, the number of values a pixel can have. The largest "
                    "of them is 255, because they start at 0; so white stays just below 1."
                ),
            ),
            Mistake(
                code="def scale(images): return images // 255",
                message=(
                    "Whole numbers in, whole numbers out: everything below 255 becomes 0 and the "
                    "image is lost. It happens with `//`, and when the result is turned back "
                    "into uint8. Divide with `/` and keep float32."
                ),
            ),
            Mistake(
                code="def scale(images): return images.astype('float32') / images.max()",
                message=(
                    "This divides by the largest pixel that happens to be in these images. A "
                    "darker set is then scaled by another number than the set the network learned "
                    "from: the same grey means two things. Divide by 255 always."
                ),
            ),
            Mistake(
                code="""
                    def scale(images):
                        x = images.astype("float32")
                        return (x - x.min()) / (x.max() - x.min())
                """,
                message=(
                    "This stretches the images from their own darkest to their own brightest "
                    "pixel, so that the same grey comes out differently in another set."
                ),
            ),
            Mistake(
                code="def scale(images): return (images - images.mean()) / images.std()",
                message=(
                    "This standardises: mean 0, standard deviation 1. Networks learn well from "
                    "that too, but the numbers are not between 0 and 1, and they depend on the "
                    "images at hand."
                ),
            ),
            Mistake(
                code="def scale(images): return images / 127.5 - 1",
                message="This scales to the range from -1 to 1; asked for is 0 to 1.",
            ),
            Mistake(
                code="def scale(images): return images.astype('float32')",
                message="The type is changed, and the values still go up to 255: divide them.",
            ),
            Mistake(
                code="""
                    def scale(images):
                        images /= 255
                        return images
                """,
                message=(
                    "`images /= 255` wants to put fractions into the array that is there, and "
                    "that one holds whole numbers of 8 bits: NumPy refuses. Make a new array: "
                    "`images / 255`."
                ),
            ),
            Mistake(
                code="def scale(images): return (images / 255).astype('float16')",
                message=(
                    "These are `float16`, numbers with about three digits: 51 / 255 is stored as "
                    "0.19995, although it may be printed as 0.2. Asked for is `float32`."
                ),
            ),
            Mistake(
                code="""
                    def scale(images):
                        length = np.atleast_1d(np.linalg.norm(images.astype(float), axis=-1))
                        length[length == 0] = 1
                        return images / np.expand_dims(length, -1)
                """,
                message=(
                    "This brings each row to the length 1, as `keras.utils.normalize` does: every "
                    "row is divided by a number of its own, so the same grey comes out "
                    "differently from row to row. Divide by 255 always."
                ),
            ),
            Mistake(
                code="""
                    def scale(images):
                        axes = tuple(range(1, images.ndim))
                        return images / images.max(axis=axes, keepdims=True)
                """,
                message=(
                    "Each image is divided by its own largest pixel, so a dark image becomes as "
                    "bright as any other. Divide all of them by 255."
                ),
            ),
            Mistake(
                code="def scale(images): return 1 - images / 255",
                message="Black and white have changed places: 0 must stay 0, and 255 become 1.",
            ),
            Mistake(
                code="""
                    def scale(images):
                        with np.errstate(divide="ignore"):
                            return 255 / images
                """,
                when=each(lambda expected, received: close(1 / expected, received)),
                message="The division is the wrong way round: pixel by 255.",
            ),
            Mistake(
                code="def scale(images): return images.astype('float32') / 254",
                when=proportional,
                message=(
                    "Every pixel is divided (or multiplied) by one and the same number, as it "
                    "should be; but with that number, white does not become 1. White is 255."
                ),
            ),
            Mistake(
                code="def scale(images): return images.reshape(len(images), -1) / 255",
                when=some(lambda expected, received: expected.shape != received.shape),
                message=(
                    "The images come back in another shape. It must stay what it was, whatever "
                    "that is: `images / 255` divides each pixel and leaves the shape alone."
                ),
            ),
            Mistake(
                code="def scale(images): return np.log1p(images)",
                when=some(lambda expected, received: received.min() < 0 or received.max() > 1),
                message="There are numbers outside of 0 to 1: 0 must stay 0, and 255 become 1.",
            ),
            Mistake(
                code="def scale(images): return (images / 255).round(2)",
                when=each(lambda expected, received: np.abs(expected - received).max() < 0.0051),
                message=(
                    "Nearly: the numbers are right to two digits or so. Is something rounded? Of "
                    "256 greys only about a hundred would be left."
                ),
            ),
            Mistake(
                code="def scale(images): return (images / 255) ** 2",
                when=within,
                message=(
                    "All numbers lie between 0 and 1, but they are not the pixels divided by 255, "
                    "which is all that is asked for."
                ),
            ),
        ),
        shows=(
            "One fixed number for every set of images. With float32 the 60,000 images take half "
            "the memory that `images / 255` alone (float64) would take."
        ),
    ),
    Exercise(
        name="02/read_a_curve",
        answer="(best_epoch, afterwards)",
        task=(
            "Give the epoch, counted from 1, with the lowest validation loss, and the word for "
            "what happens afterwards: underfitting, good fit or overfitting."
        ),
        hints=(
            "Two curves: one on the images that the network learns from, one on images held out. "
            "Which of the two says how it will do on new images?",
            "Find the lowest point of the validation loss. The curve wiggles: look to its end.",
            "Afterwards the training loss goes on falling while the validation loss rises: the "
            "network learns what is true of its training images alone.",
        ),
        setup="""
            import numpy as np

            another = {
                "loss": [0.81, 0.50, 0.44, 0.39, 0.34, 0.30, 0.26, 0.22, 0.19, 0.16],
                "val_loss": [0.64, 0.52, 0.47, 0.48, 0.44, 0.42, 0.43, 0.46, 0.49, 0.53],
            }
        """,
        solution="""
            best_epoch = another["val_loss"].index(min(another["val_loss"])) + 1
            afterwards = "overfitting"
        """,
        right=(
            "best_epoch, afterwards = 6.0, 'Overfitting'",
            "best_epoch, afterwards = np.int64(6), 'over-fitting '",
        ),
        facts=curve_facts,
        reveal=False,
        mistakes=(
            Mistake(
                code="best_epoch, afterwards = 5, 'overfitting'",
                by=("epoch",),
                message=(
                    "That is the place in the list, which Python counts from 0. Epochs are "
                    "counted from 1, here and in the lines that `fit` prints."
                ),
            ),
            Mistake(
                code="best_epoch, afterwards = 10, 'overfitting'",
                by=("epoch",),
                message=(
                    "The training loss is lowest there, at the last epoch. It nearly always is: "
                    "these are the images that the network fits itself to. Look at the validation "
                    "loss."
                ),
            ),
            Mistake(
                code="best_epoch, afterwards = 3, 'overfitting'",
                by=("epoch",),
                message=(
                    "After that epoch the validation loss rises once, and then falls further. One "
                    "step up is noise as often as not; later lessons wait some epochs "
                    "(patience) before they stop."
                ),
            ),
            Mistake(
                code="best_epoch, afterwards = 2, 'overfitting'",
                by=("epoch",),
                message=(
                    "There the two curves cross. A training loss below the validation loss is "
                    "usual and no harm, as long as the validation loss still falls."
                ),
            ),
            Mistake(
                code="best_epoch, afterwards = 6, 'underfitting'",
                by=("word",),
                message=(
                    "A network that underfits is still bad on its own training images. Here the "
                    "training loss goes on falling."
                ),
            ),
            Mistake(
                code="best_epoch, afterwards = 6, 'good fit'",
                by=("word",),
                message=(
                    "With a good fit both losses fall and stay near each other. Here they part: "
                    "one falls, the other rises."
                ),
            ),
            Mistake(
                code="best_epoch, afterwards = 1, 'overfitting'",
                by=("epoch",),
                when=differs("epoch"),
                message=(
                    "The validation loss is not lowest there. Follow the validation curve to its "
                    "lowest point, and count the epochs from 1."
                ),
            ),
            Mistake(
                code="best_epoch, afterwards = 6, 'noise'",
                by=("word",),
                when=differs("word"),
                message=(
                    "The second answer is none of the three words: underfitting, good fit or "
                    "overfitting."
                ),
            ),
        ),
        shows=(
            "The network is at its best on new images at the lowest validation loss; what it "
            "learns afterwards, it learns by heart. Stopping there is called early stopping."
        ),
    ),
)
