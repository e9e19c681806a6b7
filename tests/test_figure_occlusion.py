"""Figure "occlusion" in a real browser: its network is Keras's, and the square can be moved."""

import functools
import re

from cnncourse import figures, resnet
from cnncourse.figures import occlusion

import keras
import numpy as np
import pytest

NAMES = ["airplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
COUNT = 3  # photographs in the figure
DRAWN = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


@functools.cache
def photographs(side=32):
    """Squares of colour that change slowly, with some noise: (COUNT, side, side, 3)."""
    random = np.random.default_rng(4)
    rough = random.integers(0, 256, (COUNT, 4, 4, 3)).repeat(side // 4, 1).repeat(side // 4, 2)
    return np.clip(rough + random.integers(-30, 31, rough.shape), 0, 255).astype(np.uint8)


def network(widths=(6, 8, 10), seed=3, **options):
    """An untrained network whose every weight matters, batch normalisation's among them.

    Its kernels are multiples of a 127th of the largest number of their map, so that 8 bits hold
    them exactly and the figure is to give Keras's numbers.
    """
    keras.utils.set_random_seed(seed)
    options = {"pooling": "mean"} | options
    model = resnet.build(photographs().astype(float), widths, **options)
    random = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = (w.shape for w in layer.get_weights())
            signs = random.choice([-1, 1], gamma)
            layer.set_weights(
                [
                    signs * random.uniform(0.5, 1.5, gamma),
                    random.normal(0, 0.3, beta),
                    random.normal(0, 0.5, mean),
                    random.uniform(0.5, 2, variance),
                ]
            )
        elif isinstance(layer, keras.layers.Conv2D | resnet.Whitening):
            unit = np.abs(layer.kernel).max(axis=(0, 1, 2)) / 127
            layer.kernel.assign(np.round(layer.kernel / unit) * unit)
            if layer.bias is not None:
                layer.bias.assign(random.normal(0, 0.3, layer.bias.shape))
        elif isinstance(layer, keras.layers.Dense):
            layer.kernel.assign(random.normal(0, 0.6, layer.kernel.shape))
    return model


def given(**changes):
    usual = {
        "model": network(),
        "images": photographs(),
        "labels": [3, 8, 5],
        "class_names": NAMES,
        "caption": "drawn for a test",
    }
    return usual | changes


@pytest.fixture(scope="module")
def shown():
    """The network as Keras has it, and the figure of it."""
    arguments = given()
    return arguments["model"], figures.show("occlusion", **arguments)


@pytest.fixture
def page(figure_page, shown):
    return figure_page(shown[1].html())


def covered(image, row, column, size):
    image = image.copy()
    image[row : row + size, column : column + size] = 128
    return image


def probabilities(model, *images):
    logits = model(np.array(images, "float32"))
    return np.array(keras.ops.softmax(logits))


def pixels(page):
    """The photograph as it stands there, with the square: (32, 32, 3)."""
    page.evaluate(DRAWN)
    read = """(c) => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]
      .filter((_, i) => i % 4 != 3)"""
    return np.reshape(page.locator(".cf-occlusion-photo").evaluate(read), (32, 32, 3))


def drawn(page):
    """What the bars, their marks and the numbers beside them say, each in percent."""
    page.evaluate(DRAWN)
    part = lambda kind, side: [  # noqa: E731
        float(mark.evaluate(f"(mark) => parseFloat(mark.style.{side})"))
        for mark in page.locator(f".cf-occlusion-{kind}").all()
    ]
    values = [text.rstrip("%") for text in page.locator(".cf-occlusion-value").all_inner_texts()]
    return part("bar", "width"), part("mark", "left"), [int(value) for value in values]


def shows(page, model, photograph, row, column, size):
    """Whether photograph, bars and words are those of a square at this place."""
    image = photographs()[photograph]
    under = covered(image, row, column, size)
    before, now = 100 * probabilities(model, image, under)
    bars, marks, values = drawn(page)
    np.testing.assert_array_equal(pixels(page), under)
    np.testing.assert_allclose(bars, now, atol=0.02)
    np.testing.assert_allclose(marks, before, atol=0.02)
    assert values == np.round(now).astype(int).tolist()
    label = NAMES[given()["labels"][photograph]]
    says = " ".join(page.locator(".cf-occlusion-says").inner_text().split())
    logits = np.array(model(np.array([image, under], "float32")))
    fall = logits[0, NAMES.index(label)] - logits[1, NAMES.index(label)]
    assert says.startswith(f"Labelled {label}. Without the square: {NAMES[before.argmax()]}, ")
    assert f"With it: {NAMES[now.argmax()]}, {now.max():.0f}%." in says
    assert f"The logit of {label} {'rises' if fall < 0 else 'falls'} by" in says
    assert abs(float(re.search(r"by ([\d.]+)\.$", says)[1]) - abs(fall)) < 0.006


# What it computes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "widths"),
    [(32, (6, 8, 10)), (16, (5,)), (24, (4, 7))],
)
def test_logits_equal_keras(side, widths, page):
    random = np.random.default_rng(side)
    model = network(widths, seed=side)
    images = photographs(side)
    data = figures.show("occlusion", **given(model=model, images=images)).data
    places = random.integers(0, side - 7, (COUNT, 2)).tolist()
    found = page.in_module(
        """(() => {
          const network = m.build(given.data);
          return given.images.map((pixels, i) => [
            m.logitsOf(network, pixels),
            m.logitsOf(network, m.cover(pixels, given.side, given.places[i], 8)),
          ]);
        })()""",
        {
            "data": data,
            "images": images.reshape(COUNT, -1).tolist(),
            "side": side,
            "places": places,
        },
    )
    under = [covered(image, *place, 8) for image, place in zip(images, places, strict=True)]
    for number, seen in enumerate((images, under)):
        logits = np.array(model(np.array(seen, "float32")))
        assert np.ptp(logits) > 0.5
        np.testing.assert_allclose([pair[number] for pair in found], logits, rtol=1e-3, atol=2e-3)


def test_eight_bits_change_little():
    """Weights that 8 bits do not hold exactly: the probabilities stay within two percent."""
    model = network()
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            layer.kernel.assign(keras.random.normal(layer.kernel.shape, 0, 0.1, seed=2))
    data = occlusion.prepare(**given(model=model))
    for image in photographs():
        rounded = occlusion._probabilities(data, image)
        (exact,) = probabilities(model, image)
        assert np.abs(rounded - exact).max() < 0.02
        assert np.abs(rounded - exact).max() > 0


# How it is worked -------------------------------------------------------------------------------


def test_it_begins_with_the_square_in_the_middle(page, shown):
    shows(page, shown[0], 0, 12, 12, 8)


def test_the_square_follows_the_mouse(page, shown):
    box = page.locator(".cf-occlusion-photo").bounding_box()
    for x, y in ((10, 20), (0, 31), (31, 0)):
        page.mouse.move(
            box["x"] + (x + 0.5) * box["width"] / 32, box["y"] + (y + 0.5) * box["height"] / 32
        )
        row, column = (min(max(at - 3, 0), 24) for at in (y, x))
        shows(page, shown[0], 0, row, column, 8)
    page.mouse.move(box["x"] + 5, box["y"] - 40)  # beside it: the square stays
    shows(page, shown[0], 0, 0, 24, 8)


def test_the_square_follows_keys(page, shown):
    page.locator(".cf-occlusion-photo").focus()
    keys = page.keyboard
    for key in ("ArrowUp", "ArrowUp", "ArrowRight", "Shift+ArrowDown", "Shift+ArrowLeft"):
        keys.press(key)
    shows(page, shown[0], 0, 14, 9, 8)
    for _ in range(9):
        keys.press("Shift+ArrowRight")
    shows(page, shown[0], 0, 14, 24, 8)  # it stays on the photograph
    keys.press("Space")
    without = page.get_by_role("button", name="Take the square away")
    assert without.get_attribute("aria-pressed") == "true"
    np.testing.assert_array_equal(pixels(page), photographs()[0])
    bars, marks, _ = drawn(page)
    assert bars == marks
    assert "With it" not in page.locator(".cf-occlusion-says").inner_text()
    keys.press("Space")
    shows(page, shown[0], 0, 14, 24, 8)
    page.wait_for_function("document.querySelector('[role=status]').textContent")
    assert "With it:" in page.locator("[role=status]").text_content()
    label = page.locator(".cf-occlusion-photo").get_attribute("aria-label")
    assert label == "Photograph labelled cat, the square at row 15, column 25"


def test_photographs_and_sizes_are_chosen(page, shown):
    page.get_by_role("button", name="dog", exact=True).click()
    page.get_by_role("combobox", name="Square").select_option("16×16")
    shows(page, shown[0], 2, 12, 12, 16)
    page.locator(".cf-occlusion-photo").focus()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowDown")
    shows(page, shown[0], 2, 16, 12, 16)
    page.get_by_role("combobox", name="Square").select_option("4×4")
    shows(page, shown[0], 2, 16, 12, 4)
    away = page.get_by_role("button", name="Take the square away")
    away.click()
    page.get_by_role("button", name="ship", exact=True).click()
    np.testing.assert_array_equal(pixels(page), photographs()[1])
    away.click()
    shows(page, shown[0], 1, 16, 12, 4)


def test_a_finger_moves_the_square_and_nothing_scrolls(figure_page, shown):
    page = figure_page(
        shown[1].html(), viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    )
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".cf-occlusion-photo").scroll_into_view_if_needed()
    box, scrolled = page.locator(".cf-occlusion-photo").bounding_box(), page.evaluate("scrollY")
    finger = page.context.new_cdp_session(page)
    for kind, part in (("touchStart", 0.3), ("touchMove", 0.5), ("touchMove", 0.8)):
        point = {"x": box["x"] + 0.4 * box["width"], "y": box["y"] + part * box["height"]}
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    shows(page, shown[0], 0, round(0.8 * 32 - 4), round(0.4 * 32 - 4), 8)
    assert page.evaluate("scrollY") == scrolled


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(theme, figure_page, shown):
    page = figure_page(shown[1].html(), theme=theme)
    page.get_by_role("button", name="ship", exact=True).click()
    assert page.findings() == []


