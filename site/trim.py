"""After Sphinx: add what readers download, and take away what no page uses."""

import pathlib
import shutil


def trim(source: pathlib.Path, new: pathlib.Path, root: pathlib.Path) -> None:
    """Finish the site in `new`."""
    shutil.copytree(source / "pictures", new / "pictures", dirs_exist_ok=True)
    for path in sorted((root / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        shutil.copyfile(path, new / "notebooks" / path.name)
    student = root / "build" / "cnncourse-student.zip"
    if student.is_file():
        shutil.copyfile(student, new / student.name)
    for pattern in (
        "**/*.map",
        "**/*.LICENSE.txt",
        ".buildinfo*",
        "objects.inv",
        "_static/scripts/fontawesome.js",
        "_static/images/logo_*",
        "_static/*.png",
        "_static/webpack-macros.html",
        "_static/sbt-webpack-macros.html",
    ):
        for path in new.glob(pattern):
            path.unlink()
    for folder in ("_sources", "_static/vendor", "_static/locales", "_static/sphinx_highlight"):
        shutil.rmtree(new / folder, ignore_errors=True)
