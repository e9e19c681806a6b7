"""Photographs in folders: every file looked at, a clean copy made, nothing passed over in silence.

`read` gives one photograph as an array. `prepare` looks at a folder and writes what is usable
into a cache folder, as RGB files in {train,validation}/<class>/, which
`keras.utils.image_dataset_from_directory` reads. What a file is, its content decides, not its
name. The folder itself is never changed.

A file is left out when it is no picture, empty, truncated, damaged, beyond a limit, unreadable,
hidden, not in the folder of a class, or the same picture as another. It is converted when it is
CMYK, palette, grey, 1 or 16 bits, transparent (put on white), animated (its first frame is
kept), turned by EXIF, wrongly named, or larger than the copy needs.
"""

from .copy import prepare
from .decode import FILE_LIMIT, LONGER_SIDE, PIXEL_LIMIT, SHORTER_SIDE, PhotoError, read, shown
from .folder import files
from .report import Tidy

__all__ = [
    "FILE_LIMIT",
    "LONGER_SIDE",
    "PIXEL_LIMIT",
    "SHORTER_SIDE",
    "PhotoError",
    "Tidy",
    "files",
    "prepare",
    "read",
    "shown",
]
