"""Figures in a real browser: what they compute, what they show, how they are worked."""

import functools
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys

from cnncourse import conv, figures, plots, run
from cnncourse.figures import sizes

import nbformat
import numpy as np
import pytest
from conftest import PAGE
from scipy import signal

FOLDER = pathlib.Path(figures.__file__).parent
ROOT = pathlib.Path(__file__).parents[1]


@pytest.fixture
def opened(figure_page):
    """`opened("sizes", network=...)` is a page from file:// on which the figure has started."""

    def open_figure(name, theme="", options=None, **given):
        options = options or {"viewport": {"width": 1000, "height": 900}}
        return figure_page(figures.show(name, **given).html(), theme, **options)

    return open_figure


def choice(page, name):
    return page.get_by_role("combobox", name=name, exact=True)


# The frame --------------------------------------------------------------------------------------


def test_importing_figures_costs_no_tensorflow_and_no_widgets():
    code = (
        "import sys; from cnncourse import figures; figures.show('convolution'); "
        "sys.exit(bool({'tensorflow', 'keras', 'anywidget', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("convolve", {}, r"no figure is called 'convolve'; expected one of .*convolution"),
        ("_loader", {}, "no figure is called '_loader'"),
        ("convolution", {"strides": 2}, "it takes image, kernel, stride, padding, bias, flip"),
        ("convolution", {"stride": 0}, "stride: expected a whole number from 1 to 4; found 0"),
        ("convolution", {"stride": True}, "stride: expected a whole number"),
        ("convolution", {"padding": "full"}, "padding: expected 'valid' or 'same' or a whole"),
        ("convolution", {"image": [["a"]]}, "image: expected numbers"),
        ("convolution", {"image": [[np.nan]]}, "image: expected finite numbers"),
        ("convolution", {"image": np.zeros((5, 5, 2))}, "1 or 3 channels behind; found"),
        ("convolution", {"image": np.zeros((28, 28))}, "at most 12 by 12 can be drawn"),
        ("convolution", {"image": np.zeros((5, 5, 3))}, r"the kernels are 1 deep"),
        ("convolution", {"kernel": np.zeros((3, 3, 1, 4))}, "at most 3 kernels"),
        ("convolution", {"image": np.zeros((2, 9))}, "does not fit along the height"),
        ("convolution", {"bias": [1, 2]}, "bias: expected one number"),
        ("sizes", {}, "give either network, or input and layers"),
        ("sizes", {"network": "AlexNet"}, "network: expected one of lesson 02, MLP"),
        ("sizes", {"network": "lesson 04", "target": 2.5}, "target: expected a number of param"),
        ("sizes", {"input": (28, 28), "layers": [{"layer": "flatten"}]}, "input: expected"),
        ("sizes", {"input": (8, 8, 1), "layers": [{"layer": "lstm"}]}, "layer 1: expected"),
        ("sizes", {"input": (8, 8, 1), "layers": [{"layer": "dense", "units": 0}]}, "units is"),
        ("sizes", {"input": (8, 8, 1), "layers": [{"layer": "dense"}]}, "expected .'units'."),
        (
            "sizes",
            {"input": (8, 8, 1), "layers": [{"layer": "pool", "kernel": 9}]},
            "layer 1, pool: a window of 9 does not fit along the height",
        ),
    ],
)
def test_wrong_data_says_what_was_expected(name, given, message):
    with pytest.raises(ValueError, match=message):
        figures.show(name, **given)


def test_an_output_has_widget_still_words_and_data():
    figure = figures.show("convolution", stride=2)
    data, metadata = figure._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png", figures.MIME, figures.WIDGET_MIME}
    assert data[figures.MIME] == {"name": "convolution", "data": figure.data}
    assert metadata["image/png"]["alt"] == figure.alt
    assert "stride 2" in figure.alt
    assert figure.alt in data["text/plain"]
    assert json.loads(json.dumps(data)) == data
    widget = figure._widget
    state = widget.get_state()
    assert state["data"] == figure.data
    assert state["_esm"] == figures.module("convolution")
    assert state["_css"] == figures.style("convolution")
    assert data[figures.WIDGET_MIME]["model_id"] == widget.model_id


