"""Figure "lenet" in a real browser: its network is Keras's, and a digit can be drawn and read."""

import functools
import itertools
import math
import pathlib
import re
import types

from cnncourse import figures
from cnncourse.figures import lenet

import keras
import nbformat
import numpy as np
import pytest
from keras import layers
from scipy import ndimage

LESSON = pathlib.Path(__file__).parents[1] / "notebooks" / "05_lenet5.ipynb"


@functools.cache
def stored():
    """The figure that the full run of lesson 05 left: its data, its still and its words."""
    for cell in nbformat.read(LESSON, as_version=4).cells:
        for output in cell.get("outputs", []):
            figure = output.get("data", {}).get(figures.MIME)
            if figure:
                assert figure["name"] == "lenet"
                words = output.metadata["image/png"]["alt"]
                return figure["data"], output.data["image/png"], words
    raise AssertionError("lesson 05 has no figure in its stored outputs")


def network(**changes):
    """The network of lesson 05 as it is usually written today, with some of its options changed."""
    return keras.Sequential(
        [
            keras.Input(changes.get("input", (28, 28, 1))),
            layers.Rescaling(1 / 255),
            layers.Conv2D(6, 5, activation=changes.get("activation", "relu")),
            changes.get("pooling", layers.MaxPooling2D)(2),
            layers.Conv2D(16, 5, activation="relu", padding=changes.get("padding", "valid")),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(120, activation="relu"),
            layers.Dense(84, activation="relu"),
            layers.Dense(10, activation=changes.get("output", "softmax")),
        ]
    )


@pytest.fixture(scope="module")
def trained():
    """A Keras model with the weights that the stored figure has, and its data."""
    data, _, _ = stored()
    model = network()
    weighted = (layer for layer in data["layers"] if "weights" in layer)
    model.set_weights([figures.unpack(row[key]) for row in weighted for key in ("weights", "bias")])
    assert model.count_params() == 44_426
    return model, data


@pytest.fixture
def page(figure_page):
    return figure_page(figures.html("lenet", *stored()))


def every_layer(model, images):
    """The outputs of all layers that the figure shows, channels first as the module has them."""
    wanted = [
        layer.output
        for layer in model.layers
        if isinstance(layer, layers.Conv2D | layers.MaxPooling2D | layers.Dense)
    ]
    found = keras.Model(model.inputs[0], wanted)(images[..., None].astype("float32"))
    return [np.moveaxis(np.array(f), -1, 1) if f.ndim == 4 else np.array(f) for f in found]


def answer(page):
    return " ".join(page.locator(".cf-lenet-answer").inner_text().split())


def seen(page):
    """The pixels that are shown as the network's input, (28, 28)."""
    read = "(c) => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].filter((_, i) => i%4==0)"
    return np.reshape(page.locator(".cf-lenet-seen").evaluate(read), (28, 28))


# What it computes -------------------------------------------------------------------------------


def test_every_map_and_output_equals_keras(page, trained, real):
    model, data = trained
    rng = np.random.default_rng(5)
    images = np.concatenate(
        [
            real("mnist").x_test[rng.choice(10_000, 24, replace=False)],
            rng.integers(0, 256, (8, 28, 28), np.uint8),
            np.zeros((1, 28, 28), np.uint8),
        ]
    )
    call = """(() => {
      const network = m.build(given.data);
      return given.images.map((pixels) => m.forward(network, pixels).map((o) => [...o]));
    })()"""
    found = page.in_module(call, {"data": data, "images": images.reshape(-1, 784).tolist()})
    expected = every_layer(model, images)
    assert [output.shape[1:] for output in expected[:4]] == [
        (6, 24, 24),
        (6, 12, 12),
        (16, 8, 8),
        (16, 4, 4),
    ]
    for number, output in enumerate(expected):
        browser = np.array([image[number] for image in found])
        np.testing.assert_allclose(browser, output.reshape(len(images), -1), rtol=1e-4, atol=1e-4)
    assert (np.argmax([image[-1] for image in found], 1) == expected[-1].argmax(1)).all()


