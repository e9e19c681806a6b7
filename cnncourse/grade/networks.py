"""Keras objects as plain values, and back within bounds.

`describer` runs where nothing is trusted; `reviver` makes of what came from there what a check
would have got. It builds from Keras's own layers alone, in Keras's safe mode, nothing larger than
stands below, and never a thing that holds code.
"""

import copy
import json
import math
import re
import sys

from cnncourse import _keras_config
from cnncourse.exercises.outside import HandoutError

import numpy as np

from .values import Named

_WEIGHTS = 2**28  # bytes that a network's weights may take
_ALL = 2**29  # bytes of all that a network may compute for a few images
_SENT = 2**23  # bytes of weights that are handed out; larger networks are judged by their layers
_PUBLIC = re.compile(
    r"keras(\.(layers|initializers|regularizers|constraints|optimizers|losses|metrics|models|"
    r"activations|ops|mixed_precision|dtype_policies|optimizers\.schedules))?"
)
_INNER = re.compile(r"keras\.src\.(ops|models|layers|metrics|losses|dtype_policies)(\.\w+)*")
_TYPES = ("__tuple__", "__keras_tensor__", "__slice__", "__ellipsis__", "DTypePolicy")


# Where nothing is trusted -------------------------------------------------------------------------


def describer(arguments):
    """Return a hook for `values.packed` that knows Keras's objects and the call's arguments."""

    def describe(value):
        keras = sys.modules.get("keras")
        if keras is None:
            return None
        lent = next((i for i, one in enumerate(arguments) if one is value), None)
        if isinstance(value, keras.Model):
            return Named("argument", lent) if lent is not None else _model(keras, value)
        if isinstance(value, keras.callbacks.History):
            return Named("history", {"model": value.model})
        if isinstance(value, keras.layers.Layer):
            return Named("layer", type(value).__name__)
        if keras.utils.is_keras_tensor(value):
            inputs = next(filter(keras.utils.is_keras_tensor, arguments), None)
            return _maps(keras, inputs, value)
        return None

    return describe


def _model(keras, model):
    kind, built = type(model).__name__, bool(model.built)
    if isinstance(model, keras.Sequential) or hasattr(model, "operations"):
        parts = {"kind": kind, "built": built, "inner": _layers(keras, model)}
        return Named("model", parts)
    parts = {"kind": kind, "built": built, "inner": None, "error": ""}
    if built:  # of a class of its own: what it does to images of the size it was built for
        try:
            shape = next(iter(model.get_build_config().values()))
            inputs = keras.Input(tuple(shape)[1:])
            parts["inner"] = _layers(keras, keras.Model(inputs, model.call(inputs)))
        except Exception as error:
            parts["error"] = repr(error)[:500]
    return Named("subclass", parts)


def _layers(keras, model):
    """A network's layers and weights as plain values, or what speaks against it."""
    try:
        config = keras.saving.serialize_keras_object(model) | {"compile_config": None}
        text = json.dumps(config)
        compiled = json.dumps(model.get_compile_config()) if model.compiled else None
    except Exception as error:
        return {"config": None, "error": repr(error)[:500]}
    weights = model.get_weights()
    small = sum(weight.nbytes for weight in weights) <= _SENT
    return {"config": text, "weights": weights if small else None, "compiled": compiled}


def _maps(keras, inputs, value):
    shape = [None if n is None else int(n) for n in value.shape]
    try:
        inner = _layers(keras, keras.Model(inputs, value))
    except Exception:  # they are not made of the maps that were lent
        inner = None
    return Named("maps", {"shape": shape, "inner": inner})


# Outside ------------------------------------------------------------------------------------------


def reviver(value, arguments):
    """Return a handed-out value with networks in the place of what names them.

    arguments: what the call got, in this process. Raises HandoutError for what is not to be built.
    """
    if isinstance(value, Named):
        return _KINDS.get(value.kind, _unknown)(value.parts, arguments)
    if isinstance(value, list | tuple):
        return type(value)(reviver(one, arguments) for one in value)
    if isinstance(value, dict):
        if "class_name" in value:
            return checked(value)
        return {key: reviver(one, arguments) for key, one in value.items()}
    return value


def _unknown(parts, arguments):
    raise HandoutError("its process handed out something unknown")


def _argument(parts, arguments):
    if type(parts) is not int or not 0 <= parts < len(arguments):
        raise HandoutError("its process handed out an argument that is none")
    return arguments[parts]


def _history(parts, arguments):
    import keras

    history = keras.callbacks.History()
    model = reviver(parts.get("model"), arguments)
    if isinstance(model, keras.Model):
        history.set_model(model)
    return history


def _layer(parts, arguments):
    import keras

    name = parts if isinstance(parts, str) and re.fullmatch(r"\w{1,80}", parts) else "Layer"
    return type(name, (keras.layers.Layer,), {})()


def _whole_model(parts, arguments):
    return rebuilt(parts["inner"], parts["kind"])