@functools.cache
def stored():
    """What the lessons' stored outputs give to each figure: {name: data}."""
    found = {}
    for path in run.lessons(ROOT / "notebooks"):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                figure = output.get("data", {}).get(figures.MIME)
                if figure:
                    found.setdefault(figure["name"], figure["data"])
    return found


def test_one_module_does_what_its_files_do_as_they_stand(serve, tmp_path, page):
    """On data of the stored outputs; the browser follows the imports that Python leaves out."""
    shutil.copytree(FOLDER, tmp_path / "figures")
    (tmp_path / "index.html").write_text('<!doctype html><link rel="icon" href="data:,">')
    page.goto(f"{serve(tmp_path)}/index.html")
    given = stored()
    assert sorted(given) == figures.names()
    for name, data in given.items():
        composed = figures.module(name)
        assert not re.search(r"^\s*(import|export .* from)\b", composed, re.MULTILINE)
        drawn = page.evaluate(
            """async ([file, text, data]) => {
              const blob = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
              return Promise.all([import(file), import(blob)].map(async (module) => {
                const el = document.createElement("div");
                document.body.append(el);
                const end = (await module).default.render({ model: { get: () => data }, el });
                const html = el.outerHTML;
                end?.();
                el.remove();
                return html;
              }));
            }""",
            [f"./figures/{name}.js", composed, data],
        )
        assert drawn[0] == drawn[1]
        assert len(drawn[0]) > 1_000


@pytest.mark.parametrize("name", figures.names())
def test_a_figure_looks_the_same_beside_others(name, figure_page):
    """JupyterLab and the site add a style sheet for each kind: what all share comes again."""
    given = stored()[name]
    keep_looks = """() => {
      window.looks = () =>
        [...document.querySelectorAll(".cnncourse-figure, .cnncourse-figure *")].map((node) => {
          const style = getComputedStyle(node);
          const pairs = [...style].map((name) => [name, style.getPropertyValue(name)]);
          return [node.className, new Map(pairs)];
        });
      window.before = looks();
      return before.length;
    }"""
    changed = """() => {
      const after = looks();
      if (after.length !== before.length) return [`${before.length} nodes, now ${after.length}`];
      return before.flatMap(([kind, one], place) => {
        const other = after[place][1];
        return [...new Set([...one.keys(), ...other.keys()])]
          .filter((name) => one.get(name) !== other.get(name))
          .map((name) => `${kind}, ${name}: ${one.get(name)}, now ${other.get(name)}`);
      });
    }"""
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    for options in ({}, {"viewport": {"width": 360, "height": 740}}, phone):
        page = figure_page(
            figures.html(name, given, "data:,", "a still"), reduced_motion="reduce", **options
        )
        page.wait_for_timeout(500)  # until all has been drawn
        assert page.evaluate(keep_looks) > 30
        page.add_style_tag(content=(FOLDER / "_shared.css").read_text())
        assert page.evaluate(changed) == []


def test_a_wrong_number_is_marked_in_every_field(opened):
    for name, label in (("convolution", "Kernel, row 1, column 1"), ("sizes", "Input height")):
        page = opened(name, **GIVEN[name])
        page.get_by_label(label).fill("")
        border = page.get_by_label(label).evaluate("(field) => getComputedStyle(field).border")
        assert border == "2px solid rgb(176, 0, 32)"


def test_a_still_leaves_the_style_of_the_lesson_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    assert figures.show("sizes", network="lesson 04").still[:4] == b"\x89PNG"
    assert dict(mpl.rcParams) == before


