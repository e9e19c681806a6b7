"""cnncourse: the helpers that the lessons import.

Importing the package imports neither TensorFlow nor matplotlib; a module that needs
them imports them where they are used. Imported before TensorFlow, the package keeps
TensorFlow's start-up notices out of the notebooks.
"""

import contextlib
import os

from . import _quiet
from ._files import given_path

__version__ = "0.1.0"

# A relative folder is meant from where the command stands; its kernels stand elsewhere.
for _variable in ("CNNCOURSE_DATA", "CNNCOURSE_PHOTOS", "KERAS_HOME", "XDG_CACHE_HOME"):
    if os.environ.get(_variable):
        with contextlib.suppress(OSError):
            os.environ[_variable] = str(given_path(os.environ[_variable]))

# Without a home Keras makes a folder named ~ where it stands; of what cannot be there it says
# nothing and makes none.
if os.path.expanduser("~") == "~":
    os.environ.setdefault("KERAS_HOME", os.path.join(os.devnull, "keras"))

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
_quiet.install()
