"""Figure "confusion" in a real browser: every cell counts right and shows its own images."""

import base64
import io
import pathlib
import re

from cnncourse import figures, results
from cnncourse.figures import confusion

import nbformat
import numpy as np
import PIL.Image
import pytest
from sklearn import metrics

LESSON = pathlib.Path(__file__).parents[1] / "notebooks" / "04_cifar10_confusion.ipynb"


@pytest.fixture(scope="module")
def predicted():
    """Labels, probabilities and images of 1,500 made-up images; no ship is called frog.

    An image of class c that is called d has the mean colour 10 + 20 c, 10 + 20 d, so that a tile
    can be recognised after its compression.
    """
    rng = np.random.default_rng(4)
    y_true = rng.choice(10, 1_500, p=np.arange(1, 11) / 55)
    logits = rng.normal(size=(1_500, 10)) + 2 * np.eye(10)[y_true]
    logits[y_true == 8, 6] = -9
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    called = probabilities.argmax(axis=1)
    images = np.zeros((1_500, 32, 32, 3), np.uint8)
    for channel, values in enumerate((10 + 20 * y_true, 10 + 20 * called, np.full(1_500, 90))):
        images[..., channel] = np.clip(values[:, None, None] + rng.normal(size=(32, 32)), 0, 255)
    return y_true, probabilities, images


NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


@pytest.fixture(scope="module")
def figure(predicted):
    y_true, probabilities, images = predicted
    return figures.show(
        "confusion",
        y_true=y_true,
        probabilities=probabilities,
        images=images,
        class_names=NAMES,
        caption="made up",
    )


@pytest.fixture
def page(figure_page, figure):
    return figure_page(figure.html())


def cell(page, true, called):
    return page.get_by_role("gridcell", name=f"{true} called {called}:")


def grid(page):
    """The labels of rows and columns and the numbers, as they are read."""
    rows = page.locator(".cf-confusion-matrix tr").evaluate_all(
        "rows => rows.map(row => ['th', 'td'].map(\n"
        "  kind => [...row.querySelectorAll(kind)].map(cell => cell.textContent)))"
    )
    (columns, _), *others = rows
    numbers = [[int(text) for text in cells] for _, cells in others]
    return [label for (label,), _ in others], columns, np.array(numbers)


def test_the_numbers_are_scikit_learn_s_in_every_view(page, predicted):
    y_true, probabilities, _ = predicted
    matrix = metrics.confusion_matrix(y_true, probabilities.argmax(axis=1))
    labels, columns, numbers = grid(page)
    assert labels == columns == NAMES
    np.testing.assert_array_equal(numbers, matrix)
    assert numbers.sum() == len(y_true)

    page.get_by_label("most mistakes first").check()
    recall = np.diag(matrix) / matrix.sum(axis=1)
    order = np.argsort(recall, kind="stable")
    labels, columns, numbers = grid(page)
    assert labels == columns == [NAMES[i] for i in order]
    np.testing.assert_array_equal(numbers, matrix[np.ix_(order, order)])

    page.get_by_label("percent of the row").check()
    shares = 100 * matrix / matrix.sum(axis=1, keepdims=True)
    assert np.abs(grid(page)[2] - shares[np.ix_(order, order)]).max() <= 0.5
    page.get_by_label("as in the data").check()
    assert grid(page)[0] == NAMES