def test_storing_drops_the_widget_and_keeps_the_rest(tmp_path):
    import nbformat

    data, metadata = figures.show("convolution")._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("figures.show('convolution')")
    cell.outputs = [nbformat.v4.new_output("execute_result", data, metadata=metadata)]
    notebook = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})
    path = tmp_path / "01_x.ipynb"
    nbformat.write(notebook, path)
    run._store(notebook, path, {"budget": "full"})
    stored = nbformat.read(path, as_version=4)
    assert "widgets" not in stored.metadata
    (output,) = stored.cells[0].outputs
    assert set(output.data) == {"text/plain", "image/png", figures.MIME}
    assert output.metadata == metadata
    again = figures.html(**output.data[figures.MIME], still=output.data["image/png"], alt="words")
    assert 'alt="words"' in again


def test_nothing_in_the_data_ends_the_fragment_s_scripts():
    data = figures.show("convolution").data | {"note": "</script><!-- <script> & ☃"}
    fragment = figures.html("convolution", data, still="_images/x.png", alt='"still" <b>')
    assert fragment.count("</script>") == 4
    assert "<!--" not in fragment
    assert '<img src="_images/x.png" alt="&quot;still&quot; &lt;b&gt;">' in fragment


def test_the_still_stands_without_script_in_print_and_after_a_failure(tmp_path, open_page):
    figure = figures.show("convolution")
    file = tmp_path / "x.html"
    file.write_text(PAGE.format(figure=figure.html(), theme=""))
    still, live = ".cnncourse-figure-still img", ".cnncourse-figure-live"
    page = open_page(java_script_enabled=False)
    page.goto(file.as_uri())
    assert page.locator(still).is_visible()
    assert page.locator(still).get_attribute("alt") == figure.alt

    page = open_page()
    page.goto(file.as_uri())
    page.wait_for_selector(".is-live")
    assert (page.locator(still).is_visible(), page.locator(live).is_visible()) == (False, True)
    page.emulate_media(media="print")
    assert (page.locator(still).is_visible(), page.locator(live).is_visible()) == (True, False)

    broken = figures.html("convolution", {}, figure.still, figure.alt)
    file.write_text(PAGE.format(figure=broken, theme=""))
    page = open_page()
    page.goto(file.as_uri())
    page.get_by_text("The live figure did not start here").wait_for()
    assert page.locator(still).is_visible()
    assert page.complaints
    page.complaints.clear()


def test_both_ways_into_the_dark_have_the_same_colours():
    """CSS cannot share a block between a media query and a selector."""
    css = (FOLDER / "_shared.css").read_text("utf-8")
    chosen, preferred = (
        [line.strip() for line in block.splitlines() if ":" in line]
        for block in re.findall(r"\.cnncourse-figure \{\n([^}]*color-scheme: dark;)", css)
    )
    assert chosen == preferred
    assert len(chosen) > 20


GIVEN = {"convolution": {}, "sizes": {"network": "lesson 06", "target": 20_570}}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", GIVEN)
def test_no_serious_findings_of_axe(name, theme, opened):
    page = opened(name, theme, **GIVEN[name])
    if name == "convolution":
        choice(page, "Image").select_option("a flag, in colour")
        more(page)
        choice(page, "Kernels").select_option("2")
        page.get_by_role("button", name="Fill in").click()
        page.get_by_role("button", name="Back").click()
        page.get_by_label("Kernel, red, row 1, column 1").fill("x")
    else:
        page.get_by_role("button", name="Move up layer 5, Flatten").click()  # now impossible
        page.get_by_text("The same in Keras").click()
    assert not page.findings()


