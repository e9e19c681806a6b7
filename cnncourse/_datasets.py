"""What is known about each image set: shapes, class names, licence, digest of the real one."""

import dataclasses
import hashlib
import pathlib

import numpy as np

MNIST_CLASSES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

FASHION_MNIST_CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

CIFAR10_CLASSES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)

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
CIFAR100_COARSE_CLASSES = tuple(CIFAR100_SUPERCLASSES)
CIFAR100_FINE_CLASSES = tuple(sorted(n for names in CIFAR100_SUPERCLASSES.values() for n in names))
# Index of the superclass for each fine class.
CIFAR100_COARSE_OF_FINE = tuple(
    next(i for i, names in enumerate(CIFAR100_SUPERCLASSES.values()) if fine in names)
    for fine in CIFAR100_FINE_CLASSES
)


@dataclasses.dataclass(frozen=True)
class Spec:
    """The facts of one image set.

    `classes` maps the ending of the label arrays ("" or "_fine", "_coarse") to the class names;
    `digest` is `array_digest` of the whole, real set.
    """

    name: str
    title: str
    image_shape: tuple[int, ...]
    train: int
    test: int
    classes: dict[str, tuple[str, ...]]
    digest: str
    origin: str
    licence: str

    @property
    def label_keys(self) -> tuple[str, ...]:
        return tuple(f"y_{part}{ending}" for part in ("train", "test") for ending in self.classes)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every array of the whole set, by its key in the .npz file."""
        counts = {"train": self.train, "test": self.test}
        images = {f"x_{part}": (n, *self.image_shape) for part, n in counts.items()}
        labels = {key: (counts[key.split("_")[1]],) for key in self.label_keys}
        return images | labels

    @property
    def megabytes(self) -> float:
        return sum(float(np.prod(shape)) for shape in self.shapes.values()) / 1e6


def array_digest(arrays: dict[str, np.ndarray]) -> str:
    """Return "sha256:..." over the keys, shapes and bytes of uint8 arrays, in key order."""
    digest = hashlib.sha256()
    for key in sorted(arrays):
        array = np.ascontiguousarray(arrays[key], dtype=np.uint8)
        digest.update(f"{key} {array.shape}\n".encode())
        digest.update(array.data)
    return f"sha256:{digest.hexdigest()}"


SPECS = {
    spec.name: spec
    for spec in (
        Spec(
            name="mnist",
            title="MNIST",
            image_shape=(28, 28),
            train=60_000,
            test=10_000,
            classes={"": MNIST_CLASSES},
            digest="sha256:99d8f1e6a74202f6b87ebcfbbfc251a40504bc3b3f2985cf25ef76ad6873baf5",
            origin="LeCun, Cortes, Burges: the MNIST database of handwritten digits",
            licence="CC BY-SA 3.0",
        ),
        Spec(
            name="fashion_mnist",
            title="Fashion-MNIST",
            image_shape=(28, 28),
            train=60_000,
            test=10_000,
            classes={"": FASHION_MNIST_CLASSES},
            digest="sha256:cc1e5013a1c01357567d4cd8067b0879760eac4ce4c54335fc8ca3cc5b76e9f3",
            origin="Xiao, Rasul, Vollgraf: Fashion-MNIST (Zalando Research, 2017)",
            licence="MIT",
        ),
        Spec(
            name="cifar10",
            title="CIFAR-10",
            image_shape=(32, 32, 3),
            train=50_000,
            test=10_000,
            classes={"": CIFAR10_CLASSES},
            digest="sha256:9445fe240aa60b0f97f5aac0edc68e76b631ee7fdfa7fd2ae67f8bf06d74226b",
            origin="Krizhevsky: Learning Multiple Layers of Features from Tiny Images (2009)",
            licence="none stated; free to use with citation",
        ),
        Spec(
            name="cifar100",
            title="CIFAR-100",
            image_shape=(32, 32, 3),
            train=50_000,
            test=10_000,
            classes={"_fine": CIFAR100_FINE_CLASSES, "_coarse": CIFAR100_COARSE_CLASSES},
            digest="sha256:6131a22b3375974aafd522bfe6e2774a14cd70d2431afb28621e27a93521d7e4",
            origin="Krizhevsky: Learning Multiple Layers of Features from Tiny Images (2009)",
            licence="none stated; free to use with citation",
        ),
    )
}


@dataclasses.dataclass(frozen=True)
class PhotoSpec:
    """The facts of one set of photographs in folders {train,validation}/<class>/.

    `digest` is `folder_digest` of the whole, real set; None where nobody has published one.
    """

    name: str
    title: str
    train: int
    validation: int
    megabytes: float
    digest: str | None
    origin: str
    licence: str


def folder_digest(folder: pathlib.Path) -> str:
    """Return "sha256:..." over names and bytes of {train,validation}/<class>/<file>, in order."""
    digest = hashlib.sha256()
    for path in photograph_files(folder):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        line = f"{path.relative_to(folder).as_posix()}\n{content}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    return f"sha256:{digest.hexdigest()}"


def photograph_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """Return the files {train,validation}/<class>/<file>, hidden ones left out, in order."""
    found = (path for part in ("train", "validation") for path in folder.glob(f"{part}/*/*"))
    files = (path for path in found if not path.name.startswith(".") and path.is_file())
    return sorted(files, key=lambda path: path.relative_to(folder).parts)


# More than one set goes by the same name; what a folder holds, its digest says.
PET_PHOTOGRAPHS = PhotoSpec(
    name="cats_vs_dogs",
    title="Cats and dogs of the Oxford-IIIT Pet Dataset",
    train=995,
    validation=251,
    megabytes=13,
    digest="sha256:2fc96ba3124ba6b3bcec6ba8ac46a10411eff62ad3de8773b8a28a2e34f56391",
    origin="Parkhi, Vedaldi, Zisserman, Jawahar: Cats and Dogs (2012); square crops and 160 pixels",
    licence="CC BY-SA 4.0",
)
FILTERED_PHOTOGRAPHS = PhotoSpec(
    name="cats_vs_dogs",
    title="Cats and dogs, the set of TensorFlow's tutorials (Microsoft, filtered)",
    train=2_000,
    validation=1_000,
    megabytes=69,
    digest=None,
    origin="Elson, Douceur, Howell, Saul: Asirra (2007), by way of Kaggle's Dogs vs. Cats",
    licence="none stated in the archive",
)
PHOTOGRAPHS = {"cats_vs_dogs": (PET_PHOTOGRAPHS, FILTERED_PHOTOGRAPHS)}