def test_every_cell_shows_its_own_surest_images_and_says_its_count(page, predicted):
    y_true, probabilities, _ = predicted
    called = probabilities.argmax(axis=1)
    matrix = metrics.confusion_matrix(y_true, called)
    page.wait_for_function(
        "document.querySelector('.cf-confusion canvas').getContext('2d')"
        ".getImageData(9, 9, 1, 1).data[3] === 255"
    )
    read = """() => {
      const shown = [];
      for (const td of document.querySelectorAll('.cf-confusion-matrix td[role=gridcell]')) {
        td.click();
        shown.push({
          says: document.querySelector('.cf-confusion-says').textContent,
          images: [...document.querySelectorAll('.cf-confusion-images > div')].map((one) => {
            const canvas = one.querySelector('canvas');
            const pixels = canvas.getContext('2d').getImageData(0, 0, 32, 32).data;
            const mean = [0, 1].map((c) => pixels.filter((_, i) => i % 4 === c)
              .reduce((a, b) => a + b) / 1024);
            const lines = [...one.querySelectorAll('.cf-confusion-line')].map((line) =>
              [...line.children].map((part) => part.textContent));
            return { place: Number(canvas.dataset.place), mean, lines };
          }),
        });
      }
      return shown;
    }"""  # fmt: skip
    for number, shown in enumerate(page.evaluate(read)):
        true, guess = divmod(number, 10)
        there, back = matrix[true, guess], matrix[guess, true]
        other = [] if true == guess else [back, matrix[guess].sum()]
        plain = re.sub(r" \((?:under )?\d+%\)", "", shown["says"])
        assert [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", plain)] == [
            matrix[true].sum(),
            there,
            *other,
        ]
        assert f"labelled {NAMES[true]}" in plain
        assert f"called {NAMES[guess]}" in plain
        inside = np.flatnonzero((y_true == true) & (called == guess))
        surest = inside[np.argsort(-probabilities[inside, guess])][:8]
        assert [image["place"] for image in shown["images"]] == surest.tolist()
        for image in shown["images"]:
            np.testing.assert_allclose(image["mean"], [10 + 20 * true, 10 + 20 * guess], atol=4)
            own = probabilities[image["place"]]
            names = [name.removeprefix("✓ ") for name, _ in image["lines"]]
            assert f"✓ {NAMES[true]}" in [name for name, _ in image["lines"]]
            assert names[0] == NAMES[guess]
            for name, (_, part) in zip(names, image["lines"], strict=True):
                assert abs(int(part.rstrip("%")) - 100 * own[NAMES.index(name)]) <= 0.5 + 1e-6
    assert matrix[8, 6] == 0  # an empty cell was among them
    cell(page, "ship", "frog").click()
    assert page.get_by_text("There is no image to show.").is_visible()


def test_keys_move_in_the_grid(page):
    keys = page.keyboard
    for _ in range(3):  # the two switches, then one stop for the whole grid
        keys.press("Tab")
    focused = "document.activeElement.ariaLabel"
    start = page.evaluate(focused)
    assert start == page.locator("td[aria-selected=true]").get_attribute("aria-label")
    keys.press("Control+Home")
    assert page.evaluate(focused).startswith("airplane called airplane: ")
    keys.press("ArrowUp")  # no further
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowRight"):
        keys.press(key)
    assert page.evaluate(focused).startswith("cat called automobile: ")
    assert "labelled cat" in page.locator(".cf-confusion-says").text_content()
    keys.press("End")
    assert page.evaluate(focused).startswith("cat called truck: ")
    keys.press("ArrowRight")
    keys.press("Control+End")
    assert page.evaluate(focused).startswith("truck called truck: ")
    assert "these are right" in page.locator(".cf-confusion-says").text_content()
    assert page.locator("td[aria-selected=true]").count() == 1
    assert page.locator("td[tabindex='0']").count() == 1
    keys.press("ArrowLeft")
    assert page.evaluate(focused).startswith("truck called ship: ")
    # The switches leave the choice where it is.
    page.get_by_label("most mistakes first").check()
    chosen = page.locator("td[aria-selected=true]")
    assert chosen.get_attribute("aria-label").startswith("truck called ship: ")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(theme, figure, figure_page):
    page = figure_page(figure.html(), theme=theme)
    page.get_by_label("percent of the row").check()
    assert page.findings() == []
    cell(page, "ship", "frog").click()
    assert page.findings() == []


def test_it_fits_a_phone_and_answers_to_touch(figure, figure_page):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    page = figure_page(figure.html(), **phone)
    for width in (320, 360):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    cell(page, "dog", "cat").tap()
    page.get_by_text("images labelled dog").wait_for()
    sizes = page.locator("td[role=gridcell]").evaluate_all(
        "(all) => all.map((td) => [td.clientWidth, td.scrollWidth])"
    )
    assert all(inner <= outer for outer, inner in sizes)  # no number is cut off


