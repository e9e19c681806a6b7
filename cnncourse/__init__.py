"""cnncourse: the helpers that the lessons import.

Importing the package imports neither TensorFlow nor matplotlib; a module that needs
them imports them where they are used. Imported before TensorFlow, the package keeps
TensorFlow's start-up notices out of the notebooks, and has it use oneDNN: by itself TensorFlow
does so only on processors with VNNI instructions, and without it training here costs 1.2 to 2
times as much CPU time. TF_ENABLE_ONEDNN_OPTS=0 turns it off.
"""

import os

from . import _quiet

__version__ = "0.1.0"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
_quiet.install()