@pytest.mark.parametrize("name", GIVEN)
def test_fits_a_phone_and_answers_to_touch(name, opened):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    page = opened(name, options=phone, **GIVEN[name])
    for width in (360, 320):  # a phone; and a window of 640 at a zoom of 200 %
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if name == "convolution":
        page.get_by_role("button", name="row 1, column 1: 1").tap()
        page.get_by_role("button", name="row 1, column 1: not yet computed").tap()
        assert output(page)[0][0] == 3
        page.get_by_role("button", name="row 2, column 3: not yet computed").tap()
        assert page.locator(".cf-conv-sum .cf-title").text_content().startswith("Place 6 of 9")
        page.get_by_role("button", name="Step", exact=True).tap()
        assert page.locator(".cf-conv-sum .cf-title").text_content().startswith("Place 7 of 9")
    else:
        page.get_by_role("button", name="Remove layer 2, Pooling").tap()
        page.get_by_role("button", name="Remove layer 3, Pooling").tap()
        fields = {"layer": "conv", "kernel": 5, "stride": 1, "padding": "same"}
        dense = [{"layer": "dense", "units": units} for units in (1024, 10)]
        rest = [fields | {"maps": 32}, fields | {"maps": 64}, {"layer": "flatten"}, *dense]
        assert parameters(page) == sum(row.parameters for row in sizes.counts((28, 28, 1), rest))


# Figure "convolution" ---------------------------------------------------------------------------


def random_setting(rng):
    channels, maps = rng.choice([1, 3]), rng.integers(1, 4)
    return {
        "image": rng.integers(-3, 10, (*rng.integers(1, 10, 2), channels)) / rng.choice([1, 4, 7]),
        "kernel": rng.normal(size=(*rng.integers(1, 6, 2), channels, maps)),
        "stride": int(rng.integers(1, 5)),
        "padding": ["valid", "same", 0, 1, 2, 3, 4][rng.integers(7)],
        "bias": rng.normal(size=maps),
        "flip": bool(rng.integers(2)),
    }


def expected(setting):
    kernel = np.asarray(setting["kernel"])
    kernel = kernel[::-1, ::-1] if setting["flip"] else kernel
    return conv.conv2d(
        np.asarray(setting["image"]),
        kernel,
        np.asarray(setting["bias"]),
        setting["stride"],
        setting["padding"],
    )


def as_json(setting):
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in setting.items()}


def test_convolution_equals_conv_and_scipy(opened):
    rng = np.random.default_rng(8)
    settings = [random_setting(rng) for _ in range(200)]
    page = opened("convolution")
    computed = page.in_module("given.map(m.conv2d)", [as_json(one) for one in settings])
    fitted = compared = 0
    for setting, found in zip(settings, computed, strict=True):
        try:
            wanted = expected(setting)
        except ValueError:
            assert not np.size(found)
            continue
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
        fitted += 1
        if setting["padding"] in ("valid", 0):
            slide = signal.convolve2d if setting["flip"] else signal.correlate2d
            image, kernel = setting["image"], setting["kernel"]
            step = setting["stride"]
            for m in range(kernel.shape[3]):
                maps = [
                    slide(image[..., c], kernel[..., c, m], mode="valid")
                    for c in range(image.shape[2])
                ]
                wanted = np.sum(maps, axis=0)[::step, ::step] + setting["bias"][m]
                np.testing.assert_allclose(np.array(found)[..., m], wanted, rtol=1e-9, atol=1e-9)
            compared += 1
    assert fitted > 120
    assert compared > 20


def more(page):
    """Open what is folded: settings that are rarely wanted."""
    page.get_by_text("More: size").click()


def output(page, number=0):
    """What stands in the output: rows of numbers, None where not yet computed."""
    labels = page.locator(".cf-conv-output").nth(number).locator("button").all()
    rows = {}
    for label in (cell.get_attribute("aria-label") for cell in labels):
        where, _, shown = label.partition(": ")
        shown = None if shown.startswith("not") else float(shown.replace("−", "-"))
        rows.setdefault(where.partition(",")[0], []).append(shown)
    return list(rows.values())


