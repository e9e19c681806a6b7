"""What a Keras model that an exercise asks for is made of, however it was put together."""

import functools

from cnncourse.exercises import Wrong

import numpy as np

_PLAIN = ("Conv2D", "Dense", "MaxPooling2D", "Flatten", "Reshape", "Activation", "ReLU", "Softmax")


def facts_like(code, image):
    """A `facts` for a model that does what the function in `code` builds.

    image: the shape of one image. Models of every style have the same facts: Sequential,
    functional, nested, or a subclass that is built.
    """

    @functools.cache
    def reference():
        namespace = {}
        exec(code, namespace)
        return namespace["build"]()

    def facts(model):
        flat, found = steps(model, image)
        wanted = reference()
        known = _facts(wanted, steps(wanted, image)[1])
        told = _facts(flat, found)
        if _same_numbers(flat, wanted, image):
            told["activations"] = known["activations"]
        return told

    return facts


def steps(model, image):
    """A model with known inputs, and its layers in order, those of inner models included."""
    import keras

    if not isinstance(model, keras.Model):
        raise Wrong(
            f"The function gives back an object of type {type(model).__name__}; a Keras model is "
            "wanted. Is there a `return`?"
        )
    if not model.built:
        raise Wrong(
            "The model does not know the size of its images yet, so it has no parameters to "
            f"count. Begin with `keras.Input({image})`, or end with "
            f"`model.build((None, {', '.join(map(str, image))}))`."
        )
    if not isinstance(model, keras.Sequential) and not hasattr(model, "operations"):
        inputs = keras.Input(image)
        try:
            model = keras.Model(inputs, model.call(inputs))
        except Exception as error:
            raise Wrong(f"Called with images of {image}, the model raises {error!r}") from None
    return model, list(_flat(model))


def _flat(model):
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _flat(layer)
        elif type(layer).__name__ != "InputLayer":
            yield layer


def _facts(model, found):
    weighted = [layer for layer in found if layer.weights]
    dense = [layer for layer in weighted if type(layer).__name__ == "Dense"]
    kernels = [layer.kernel.shape for layer in weighted if type(layer).__name__ == "Conv2D"]
    pools = [layer for layer in found if hasattr(layer, "pool_size")]
    return {
        "shape of the input": str(tuple(model.input_shape)),
        "further layers": ", ".join(
            type(layer).__name__
            for layer in found
            if type(layer).__name__ not in _PLAIN and layer not in pools
        ),
        "layers with parameters": ", ".join(type(layer).__name__ for layer in weighted),
        "kernels of the convolution": ", ".join(str(tuple(shape)) for shape in kernels),
        "pooling": ", ".join(f"{type(layer).__name__} {tuple(layer.pool_size)}" for layer in pools),
        "inputs of the first Dense layer": dense[0].kernel.shape[0] if dense else 0,
        "units of the Dense layers": ", ".join(str(layer.units) for layer in dense),
        "shape of the output": str(tuple(model.output_shape)),
        "activations": _activations(found),
        "parameters": model.count_params(),
    }


def _activations(found):
    """What follows each layer with parameters: "relu, softmax + dropout"."""
    after = []
    for layer in found:
        kind = type(layer).__name__
        name = {"ReLU": "relu", "Softmax": "softmax"}.get(kind)
        name = name or getattr(getattr(layer, "activation", None), "__name__", "linear")
        if layer.weights:
            after.append([])
        if name != "linear" and after:
            after[-1].append(name)
    return ", ".join(" + ".join(names) or "linear" for names in after)


def _same_numbers(model, wanted, image):
    """Whether both give the same outputs when they have the same weights."""
    rng = np.random.default_rng(3)
    shapes = [weight.shape for weight in wanted.get_weights()]
    before = model.get_weights()
    if [weight.shape for weight in before] != shapes:
        return False
    weights = [rng.normal(size=shape, scale=np.prod(shape[:-1] or 9) ** -0.5) for shape in shapes]
    images = rng.random((4, *image), dtype="float32")
    outputs = []
    try:
        for one in (model, wanted):
            one.set_weights(weights)
            outputs.append(np.asarray(one(images, training=False)))
    finally:
        model.set_weights(before)
    return outputs[0].shape == outputs[1].shape and np.allclose(*outputs, atol=1e-5)