def test_what_is_drawn_on_the_page_is_what_keras_computes(page, trained):
    """The colours of maps and kernels, not only the numbers behind them."""
    model, data = trained
    digits = figures.unpack(data["digits"])
    outputs = every_layer(model, digits)
    pixels = """(canvas) => [...canvas.getContext("2d")
      .getImageData(0, 0, canvas.width, canvas.height).data].filter((_, i) => i % 4 != 3)"""
    page.locator(".cf-lenet-strip button").nth(13).click()
    purple = np.array([0x4A, 0x20, 0x81])
    for name, layer, number in (("convolution 1", 0, 3), ("pooling 2", 3, 9)):
        canvas = page.get_by_role("button", name=f"Map {number} of {name}", exact=True)
        output = outputs[layer]
        share = np.minimum(output[13, number] / output.max(), 1)[..., None]
        shown = np.reshape(canvas.locator("canvas").evaluate(pixels), (*output.shape[2:], 3))
        assert np.abs(shown - (255 + share * (purple - 255))).max() <= 1
    read = data["class_names"][outputs[-1][13].argmax()]
    label = data["class_names"][data["labels"][13]]
    assert answer(page) == f"Labelled {label}. Read as {read}, {outputs[-1][13].max():.0%}"
    assert read != label  # the strip's second half is what the network misreads

    page.get_by_role("button", name="Map 5 of convolution 2", exact=True).click()
    assert "map 5 of convolution 2" in page.locator(".cf-lenet-detail .cf-title").inner_text()
    kernels = page.get_by_role("img", name=re.compile("^kernel for map"))
    assert kernels.count() == 6
    weights = figures.unpack(data["layers"][2]["weights"])[..., 5]
    for source in range(6):
        shown = np.reshape(kernels.nth(source).evaluate(pixels), (5, 5, 3))
        strong = np.abs(weights[..., source]) > 0.1 * np.abs(weights).max()
        bluer = np.sign(shown[..., 2] - shown[..., 0])  # purple above zero, brown below
        assert (bluer == np.sign(weights[..., source]))[strong].all()


SEVEN = [[(0.25, 0.2), (0.75, 0.2), (0.45, 0.85)]]
ONE = [[(0.5, 0.15), (0.48, 0.85)]]
ZERO = [
    [
        (0.5 - 0.22 * math.sin(turn / 16 * math.pi), 0.5 - 0.33 * math.cos(turn / 16 * math.pi))
        for turn in range(33)
    ]
]


def in_pixels(strokes, scale=28.0, left=0.0, top=0.0):
    return [[(left + scale * x, top + scale * y) for x, y in stroke] for stroke in strokes]


def test_strokes_are_brought_into_the_form_of_mnist(page):
    drawn = [in_pixels(shape) for shape in (SEVEN, ONE, ZERO)]
    small = [in_pixels(shape, scale=9, left=2, top=15) for shape in (SEVEN, ONE, ZERO)]
    dot, wide = [[(3.0, 4.0)]], [[(0.0, 1.0), (28.0, 2.0)]]
    given = [*drawn, *small, dot, wide, [[(0.0, 0.0), (28.0, 28.0)], [(28.0, 0.0), (28.0, 0.5)]]]
    images = np.reshape(
        page.in_module("given.map((s) => [...m.likeMnist(s)])", given), (-1, 28, 28)
    )
    assert (images == images.round()).all()
    assert images.min() == 0
    assert (images.max(axis=(1, 2)) == 255).all()
    for image in images:
        rows, columns = np.nonzero(image > 64)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert max(height, width) <= 21
        assert max(height, width) >= 19 or len(rows) < 12  # a dot stays one
        assert (
            np.abs(np.subtract(ndimage.center_of_mass(image), 14)).max() < 0.6
            or image[[0, -1]].any()
        )
    # Size and place of the drawing make no difference.
    np.testing.assert_allclose(images[:3], images[3:6], atol=2)
    # The ink of a plain one is that of MNIST's: its ones have about 60 pixels full of it.
    assert 40 < images[1].sum() / 255 < 70
    nothing = page.in_module("[...m.likeMnist([])]")
    assert nothing == [0] * 784


# How it is worked -------------------------------------------------------------------------------


def draw(page, strokes):
    box = page.locator(".cf-lenet-pad").bounding_box()
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=4)
        page.mouse.up()