@pytest.mark.parametrize(
    "setting",
    [
        {},
        {"stride": 2, "padding": "same", "bias": -0.5, "flip": True, "kernel": [[1, 2], [3, 4]]},
        {
            "image": np.arange(27).reshape(3, 3, 3) % 5,
            "kernel": np.arange(24).reshape(2, 2, 3, 2) % 7 - 3,
            "bias": [1, 2],
        },
    ],
    ids=["lesson 01", "same, flipped", "colour"],
)
def test_the_running_sum_that_is_shown(setting, opened):
    page = opened("convolution", **setting)
    assert {value for map in range(2) for row in output(page, map) for value in row} == {None}
    data = figures.show("convolution", **setting).data
    wanted = expected(data)
    image, kernel = np.array(data["image"]), np.array(data["kernel"])
    kernel = kernel[::-1, ::-1] if data["flip"] else kernel
    height, width, depth, _ = kernel.shape
    down, across = (
        conv.same_padding(n, k, data["stride"]) if data["padding"] == "same" else (0, 0)
        for n, k in zip(image.shape[:2], (height, width), strict=True)
    )
    image = np.pad(image, (down, across, (0, 0)))
    page.get_by_role("button", name="Step", exact=True).focus()
    result = page.locator(".cf-conv-result")
    for place in range(3):
        row, column = np.unravel_index(place, wanted.shape[:2])
        top, left = row * data["stride"], column * data["stride"]
        window = image[top : top + height, left : left + width]
        so_far = 0
        assert float(result.get_attribute("value")) == 0
        terms = [(c, i, j) for c in range(depth) for i in range(height) for j in range(width)]
        for c, i, j in terms:
            page.keyboard.press("ArrowRight")
            so_far += window[i, j, c] * kernel[i, j, c, 0]
            assert float(result.get_attribute("value")) == so_far
            shown = page.locator(".cf-conv-now").text_content().replace("−", "-").strip("+ ")
            value, weight = shown.replace("\u2009", "").split("×")
            assert (float(value), float(weight.strip("()"))) == (
                window[i, j, c],
                kernel[i, j, c, 0],
            )
        page.keyboard.press("ArrowRight")
        assert float(result.text_content().replace("−", "-")) == wanted[row, column, 0]
        assert output(page)[row][column] == wanted[row, column, 0]
        page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    for number in range(wanted.shape[2]):
        np.testing.assert_array_equal(output(page, number), wanted[..., number])


def test_convolution_by_keyboard(opened):
    page = opened("convolution")
    keys = page.keyboard
    choice(page, "Image").focus()
    for _ in range(20):  # forward to the first pixel of the image
        keys.press("Tab")
        if page.evaluate("document.activeElement.matches('.cf-conv-image button')"):
            break
    for key in ("ArrowRight", "ArrowDown", "ArrowUp", "ArrowUp"):
        keys.press(key)
    assert page.evaluate("document.activeElement.ariaLabel") == "row 1, column 2: 1"
    keys.press("Space")
    keys.press("ArrowLeft")
    keys.press("7")
    keys.press("Tab")  # one stop for the whole image, and on to the kernel
    assert page.evaluate("document.activeElement.ariaLabel") == "Kernel, row 1, column 1"
    keys.type("1/2")
    keys.press("ArrowDown")
    keys.type("-1")
    keys.press("Tab")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("row 1, column 1: ")
    keys.press("ArrowDown")
    keys.press("Enter")
    for _ in range(2):
        keys.press("Tab")
    keys.press("End")
    image = np.array(figures.show("convolution").data["image"])[..., 0]
    image[0, :2] = [7, 0]
    np.testing.assert_allclose(
        output(page), conv.conv2d(image, np.array([[0.5, 0, 1], [-1, 1, 0], [1, 0, 1]]))
    )
    assert choice(page, "Kernel").input_value() == "my own"
    page.wait_for_function("document.querySelector('[role=status]').textContent")
    assert page.locator("[role=status]").text_content().startswith("Row 3, column 3: output")


