"""Keep TensorFlow's start-up notices out of the notebooks.

TensorFlow 2.21 writes them to the process's standard error before any setting of its own can
stop them (TF_CPP_MIN_LOG_LEVEL acts later), and a notebook shows them as the output of its
first cell. While TensorFlow is imported and looks for devices, standard error goes to a
file; if the import fails, what was written is shown.
"""

import contextlib
import importlib.abc
import importlib.machinery
import os
import sys
import tempfile
from collections.abc import Iterator


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_quietly(module):
                with _standard_error_kept():
                    load(module)
                    module.config.list_physical_devices()

            spec.loader.exec_module = load_quietly
        return spec


@contextlib.contextmanager
def _standard_error_kept() -> Iterator[None]:
    """Send file descriptor 2 to a file; show it after all when the block raises."""
    with tempfile.TemporaryFile() as kept:
        saved = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        except BaseException:
            kept.seek(0)
            os.write(saved, kept.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def install() -> None:
    """Quiet the import of TensorFlow, if that is still to come."""
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())
