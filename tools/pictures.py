"""Make the pictures of the guide for instructors, from the class that the tests grade.

python -m tools.pictures    (needs bubblewrap and Chromium; writes site/_static/grading_*.png)
"""

import io
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[1]
STATIC = ROOT / "site" / "_static"
WIDTH = 860  # pixels of a window
PICTURES = {  # where, of which page, how high
    "grading_class.png": ("class.html", 988),
    "grading_feedback.png": ("feedback/a-mistake-01.html", 722),
}


def class_of_the_tests(folder: pathlib.Path) -> None:
    """Write the submissions of lesson 01 in every state, as tests/test_grade.py makes them."""
    sys.path.insert(0, str(ROOT / "tests"))
    from test_grade import BROKEN, as_bytes, states, write_class

    made = {student: as_bytes(notebook) for student, (notebook, _) in states().items()}
    made |= {student: content for student, (content, _) in BROKEN.items()}
    write_class(folder, made)


def shots(out: pathlib.Path) -> dict[str, bytes]:
    """Return the pictures of graded pages: PNG, in the light theme."""
    from conftest import chromium  # of the tests, as the class is
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        found = {}
        for name, (page, height) in PICTURES.items():
            tab.goto((out / page).as_uri())
            whole = tab.evaluate("document.documentElement.scrollHeight")
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": min(height, whole)}
            found[name] = tab.screenshot(clip=clip, full_page=True)
        browser.close()
    return found


def small(picture: bytes) -> bytes:
    """The picture with 64 colours, as text on white needs no more."""
    stream = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(64).save(stream, "PNG", optimize=True)
    return stream.getvalue()


def main() -> int:
    """Grade the class, take the pictures, write them; return 0."""
    with tempfile.TemporaryDirectory() as folder:
        given, out = pathlib.Path(folder, "class"), pathlib.Path(folder, "graded")
        class_of_the_tests(given)
        command = [sys.executable, "-m", "cnncourse", "grade", given, "--out", out, "--seed", "7"]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name, picture in shots(out).items():
            (STATIC / name).write_bytes(small(picture))
            print(f"{STATIC / name}: {(STATIC / name).stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
