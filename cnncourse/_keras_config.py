"""A Keras configuration that comes from elsewhere, looked at before anything is made of it."""

import contextlib
import json
import math
from collections.abc import Callable

import numpy as np

_CODE = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "__lambda__")
_FILES = ("StringLookup", "IntegerLookup", "IndexLookup", "TextVectorization")  # vocabularies


def objection(name: str) -> str | None:
    """Say what a class of this name does that no network from elsewhere may do, or None."""
    if name in _CODE:
        return f"holds code to run (a {name})"
    if name in _FILES:
        return f"may read files (a {name})"
    return None


def read(text: str | bytes):
    """Return a configuration, without how it and the models inside of it were trained."""
    return json.loads(text, object_hook=_uncompiled)


def _uncompiled(settings: dict) -> dict:
    return settings | {"compile_config": None} if "compile_config" in settings else settings


def demand(config: dict, shape_of: Callable) -> tuple[int, int]:
    """Return how many bytes a model's weights take, and all that it computes for some images.

    config: which Keras takes apart. shape_of(model): the shape of these images, or None for none.
    The model is built and called on symbols, in a graph: nothing is allocated. Raises what Keras
    raises where it cannot be built.
    """
    import keras
    import tensorflow as tf

    with tf.Graph().as_default() as graph, keras.StatelessScope():
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        weights = sum(math.prod(v.shape) * np.dtype(v.dtype).itemsize for v in model.variables)
        with contextlib.suppress(Exception):  # what does not fit is told where it is tried
            if (shape := shape_of(model)) is not None:
                model(tf.zeros(shape), training=False)
    tensors = [tensor for operation in graph.get_operations() for tensor in operation.outputs]
    return weights, sum((t.shape.num_elements() or 0) * t.dtype.size for t in tensors)
