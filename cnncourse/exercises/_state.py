"""Put back what an answer changed in the kernel around it, as far as that can be seen.

What is inside of objects (a list, a network) is not looked at, nor files, nor other processes.
"""

import contextlib
import os
import random
import sys

import numpy as np

_MODULES = (
    "builtins",
    "math",
    "random",
    "time",
    "numpy",
    "numpy.linalg",
    "numpy.random",
    "keras",
    "keras.layers",
    "keras.ops",
    "keras.utils",
)
_FUNCTIONS = {
    name: value
    for name, value in vars(np).items()
    if callable(value) and not isinstance(value, type) and not name.startswith("_")
}
_KERAS_SETTINGS = ("floatx", "epsilon", "image_data_format", "dtype_policy")


def replaced_functions():
    """The names of NumPy's functions in whose place something else stands since the import."""
    return sorted(name for name, value in _FUNCTIONS.items() if vars(np).get(name) is not value)


@contextlib.contextmanager
def kept_modules():
    """Afterwards what others have put into, or deleted from, well-known modules is as before."""
    modules = [sys.modules[name] for name in _MODULES if name in sys.modules]
    before = [(vars(module), dict(vars(module))) for module in modules]
    try:
        yield
    finally:
        for names, known in before:
            _put_back(names, known)


@contextlib.contextmanager
def kept(namespaces=()):
    """Afterwards the state of the kernel is as it was before.

    That is: the names in the namespaces and in well-known modules; the random states of Python and
    NumPy; working folder, environment, search path and recursion limit; Keras's settings;
    Matplotlib's settings, and which figures are open.
    """
    with contextlib.ExitStack() as stack:
        for put_back in (_random_states(), _process(), _keras_settings(), _figures()):
            stack.callback(put_back)
        if "matplotlib" in sys.modules:
            stack.enter_context(sys.modules["matplotlib"].rc_context())
        for namespace in namespaces:
            stack.callback(_put_back, namespace, dict(namespace), new=True)
        stack.enter_context(kept_modules())
        yield


def _put_back(names, known, new=False):
    """Make the names of a namespace known again; delete new ones where that is asked for."""
    for name, value in known.items():
        if name not in names or names[name] is not value:
            names[name] = value
    if new:
        for name in names.keys() - known.keys():
            del names[name]


def _random_states():
    states = random.getstate(), np.random.get_state()  # noqa: NPY002

    def put_back():
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002

    return put_back


def _process():
    folder, environment = _working_folder(), dict(os.environ)
    path, depth = list(sys.path), sys.getrecursionlimit()

    def put_back():
        sys.path[:] = path
        sys.setrecursionlimit(depth)
        if dict(os.environ) != environment:
            os.environ.clear()
            os.environ.update(environment)
        if folder and _working_folder() != folder:
            with contextlib.suppress(OSError):  # deleted
                os.chdir(folder)

    return put_back


def _working_folder():
    try:
        return os.getcwd()
    except OSError:  # deleted
        return None


def _keras_settings():
    keras = sys.modules.get("keras")
    settings = {name: getattr(keras.config, name)() for name in _KERAS_SETTINGS} if keras else {}

    def put_back():
        for name, value in settings.items():
            getattr(keras.config, f"set_{name}")(value)

    return put_back


def _figures():
    def opened():
        pyplot = sys.modules.get("matplotlib.pyplot")
        return set(pyplot.get_fignums()) if pyplot else set()

    before = opened()

    def put_back():
        for number in opened() - before:
            sys.modules["matplotlib.pyplot"].close(number)

    return put_back