def test_the_lesson_s_figure_is_the_matrix_on_record():
    (output,) = [
        output
        for code in nbformat.read(LESSON, as_version=4).cells
        for output in code.get("outputs", [])
        if figures.MIME in output.get("data", {})
    ]
    figure = output.data[figures.MIME]
    stored = results.load("04_cifar10_confusion")
    recorded = [e["value"] for e in stored.numbers if e["name"].startswith("matrix_")]
    assert figure["name"] == "confusion"
    assert np.ravel(figure["data"]["matrix"]).tolist() == recorded
    true, guess = np.unravel_index(
        np.argmax(figure["data"]["matrix"] - 1_000 * np.eye(10)), (10, 10)
    )
    count = figure["data"]["matrix"][true][guess]
    words = output.metadata["image/png"]["alt"]
    names = figure["data"]["class_names"]
    assert f"labelled {names[true]}, {count} were called {names[guess]}" in words
    assert len(figure["data"]["sprite"]) < 300_000


# The Python side --------------------------------------------------------------------------------


def test_the_sprite_and_the_still(figure, predicted):
    data = figure.data
    sheet = PIL.Image.open(io.BytesIO(base64.b64decode(data["sprite"].partition(",")[2])))
    assert sheet.size == (32 * 32, -(-len(data["places"]) // 32) * 32)
    assert len(data["places"]) == np.minimum(data["matrix"], 8).sum()
    drawn = confusion.draw(data)
    texts = [text.get_text() for text in drawn.axes[0].texts]
    assert texts == [str(count) for count in np.ravel(data["matrix"])]
    true, guess = np.unravel_index(np.argmax(data["matrix"] - 1_000 * np.eye(10)), (10, 10))
    assert f"labelled {NAMES[true]}, {data['matrix'][true][guess]} were called {NAMES[guess]}" in (
        figure.alt
    )
    tile, percent = confusion._tiles(data, true, guess)[0]
    np.testing.assert_allclose(
        tile.mean(axis=(0, 1))[:2], [10 + 20 * true, 10 + 20 * guess], atol=4
    )
    assert percent.argmax() == guess
    assert figure.still[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_true": np.zeros((3, 10))}, "y_true: expected whole numbers"),
        (
            {"y_true": [0, 1]},
            "y_true, probabilities and images: expected one an image.* found 2, 3",
        ),
        ({"y_true": [0, 1, 2]}, "y_true: expected 0 to 1, an index into the 2 class names"),
        ({"probabilities": np.ones((3, 2))}, "probabilities: expected rows.*add up to 1"),
        ({"probabilities": np.ones((3, 4)) / 4}, r"probabilities: expected \(N, 2\)"),
        ({"images": np.zeros((3, 32, 32, 3))}, "images: expected uint8 of shape.*found float64"),
        ({"images": np.zeros((3, 8, 8, 3), bool)}, "images: expected uint8 of shape.*found bool"),
        ({"images": np.zeros((3, 8, 8, 3), int).tolist()}, "images: expected uint8.*found int64"),
        ({"images": np.zeros((3, 28, 28), np.uint8)}, r"images: expected uint8 .*\(3, 28, 28\)"),
        ({"images": np.zeros((3, 32, 16, 3), np.uint8)}, "expected squares .* found 32 by 16"),
        ({"images": np.zeros((3, 99, 99, 3), np.uint8)}, "at most 64 by 64 pixels"),
        ({"class_names": "ab"}, "class_names: expected 2 to 12 texts; found 'ab'"),
        ({"class_names": ["cat"]}, "class_names: expected 2 to 12 texts"),
        ({"each": 0}, "each: expected a whole number from 1 to 8; found 0"),
    ],
)
def test_wrong_data_says_what_was_expected(change, message):
    given = {
        "y_true": [0, 1, 1],
        "probabilities": np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]),
        "images": np.zeros((3, 32, 32, 3), np.uint8),
        "class_names": ["cat", "dog"],
    }
    assert figures.show("confusion", **given).data["matrix"] == [[1, 0], [1, 1]]
    with pytest.raises(ValueError, match=message):
        figures.show("confusion", **(given | change))