def test_a_digit_drawn_with_the_mouse_is_read(page):
    clear, undo = (page.get_by_role("button", name=n) for n in ("Clear", "Undo stroke"))
    invitation = page.get_by_text("draw here")
    assert answer(page).startswith("Nothing drawn, and yet read as ")
    assert undo.is_disabled()
    for shape, name in ((ONE, "one"), (SEVEN, "seven"), (ZERO, "zero")):
        assert invitation.is_visible()
        draw(page, shape)
        assert not invitation.is_visible()
        assert answer(page).startswith(f"Read as {name}, ")
        best = page.locator(".cf-lenet-best").inner_text().split()
        assert best == [answer(page).split(", ")[1], name]
        clear.click()
        assert answer(page).startswith("Nothing drawn, and yet read as ")
        assert clear.is_disabled()
        assert not seen(page).any()
    draw(page, ONE)
    one = seen(page)
    draw(page, [[(0.2, 0.5), (0.8, 0.5)]])
    assert (seen(page) != one).any()
    undo.click()
    np.testing.assert_array_equal(seen(page), one)
    assert page.locator("[aria-live]").text_content().startswith("Stroke undone. Read as one")


def test_a_test_digit_can_be_drawn_on(page):
    data = stored()[0]
    page.locator(".cf-lenet-strip button").nth(1).click()
    digit = figures.unpack(data["digits"])[1]
    assert not page.get_by_text("draw here").is_visible()
    np.testing.assert_array_equal(seen(page), digit)
    draw(page, [[(0.1, 0.9), (0.9, 0.9)]])
    more = seen(page)
    assert (more >= digit).all()
    assert (more[25, 4:24] == 255).all()
    assert (more[:23] == digit[:23]).all()
    page.get_by_role("button", name="Clear").click()
    draw(page, SEVEN)
    assert answer(page).startswith("Read as seven")


def test_a_digit_drawn_with_a_finger_is_read_and_nothing_scrolls(figure_page):
    page = figure_page(
        figures.html("lenet", *stored()),
        viewport={"width": 360, "height": 740},
        has_touch=True,
        is_mobile=True,
    )
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".cf-lenet-pad").scroll_into_view_if_needed()
    box, scrolled = page.locator(".cf-lenet-pad").bounding_box(), page.evaluate("scrollY")
    fingers = page.context.new_cdp_session(page)
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in SEVEN[0]]
    path = [
        np.add(np.multiply(start, 1 - part), np.multiply(end, part)).tolist()
        for start, end in itertools.pairwise(points)
        for part in np.linspace(0, 1, 9)
    ]
    for number, (x, y) in enumerate(path):
        kind = "touchMove" if number else "touchStart"
        touch = {"type": kind, "touchPoints": [{"x": x, "y": y}]}
        fingers.send("Input.dispatchTouchEvent", touch)
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("document.querySelector('.cf-lenet-answer').innerText.includes('seven')")
    assert page.evaluate("scrollY") == scrolled
    page.get_by_role("button", name="Map 2 of pooling 1", exact=True).tap()
    page.get_by_text("Where map 2 of pooling 1 comes from").wait_for()


def test_a_digit_drawn_with_keys_is_read(page):
    keys = page.keyboard
    keys.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Draw a digit"
    assert page.locator(".cf-lenet-cursor").is_visible()
    keys.press("Space")
    for _ in range(17):
        keys.press("ArrowDown")
    keys.press("Space")
    assert page.locator("[aria-live]").text_content().startswith("Pen up. Read as one")
    for key in ("ArrowLeft", "ArrowRight"):
        keys.press(key)  # with the pen lifted nothing is drawn
    assert answer(page).startswith("Read as one")
    keys.press("Backspace")
    assert answer(page).startswith("Nothing drawn")
    for _ in range(17):
        keys.press("ArrowUp")
    for _ in range(5):
        keys.press("ArrowLeft")
    keys.press("Space")
    for _ in range(12):
        keys.press("ArrowRight")
    for _ in range(6):
        for key in ("ArrowDown", "ArrowDown", "ArrowLeft", "ArrowDown"):
            keys.press(key)
    keys.press("Escape")
    assert answer(page).startswith("Read as seven")

    # One stop for each layer's maps, arrows inside.
    page.get_by_role("button", name="Map 0 of convolution 1", exact=True).focus()
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    assert page.evaluate("document.activeElement.ariaLabel") == "Map 2 of convolution 1"
    assert "map 2 of convolution 1" in page.locator(".cf-lenet-detail .cf-title").inner_text()
    keys.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel") == "Map 0 of pooling 1"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_colours_follow_the_page(theme, figure_page):
    page = figure_page(figures.html("lenet", *stored()), theme=theme)
    draw(page, ZERO)
    page.get_by_role("button", name="Map 3 of convolution 2", exact=True).click()
    assert page.findings() == []
    corner = """() => document.querySelector('.cf-lenet-result').getContext('2d')
      .getImageData(0, 0, 1, 1).data[0]"""
    assert (page.evaluate(corner) > 128) == (theme == "light")
    other = "dark" if theme == "light" else "light"
    page.evaluate(f"document.documentElement.dataset.theme = '{other}'")
    page.wait_for_function(f"(({corner})() > 128) == {str(other == 'light').lower()}")