def test_what_cannot_be_a_number_or_a_place_is_said(opened):
    page = opened("convolution")
    page.get_by_role("button", name="Fill in").click()
    weight = page.get_by_label("Kernel, row 1, column 1")
    for wrong in ("", "abc", "1/0", "1e9", "1/2/3"):
        weight.fill(wrong)
        assert weight.get_attribute("aria-invalid") == "true"
        said = page.get_by_role("alert").inner_text()
        assert said.startswith("Kernel, row 1, column 1: expected a number from −999 to 999")
        assert said.endswith(f"found {wrong or 'nothing'}; 1 stays.")
        assert output(page)[0][0] == 4
    weight.blur()
    assert weight.input_value() == "1"
    weight.fill("3")
    assert page.get_by_role("alert").inner_text() == ""
    assert output(page)[0][0] == 6
    more(page)
    page.get_by_label("Bias").fill("much")
    assert page.get_by_role("alert").inner_text().startswith("bias: expected a number")
    choice(page, "Stride").select_option("4")
    choice(page, "Size").select_option("5×5")
    assert len(output(page)) == 1
    choice(page, "Image").select_option("a square")
    choice(page, "Kernel").select_option("Sobel, down")  # 3×3 again
    assert choice(page, "Size").input_value() == "3×3"
    page = opened("convolution", image=np.ones((3, 3)), padding=0)
    more(page)
    choice(page, "Size").select_option("4×4")
    assert (
        "A kernel of 4 does not fit along the height" in page.locator(".cf-conv-sum").inner_text()
    )
    assert page.get_by_role("button", name="Step", exact=True).is_disabled()
    choice(page, "Padding").select_option("1")
    assert len(output(page)) == 2


def test_it_plays_and_pauses(opened):
    page = opened("convolution")
    choice(page, "Speed").select_option("slow")
    page.get_by_role("button", name="Play").click()
    choice(page, "Speed").select_option("fast")  # of 99 steps
    page.get_by_role("button", name="row 1, column 1: 4").wait_for()
    page.get_by_role("button", name="Pause").click()
    assert page.locator("[role=status]").text_content() == ""  # it does not talk as it plays
    assert output(page)[2][2] is None
    choice(page, "A step is").select_option("one place")
    page.get_by_role("button", name="Step", exact=True).click()
    assert output(page)[0][1] == 3


def test_images_and_kernels_of_the_figure_are_numbers_of_the_lesson(opened):
    page = opened("convolution")
    choice(page, "Image").select_option("a dot")
    choice(page, "Kernel").select_option("1 to 9")
    page.get_by_role("button", name="Fill in").click()
    assert output(page) == [[9, 8, 7], [6, 5, 4], [3, 2, 1]]
    more(page)
    page.get_by_label("turn the kernel").check()
    assert output(page) == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    choice(page, "Image").select_option("a flag, in colour")
    choice(page, "Kernels").select_option("3")
    assert page.locator(".cf-conv-image").count() == 3
    assert page.locator(".cf-conv-output").count() == 3
    assert "27 weights + 1 bias, 3 times: 84" in page.locator(".cf-conv-formula").text_content()


# Figure "sizes" ---------------------------------------------------------------------------------


def random_stack(rng):
    """Input and layers, now and then impossible; the shapes stay small enough for Keras."""
    shape = (rng.randint(1, 40), rng.randint(1, 40), rng.choice([1, 3, 5]))
    window = lambda: {  # noqa: E731
        "kernel": rng.randint(1, 6),
        "stride": rng.randint(1, 4),
        "padding": rng.choice(["valid", "same"]),
    }
    layers = []
    for _ in range(rng.randint(0, 4)):
        if rng.random() < 0.5:
            layers.append({"layer": "conv", "maps": rng.randint(1, 40), **window()})
        else:
            layers.append({"layer": "pool", **window()})
    layers += [{"layer": "flatten"}] * rng.randint(0, 2)
    layers += [{"layer": "dense", "units": rng.randint(1, 50)} for _ in range(rng.randint(0, 3))]
    if rng.random() < 0.15:
        rng.shuffle(layers)
    return shape, layers


