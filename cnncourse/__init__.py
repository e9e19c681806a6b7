"""cnncourse: the helpers that the lessons import.

Importing the package imports neither TensorFlow nor matplotlib; a module that needs
them imports them where they are used. Imported before TensorFlow, the package keeps
TensorFlow's start-up notices out of the notebooks.
"""

import os

from . import _quiet

__version__ = "0.1.0"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
_quiet.install()
