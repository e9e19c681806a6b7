"""What figures of a trained network ask of labels and names, and how its layers travel."""

import numpy as np

from .. import plots
from . import pack


def names_of(class_names, outputs: int) -> list[str]:
    """Return the names, one a network's output, or raise ValueError."""
    names = [str(name) for name in class_names]
    if isinstance(class_names, str) or len(names) != outputs:
        raise ValueError(
            f"class_names: expected {outputs} texts, one for each output of the network; "
            f"found {class_names!r}."
        )
    return names


def labels_of(labels, images: np.ndarray, outputs: int) -> list[int]:
    """Return the labels, one an image, or raise ValueError."""
    labels = plots.as_labels("labels", labels, outputs)
    if len(labels) != len(images):
        raise ValueError(
            f"labels: expected one an image, {len(images)} in all; found {len(labels)}."
        )
    return labels.tolist()


def packed(layers: list[dict]) -> list[dict]:
    """Return what is known of each layer, with its arrays packed."""
    return [
        {key: pack(part) if isinstance(part, np.ndarray) else part for key, part in layer.items()}
        for layer in layers
    ]