def test_it_may_be_drawn_before_it_stands_on_the_page(page):
    """A notebook puts a widget's element on the page after the widget has been rendered."""
    found = page.in_module("""await (async () => {
      const el = document.createElement("div");
      const stop = m.default.render({ model: { get: () => given }, el });
      await new Promise((done) => setTimeout(done, 50));
      document.body.append(el);
      await new Promise((done) => setTimeout(done, 200));
      const corner = el.querySelector(".cf-lenet-result").getContext("2d").getImageData(0, 0, 1, 1);
      stop();
      return [...corner.data];
    })()""", stored()[0])  # fmt: skip
    assert found == [255, 255, 255, 255]


# The Python side --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": 3}, "model: expected a built Keras model, begun with keras.Input.*found int"),
        ({"model": keras.Sequential([layers.Dense(10)])}, "built Keras model.*found Sequential"),
        ({"model": {"input": (32, 32, 1)}}, r"inputs of shape \(28, 28, 1\); found \(32, 32, 1\)"),
        ({"model": {"activation": "tanh"}}, "conv2d.*: expected activation='relu'; found 'tanh'"),
        ({"model": {"output": None}}, "dense.*: expected activation='softmax'; found 'linear'"),
        ({"model": {"padding": "same"}}, "conv2d.*: expected padding='valid'; found 'same'"),
        (
            {"model": {"pooling": layers.AveragePooling2D}},
            "expected the layers Rescaling, Conv2D, MaxPooling2D.*; found Rescaling, Conv2D, Aver",
        ),
        (
            {"images": np.zeros((2, 28, 28))},
            r"images: expected uint8 of shape \(N, 28, 28\).*float",
        ),
        ({"images": np.zeros((0, 28, 28), np.uint8)}, "images: expected 1 to 40; found 0"),
        ({"images": np.zeros((41, 28, 28), np.uint8)}, "images: expected 1 to 40; found 41"),
        ({"images": np.zeros((2, 28, 28), int).tolist()}, "images: expected uint8.*found int64"),
        ({"model": types.SimpleNamespace(layers=[])}, "a built Keras model.*found SimpleNamespace"),
        ({"labels": [1]}, "labels: expected one an image, 2 in all; found 1"),
        ({"labels": [1, 10]}, "labels: expected 0 to 9"),
        ({"class_names": ["zero", "one"]}, "class_names: expected 10 texts"),
    ],
)
def test_wrong_data_says_what_was_expected(change, message):
    if isinstance(change.get("model"), dict):
        change = {"model": network(**change["model"])}
    given = {
        "model": network(),
        "images": np.zeros((2, 28, 28), np.uint8),
        "labels": [0, 1],
        "class_names": stored()[0]["class_names"],
    }
    with pytest.raises(ValueError, match=message):
        figures.show("lenet", **(given | change))


@pytest.mark.parametrize("count", [1, 40])
def test_a_still_needs_one_digit_and_takes_forty(count):
    images = np.zeros((count, 28, 28), np.uint8)
    figure = figures.show(
        "lenet",
        model=network(),
        images=images,
        labels=[3] * count,
        class_names=stored()[0]["class_names"],
    )
    assert figure.data["digits"]["shape"] == [count, 28, 28]
    assert figure.data["caption"] == ""


def test_still_and_words_are_those_of_the_network(trained, real):
    model, data = trained
    mnist = real("mnist")
    figure = figures.show(
        "lenet",
        model=model,
        images=mnist.x_test[:3, ..., None],
        labels=mnist.y_test[:3],
        class_names=mnist.class_names,
        caption=mnist.caption,
    )
    for ours, there in zip(figure.data["layers"], data["layers"], strict=True):
        assert ours == there
    output = model(mnist.x_test[:1].astype("float32")).numpy()[0]
    assert f"labelled {mnist.class_names[mnist.y_test[0]]}" in figure.alt
    assert f"The highest is {mnist.class_names[output.argmax()]}, with {output.max():.0%}" in (
        figure.alt
    )
    bars = lenet.draw(figure.data).axes[-1].patches
    np.testing.assert_allclose([bar.get_height() for bar in bars], 100 * output, atol=1e-3)
    assert figure.still[:4] == b"\x89PNG"