def _subclass(parts, arguments):
    """A stand-in for a network of a class of its own, which does what that does when called."""
    import keras

    inner = parts["inner"] and rebuilt(parts["inner"], parts["kind"])
    raised = str(parts.get("error", ""))

    class StandIn(keras.Model):
        def call(self, images):
            if inner is None:
                raise stranger_error(raised)
            return inner(images)

    StandIn.__name__ = str(parts["kind"])[:80]
    model = StandIn()
    model.built = parts["built"] is True
    return model


def stranger_error(shown):
    """An exception that is shown as another one was."""
    return type("Shown", (Exception,), {"__repr__": lambda self: shown})()


def _made_of_maps(parts, arguments):
    import keras

    if parts["inner"] is None:
        shape = [n if type(n) is int and 0 < n < 10**4 else None for n in parts["shape"][1:]]
        return keras.Input(tuple(shape))
    model = rebuilt(parts["inner"], "maps")
    lent = next(filter(keras.utils.is_keras_tensor, arguments), None)
    if lent is None or tuple(model.inputs[0].shape) != tuple(lent.shape):
        raise HandoutError("its process handed out maps of something else")
    return model(lent)


_KINDS = {
    "argument": _argument,
    "history": _history,
    "layer": _layer,
    "model": _whole_model,
    "subclass": _subclass,
    "maps": _made_of_maps,
}


def rebuilt(parts, kind):
    """Return the Keras model of a configuration and weights from elsewhere."""
    import keras

    if not isinstance(parts, dict) or not isinstance(parts.get("config"), str):
        told = parts.get("error", "") if isinstance(parts, dict) else ""
        raise HandoutError(f"a {kind} that Keras cannot describe: {str(told)[:200]}")
    if len(parts["config"]) > 2**20:
        raise HandoutError(f"a {kind} whose description is longer than 1 MiB")
    if '"cnncourse.resnet"' in parts["config"]:
        from cnncourse import resnet  # noqa: F401 - which tells Keras of its layers
    config = checked(_keras_config.read(parts["config"]))
    weights = parts.get("weights")
    try:
        problem = _excess(copy.deepcopy(config))  # Keras takes it apart
        if problem is None:
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
    except Exception as error:
        raise HandoutError(f"a {kind} that Keras cannot build: {str(error)[:300]}") from error
    if problem:
        raise HandoutError(f"a {kind} that is too large: {problem}")
    if weights is not None:
        fits = [np.shape(w) for w in weights] == [w.shape for w in model.get_weights()]
        if not fits:
            raise HandoutError(f"a {kind} whose weights do not fit its layers")
        model.set_weights(weights)
    if isinstance(parts.get("compiled"), str):
        model.compile_from_config(checked(json.loads(parts["compiled"])))
    return model


def checked(config):
    """Return a Keras configuration that names only what is Keras's own; else HandoutError."""
    if isinstance(config, list):
        return [checked(one) for one in config]
    if not isinstance(config, dict):
        return config
    name, module = config.get("class_name"), config.get("module")
    if name is not None:
        if name == "function" and _is_keras_function(config.get("config")):
            return config["config"]  # by its name: Keras's own, and TensorFlow's of that name
        if isinstance(name, str) and (told := _keras_config.objection(name)):
            raise HandoutError(f"a network that {told}")
        known = name in _TYPES or _is_keras_class(name, module)
        ours = module == "cnncourse.resnet" and config.get("registered_name") == f"cnncourse>{name}"
        if not ours and (not known or config.get("registered_name") not in (None, name)):
            told = f"{name} of {module}" if isinstance(module, str) else f"{name}"
            raise HandoutError(f"a network with a part that is not Keras's own: {told[:100]}")
    return {key: checked(one) for key, one in config.items()}


def _is_keras_class(name, module):
    """Whether Keras would find under this name a class of its own, and nothing it has imported."""
    import keras  # noqa: F401 - fills sys.modules

    if not isinstance(name, str) or not isinstance(module, str):
        return False
    found = getattr(sys.modules.get(module), name, None)
    if not isinstance(found, type):
        return False
    if _INNER.fullmatch(module):
        return found.__module__ == module
    return bool(_PUBLIC.fullmatch(module)) and found.__module__.startswith("keras.src.")


def _is_keras_function(name):
    import keras

    rooms = (keras.activations, keras.losses, keras.metrics)
    found = isinstance(name, str) and any(hasattr(room, name) for room in rooms)
    return found and name.islower()


def _excess(config):
    """Say what is too large of what a configuration would make, or None."""

    def few_images(model):
        shape = [12, *(32 if n is None else n for n in model.input_shape[1:])]
        return shape if math.prod(shape) < 2**24 else None

    weights, total = _keras_config.demand(config, few_images)
    if weights > _WEIGHTS:
        return f"its weights take {weights / 2**20:,.0f} MiB"
    return f"it computes {total / 2**20:,.0f} MiB" if total > _ALL else None