# The Python side --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": 3}, "model: expected a built Keras model, as resnet.build.*found int"),
        ({"model": {"pooling": "max"}}, "GlobalAveragePooling2D.*found .*GlobalMaxPooling2D"),
        ({"model": {"residual": False}}, "expected a network of resnet.build.*; found"),
        ({"model": {"whitened": False}}, "Normalization, Whitening.*; found Normalization, Conv"),
        ({"images": np.zeros((3, 32, 32, 3))}, r"images: expected uint8 .*found float64"),
        ({"images": np.zeros((3, 32, 16, 3), np.uint8)}, r"images: expected .*\(3, 32, 16, 3\)"),
        ({"images": np.zeros((3, 20, 20, 3), np.uint8)}, "a multiple of 8, .*found 20"),
        ({"images": np.zeros((3, 64, 64, 3), np.uint8)}, "16 to 32 pixels .*found 64"),
        ({"images": np.zeros((0, 32, 32, 3), np.uint8)}, "images: expected 1 to 20; found 0"),
        ({"labels": [1]}, "labels: expected one an image, 3 in all; found 1"),
        ({"labels": [1, 2, 10]}, "labels: expected 0 to 9"),
        ({"class_names": ["cat", "dog"]}, "class_names: expected 10 texts"),
        ({"class_names": "0123456789"}, "class_names: expected 10 texts"),
    ],
)
def test_wrong_data_says_what_was_expected(change, message):
    if isinstance(change.get("model"), dict):
        change = {"model": network(**change["model"])}
    with pytest.raises(ValueError, match=message):
        figures.show("occlusion", **given(**change))