def keras_network(shape, layers):
    from keras import Input, Sequential
    from keras import layers as kinds

    def one(layer):
        if layer["layer"] == "flatten":
            return kinds.Flatten()
        if layer["layer"] == "dense":
            return kinds.Dense(layer["units"])
        window = {"strides": layer["stride"], "padding": layer["padding"]}
        if layer["layer"] == "pool":
            return kinds.MaxPooling2D(layer["kernel"], **window)
        return kinds.Conv2D(layer["maps"], layer["kernel"], **window)

    return Sequential([Input(shape), *map(one, layers)])


def test_sizes_equal_conv_and_keras(opened):
    rng = random.Random(3)
    stacks = [random_stack(rng) for _ in range(150)]
    page = opened("sizes", network="lesson 04")
    counted = page.in_module("given.map(([input, layers]) => m.countStack(input, layers))", stacks)
    built = impossible = 0
    for (shape, layers), found in zip(stacks, counted, strict=True):
        try:
            wanted = sizes.counts(shape, layers)
        except ValueError as error:
            wrong = next(i for i, row in enumerate(found["rows"], 1) if "error" in row)
            layer = int(str(error).removeprefix("layer ").partition(",")[0])
            impossible += not found["possible"] and wrong == layer
            continue
        assert found["possible"]
        for row, count in zip(found["rows"], wanted, strict=True):
            assert row["output"] == list(count.output)
            assert row["parameters"] == count.parameters
            assert row["multiplyAdds"] == count.multiply_adds
        if built < 25 and layers:
            network = keras_network(shape, layers)
            assert found["parameters"] == network.count_params()
            assert found["rows"][-1]["output"] == list(network.output_shape[1:])
            assert [row["output"] for row in found["rows"]] == [
                list(layer.output.shape[1:]) for layer in network.layers
            ]
            built += 1
    assert built == 25
    assert impossible == sum(not found["possible"] for found in counted) > 10


def parameters(page):
    return int(page.locator(".cf-sizes-parameters").text_content().replace(",", ""))


def test_the_networks_of_the_lessons_have_their_published_counts(opened):
    page = opened("sizes", network="lesson 02, MLP")
    published = {
        "lesson 02, MLP": 12_786,
        "lesson 02, CNN": 74_514,
        "lesson 03, ReLU network": 38_254,
        "lesson 03, LeNet-like": 61_610,
        "lesson 04": 225_610,
        "lesson 05, LeNet today": 44_426,
        "lesson 06": 3_274_634,
    }
    assert set(published) == set(sizes.NETWORKS)
    for name, count in published.items():
        choice(page, "Network").select_option(name)
        assert parameters(page) == count
        assert f"{count:,} parameters" in figures.show("sizes", network=name).alt


def test_its_python_code_is_the_network(opened):
    stack = [
        {"layer": "conv", "maps": 5, "kernel": 3, "stride": 2, "padding": "same"},
        {"layer": "pool", "kernel": 3, "stride": 2, "padding": "valid"},
        {"layer": "dense", "units": 7},
    ]
    page = opened("sizes", input=(20, 18, 3), layers=stack)
    page.get_by_text("The same in Keras").click()
    import keras

    network = eval(
        page.locator(".cf-sizes pre").inner_text(), {"keras": keras, "layers": keras.layers}
    )
    assert network.count_params() == parameters(page) == 140 + 42
    assert network.output_shape[1:] == (4, 4, 7)
    assert (
        "Keras applies this layer at every pixel"
        in page.locator(".cf-sizes li").nth(2).inner_text()
    )


