"""JupyterLab for those who take the course: copies to work in, and a page to begin at.

The notebooks of the course stay as they are: JupyterLab opens on the folder `my_lessons` with a
copy of each, without outputs and without a text pair. A copy that somebody has worked in is never
written to again. `config/` is what JupyterLab reads: settings, and a style.
"""

import hashlib
import json
import os
import pathlib
import re

from .. import results
from .._files import written_whole

__all__ = ["FOLDER", "START", "copies", "start", "unworked"]

FOLDER = "my_lessons"
START = "00_start_here.md"
_HERE = pathlib.Path(__file__).parent
_ANEW = "To get the new one, rename yours and start JupyterLab again."
_KEY = "cnncourse"  # in a copy's metadata: {"lesson": digest of its cells as they were copied}


def start(options: list[str]) -> int:
    """Bring the copies up to date, and run JupyterLab on them until it is ended.

    options: JupyterLab's own, such as `--no-browser`. Raises FileNotFoundError outside the
    course's folder.
    """
    base = results.root()
    if base is None:
        raise FileNotFoundError(
            f"the course's folder was not found above {pathlib.Path.cwd()}; start from inside it."
        )
    for name in copies(base):
        print(f"{name} of the course has changed; your copy stays as it is. {_ANEW}")
    above = os.environ.get("JUPYTER_CONFIG_PATH")
    config = _HERE / "config"
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join([str(config), *([above] if above else [])])
    from jupyterlab.labapp import LabApp

    looks = {"static_custom_path": [str(config / "custom")]}
    LabApp.launch_instance(
        [
            f"--ServerApp.root_dir={base / FOLDER}",
            f"--ServerApp.tornado_settings={looks}",
            f"--LabApp.default_url=/lab/workspaces/cnncourse/tree/{START}",
            *options,
        ]
    )
    return 0


def copies(base: pathlib.Path) -> list[str]:
    """Bring `my_lessons/` up to the course, and return the names of copies that are behind it.

    base: the course's folder. A lesson without a copy gets one, and so does one whose copy nobody
    has worked in: no cell differs from what was copied, and none has an output. Any other copy
    stays as it is; it is behind where its lesson has changed since. Raises FileNotFoundError where
    there are no lessons, ValueError where one is no notebook.
    """
    notebooks = base / "notebooks"
    lessons = sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))
    if not lessons:
        raise FileNotFoundError(f"{notebooks}: expected lessons named NN_topic.ipynb; found none.")
    behind, rows = [], []
    for path in [*lessons, *sorted(notebooks.glob("further/*.ipynb"))]:
        name = path.relative_to(notebooks).as_posix()
        notebook = json.loads(unworked(f"notebooks/{name}", path.read_bytes()))
        rows.append(_row(name, notebook))
        digest = _digest(notebook)
        notebook["metadata"][_KEY] = {"lesson": digest}
        copy = base / FOLDER / name
        if not copy.exists():
            _write(copy, notebook)
        elif (copied := _copied(copy)) != digest and copied is not None:
            if _worked_in(copy, copied):
                behind.append(name)
            else:
                _write(copy, notebook)
    _write_start(base / FOLDER / START, rows, behind)
    return behind


def unworked(name: str, content: bytes) -> bytes:
    """Return a notebook as nobody has run it: no outputs, and no pair to keep in step with.

    content: the .ipynb. Raises ValueError, which begins with `name`, where it is no notebook.
    """
    try:
        notebook = json.loads(content)
        for cell in notebook["cells"]:
            cell["metadata"].pop("execution", None)
            if cell["cell_type"] == "code":
                cell |= {"execution_count": None, "outputs": []}
        kept = {key: notebook["metadata"][key] for key in ("kernelspec",)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{name}: expected a notebook ({type(error).__name__}: {error})."
        ) from error
    notebook["metadata"] = kept | {"language_info": {"name": "python"}}
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def _digest(notebook: dict) -> str:
    """Return the digest of what stands in the cells, however their lines are stored."""
    cells = [[cell["cell_type"], "".join(cell["source"])] for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _copied(copy: pathlib.Path) -> str | None:
    """Return the digest of the lesson that a copy was made from; None where it does not say."""
    try:
        return str(json.loads(copy.read_bytes())["metadata"][_KEY]["lesson"])
    except (ValueError, KeyError, TypeError):
        return None


def _worked_in(copy: pathlib.Path, copied: str) -> bool:
    try:
        notebook = json.loads(copy.read_bytes())
        return _digest(notebook) != copied or any(c.get("outputs") for c in notebook["cells"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return True


def _write(copy: pathlib.Path, notebook: dict) -> None:
    with written_whole(copy) as stream:
        stream.write((json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode())


def _row(name: str, notebook: dict) -> str:
    """Return a lesson's row on the first page, from what the lesson says of itself."""
    text = "".join(notebook["cells"][0]["source"])
    title = re.search(r"(?m)^# (.+)$", text)
    minutes = re.search(r"(?m)^- \*\*Time\*\*: (\d+) minutes", text)
    number = name[:2] if "/" not in name else ""
    link = f"[{title[1] if title else name}]({name})"
    return f"| {number} | {link} | {minutes[1] if minutes else ''} |"


def _write_start(path: pathlib.Path, rows: list[str], behind: list[str]) -> None:
    table = "\n".join(["| | lesson | minutes |", "| --- | --- | --- |", *rows])
    told = ""
    if behind:
        listed = ", ".join(f"[{name}]({name})" for name in behind)
        told = f"**Changed since you began:** {listed}. Your copies stay as they are. {_ANEW}"
    text = (_HERE / "start.md").read_text("utf-8")
    text = text.replace("<!-- the lessons -->", table).replace("<!-- what has changed -->", told)
    with written_whole(path) as stream:
        stream.write(text.encode())