def test_weights_that_are_not_finite_are_refused():
    model = network()
    model.layers[-2].kernel.assign(np.full(model.layers[-2].kernel.shape, np.nan))
    with pytest.raises(ValueError, match="not all finite"):
        figures.show("occlusion", **given(model=model))


@pytest.mark.parametrize("change", [{"offset": 0.5}, {"bias": True}])
def test_wrong_data_of_a_last_layer_is_refused(change):
    model = network()
    if "offset" in change:
        model.layers[-1].offset = change["offset"]
    else:
        model.layers[-2].use_bias = True
    with pytest.raises(ValueError, match=r"expected a last dense layer without bias and offset\.$"):
        figures.show("occlusion", **given(model=model))


def test_packed_kernels_of_a_map_that_sees_nothing_are_nothing():
    found = occlusion._layer(np.zeros((3, 3, 2, 4)), np.ones(4), np.zeros(4))
    assert (found["kernel"] == 128).all()
    assert (np.abs(found["scale"]) < 1e-10).all()
    found = occlusion._layer(np.full((3, 3, 2, 4), -0.5), np.full(4, 2.0), np.zeros(4))
    assert (found["kernel"] == 1).all()
    np.testing.assert_allclose(found["scale"] * (1.0 - 128), -1.0)


def test_still_and_words_are_those_of_the_network(shown):
    model, figure = shown
    image = photographs()[0]
    before, now = probabilities(model, image, covered(image, 12, 12, 8))
    assert f"without the square: {NAMES[before.argmax()]}, {before.max():.0%}" in figure.alt
    assert f"with it: {NAMES[now.argmax()]}, {now.max():.0%}" in figure.alt
    assert "labelled cat with a grey square of 8 pixels" in figure.alt
    picture, bars = occlusion.draw(figure.data).axes
    np.testing.assert_array_equal(picture.images[0].get_array(), covered(image, 12, 12, 8))
    np.testing.assert_allclose([bar.get_width() for bar in bars.patches], 100 * now, atol=0.02)
    assert figure.still[:4] == b"\x89PNG"