def test_sizes_by_keyboard_and_to_a_target(opened):
    page = opened("sizes", network="lesson 03, ReLU network", target=20_570)
    goal = page.locator(".cf-sizes-goal")
    assert goal.text_content() == "To build: a network of 20,570 parameters: now 17,684 too many."
    page.get_by_role("button", name="Move up layer 3, Flatten").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.ariaLabel") == "Move up layer 2, Flatten"
    assert goal.text_content() == "To build: a network of 20,570 parameters."
    wrong = page.locator(".cf-sizes-impossible").inner_text()
    assert "Pooling needs height, width and channels, and gets 5,408 numbers in a row" in wrong
    assert page.locator(".cf-sizes-sums").inner_text().startswith("This stack is impossible")
    page.wait_for_function("document.querySelector('[role=status]').textContent")
    assert page.locator("[role=status]").text_content().startswith("Layer 3: Pooling needs")
    page.get_by_role("button", name="Remove layer 3, Pooling").press("Space")
    assert page.evaluate("document.activeElement.ariaLabel") == "Remove layer 3, Dense"
    assert parameters(page) == 80 + 28 * (26 * 26 * 8 + 1) + 290
    units = page.get_by_label("Layer 3, Dense: units")
    units.fill("0")
    assert units.get_attribute("aria-invalid") == "true"
    units.fill("16")
    size = page.get_by_label("Layer 1, Convolution: size")
    size.focus()
    page.keyboard.type("29")  # on its way it is a 2
    row = page.locator(".cf-sizes li").first
    assert "expected a whole number from 1 to 15" in row.inner_text()
    size.blur()
    assert size.input_value() == "3"
    assert "expected a whole number from 1 to 15; 3 stays" in row.inner_text()
    assert parameters(page) == 80 + 16 * (26 * 26 * 8 + 1) + 170
    page.get_by_role("button", name="Dense", exact=True).press("Enter")
    page.keyboard.type("5")  # the new layer's field has the focus
    assert parameters(page) == 80 + 16 * (26 * 26 * 8 + 1) + 170 + 5 * 11
    for _ in range(30):
        if page.get_by_role("button", name="Flatten", exact=True).is_disabled():
            break
        page.get_by_role("button", name="Flatten", exact=True).click()
    assert page.locator(".cf-sizes li").count() == sizes.MOST_LAYERS
    for _ in range(sizes.MOST_LAYERS):
        page.locator(".cf-sizes-remove").first.click()
    assert parameters(page) == 0


def test_stills_show_what_the_words_say():
    for figure in (
        figures.show("convolution", padding="same", flip=True, image=np.eye(6), stride=2),
        figures.show("convolution", image=np.ones((4, 4, 3)), kernel=np.ones((2, 2, 3))),
        *(figures.show("sizes", network=name) for name in sizes.NETWORKS),
    ):
        assert len(figure.alt) > 60
        side = sys.modules[f"cnncourse.figures.{figure.name}"]
        drawn = side.draw(figure.data)
        texts = [text.get_text() for ax in drawn.axes for text in ax.texts]
        if figure.name == "sizes":
            rows = sizes.counts(**figure.data["networks"][figure.data["network"]])
            for row in rows:
                assert "×".join(f"{n:,}" for n in row.output) in texts
        else:
            number = np.asarray(expected(figure.data))[0, 0, 0]
            assert f"{number:g}" in texts
        plots.show(drawn, alt=figure.alt)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([[0, 255], [7, 8], [9, 10]], "uint8"),
        ([[0.5, -1e-3]], "float32"),
        ([[1, 2]], "float32"),
        (np.arange(6.0).reshape(2, 3).T, "float32"),
    ],
)
def test_what_is_packed_comes_back(given, kind):
    array = np.array(given, "uint8") if kind == "uint8" else given
    packed = json.loads(json.dumps(figures.pack(array)))
    assert (packed["type"], packed["shape"]) == (kind, list(np.shape(given)))
    found = figures.unpack(packed)
    assert found.dtype == kind
    np.testing.assert_array_equal(found, np.asarray(given, kind))
