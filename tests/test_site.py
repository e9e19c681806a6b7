"""The site in a real browser: nothing broken, nothing fetched from elsewhere, legible everywhere.

Every page is visited once, over http, and everything that is asked of all pages is looked at
there; the tests then ask one question each.
"""

import collections
import html.parser
import json
import pathlib
import re
import urllib.parse
import zipfile

from tools import lessons

import pytest
from axe_playwright_python.sync_playwright import Axe

ROOT = pathlib.Path(__file__).parents[1]
LESSONS = [path.stem for path in lessons.paths()]

LOAD_EVERYTHING = """async () => {
    const images = [...document.querySelectorAll("article img")]
        .filter((image) => !image.closest("[hidden]"));
    images.forEach((image) => { image.loading = "eager"; });
    await Promise.all(images.map((image) => image.decode().catch(() => {})));
    return images.filter((image) =>
        !image.naturalWidth || !(image.alt || "").trim() || !image.getAttribute("width") ||
        Math.abs(image.getAttribute("width") / image.getAttribute("height")
            / (image.naturalWidth / image.naturalHeight) - 1) > 0.01
    ).map((image) => image.outerHTML.slice(0, 200));
}"""
WEIGHT = """() => [...performance.getEntriesByType("navigation"),
    ...performance.getEntriesByType("resource")]
    .map((entry) => entry.encodedBodySize).reduce((a, b) => a + b, 0)"""
# Text that stands in the page as if a formula, a table or a bold word had not been converted.
RAW_MARKUP = r"""() => {
    const article = document.querySelector("article");
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const text = walker.currentNode.data, place = walker.currentNode.parentElement;
        if (place.closest("pre, code, script, style, math")) continue;
        if (/\$[^$]*[\\^_{}][^$]*\$|\$\$|\\(frac|sum|text|left)\b/.test(text) ||
            /\|\s*:?-{3,}|\*\*\S|\]\(\S/.test(text)) found.push(text);
    }
    return found;
}"""
MATH = """() => [...document.querySelectorAll("article math")]
    .filter((element) => element.checkVisibility())
    .map((element) => [element.textContent, element.getBoundingClientRect().width,
                       element.getBoundingClientRect().height])"""
# Text that does not stand out from its ground as WCAG's AA asks, everything folded unfolded. Each
# pair of colours is computed once: of axe's rules its own one for this costs more than all others.
CONTRAST = """() => {
    const parse = (text) => {
        const numbers = text.match(/[\\d.]+/g).map(Number);
        const scale = text.startsWith("color(") ? 255 : 1;
        return [...numbers.slice(0, 3).map((n) => n * scale), numbers[3] ?? 1];
    };
    const light = (colour) => {
        const [r, g, b] = colour.map((n) => {
            const c = n / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const over = (top, ground) =>
        top.slice(0, 3).map((n, i) => n * top[3] + ground[i] * (1 - top[3]));
    const grounds = new Map();
    const ground = (element) => {
        if (!element) return [255, 255, 255];
        if (!grounds.has(element)) {
            const own = parse(getComputedStyle(element).backgroundColor);
            grounds.set(element, own[3] === 1 ? own : over(own, ground(element.parentElement)));
        }
        return grounds.get(element);
    };
    document.querySelectorAll("details").forEach((element) => { element.open = true; });
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const ratios = new Map(), found = new Map();
    let seen = 0;
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim()) continue;
        if (element.closest("svg, canvas, script, style")) continue;
        if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        const style = getComputedStyle(element), under = ground(element);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
        const key = `${style.color} on ${under.map(Math.round)}${large ? ", large" : ""}`;
        seen += 1;
        if (!ratios.has(key)) {
            const colour = over(parse(style.color), under);
            const [a, b] = [light(colour), light(under)].sort((x, y) => y - x);
            ratios.set(key, (a + 0.05) / (b + 0.05));
        }
        if (ratios.get(key) < (large ? 3 : 4.5)) {
            const where = element.outerHTML.slice(0, 120);
            found.set(key, `${ratios.get(key).toFixed(2)}: ${key}: ${where}`);
        }
    }
    return { seen, found: [...found.values()] };
}"""
# Pages of every kind on which axe looks for contrast, too.
KINDS = ("index.html", "figures.html", "results.html", "notebooks/04_cifar10_confusion.html")
# What sticks out of a page that is narrower than it.
OVERFLOW = """() => {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    return [...document.querySelectorAll("body *")]
        .filter((e) => e.getBoundingClientRect().right > wide + 1 &&
            !e.parentElement.closest("pre, .scroll, .formula, .pst-scrollable-table-container"))
        .map((e) => e.outerHTML.slice(0, 150)).slice(0, 5);
}"""
# Cells, outputs and tables of which a part lies beyond the right edge of their box.
CUT = """() => [...document.querySelectorAll("article :is(pre, .output, .scroll)")]
    .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
    .map((e) => `${e.scrollWidth - e.clientWidth} pixels: ${e.textContent.trim().slice(0, 80)}`)"""


def axe(page, *, contrast=True):
    """Return what axe-core finds on a page, of any impact, as lines."""
    rules = {"label-content-name-mismatch": {"enabled": True}}
    if not contrast:
        rules["color-contrast"] = {"enabled": False}
    found = Axe().run(page, options={"resultTypes": ["violations"], "rules": rules}).response
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]} {node['target']}"
        for violation in found["violations"]
        for node in violation["nodes"]
        # The map draws a title in lines, which axe reads as words without spaces between.
        if not (violation["id"].startswith("label-") and 'aria-label="Lesson ' in node["html"])
    ]


@pytest.fixture(scope="module")
def visits(site, serve, watched):
    """What a visit of each page found, by its address."""
    address = serve(site)
    found = {}
    for path in sorted(site.rglob("*.html")):
        name = path.relative_to(site).as_posix()
        if name.startswith("slides/"):
            continue  # see test_slides.py
        # A context of its own: nothing is in its cache.
        page = watched(
            viewport={"width": 1280, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        page.goto(f"{address}/{name}")
        visit = found[name] = {"images": page.evaluate(LOAD_EVERYTHING)}
        visit["weight"] = page.evaluate(WEIGHT)
        visit["raw markup"] = page.evaluate(RAW_MARKUP)
        visit["math"] = page.evaluate(MATH)
        visit["cut"] = page.evaluate(CUT)
        visit["axe"] = axe(page, contrast=name in KINDS)
        light = page.evaluate(CONTRAST)
        page.emulate_media(color_scheme="dark")
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        dark = page.evaluate(CONTRAST)
        if name in KINDS:
            visit["axe"] += axe(page)
        visit["contrast"] = light["found"] + dark["found"]
        visit["texts"] = light["seen"], dark["seen"]
        page.set_viewport_size({"width": 360, "height": 740})
        visit["overflow"] = page.evaluate(OVERFLOW)
        visit["complaints"] = page.complaints
        page.context.close()
    return found


def none(visits, *keys):
    findings = [f"{name}: {text}" for name, v in visits.items() for key in keys for text in v[key]]
    assert not findings, "\n".join(findings[:40])


def test_every_lesson_has_its_page(visits):
    assert set(visits) >= {"index.html", "search.html"}
    assert set(visits) >= {f"notebooks/{name}.html" for name in LESSONS}


def test_no_page_has_errors_or_asks_another_host(visits):
    none(visits, "complaints")


def test_pictures_load_and_have_size_and_words(visits):
    none(visits, "images")


def test_no_cell_of_a_lesson_is_cut(visits):
    none({name: visit for name, visit in visits.items() if name.startswith("notebooks")}, "cut")


def test_a_cut_cell_is_found(page):
    page.set_content(
        "<article><pre style='width: 90px; overflow: auto'>short</pre>"
        "<pre style='width: 90px; overflow: auto'>much longer than its box</pre>"
        "<details><pre style='width: 90px; overflow: auto'>folded and longer</pre></details>"
    )
    (found,) = page.evaluate(CUT)
    assert found.endswith("pixels: much longer than its box")


def test_accessible(visits):
    none(visits, "axe")


def test_text_stands_out_in_light_and_dark(visits):
    none(visits, "contrast")
    assert all(min(visit["texts"]) > 20 for visit in visits.values())


def test_faint_text_is_found(page):
    page.set_content(
        "<body style='background:#fff'><p style='color:#999'>faint<p style='color:#767676'>enough"
        "<details><div style='background:#222'><b style='color:#5558'>folded</b></div></details>"
    )
    found = page.evaluate(CONTRAST)
    assert found["seen"] >= 3
    assert [re.findall("faint|enough|folded", text) for text in found["found"]] == [
        ["faint"],
        ["folded"],
    ]


def test_nothing_sticks_out_of_a_phone(visits):
    none(visits, "overflow")


def test_no_markup_is_left_and_formulas_are_drawn(visits):
    none(visits, "raw markup")
    flat = [
        f"{name}: {text}"
        for name, v in visits.items()
        for text, w, h in v["math"]
        if w < 3 or h < 5
    ]
    assert not flat
    assert sum(len(visit["math"]) for visit in visits.values()) >= 10


def test_weights(site, visits):
    heavy = {name: v["weight"] for name, v in visits.items() if v["weight"] > 1.5e6}
    assert not heavy
    # A page that weighs next to nothing was not counted.
    assert all(visit["weight"] > 20_000 for visit in visits.values())
    assert sum(path.stat().st_size for path in site.rglob("*") if path.is_file()) < 30e6


# Links


class Page(html.parser.HTMLParser):
    """The ids, the addresses and the downloads of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.addresses = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if attrs.get("id"):
            self.ids.append(attrs["id"])
        for name in ("href", "src"):
            if attrs.get(name) is not None:
                self.addresses.append((tag, attrs[name]))


@pytest.fixture(scope="module")
def pages(site):
    return {
        path.relative_to(site).as_posix(): Page(path.read_text("utf-8"))
        for path in sorted(site.rglob("*.html"))
    }


def test_no_link_is_broken(site, pages):
    broken = []
    for name, page in pages.items():
        for tag, address in page.addresses:
            parts = urllib.parse.urlsplit(address)
            if parts.scheme in ("https", "mailto", "data") and (
                tag == "a" or parts.scheme == "data"
            ):
                continue
            if parts.scheme or parts.netloc or parts.path.startswith("/"):
                broken.append(f"{name}: {address} leads out of the site")
                continue
            target = (site / name).parent / urllib.parse.unquote(parts.path)
            target = target.resolve() if parts.path else site / name
            anchor = urllib.parse.unquote(parts.fragment)
            if not target.is_file() or not target.is_relative_to(site.resolve()):
                broken.append(f"{name}: {address}")
            elif anchor and target.suffix == ".html":
                ids = pages[target.relative_to(site.resolve()).as_posix()].ids
                if anchor not in ids:
                    broken.append(f"{name}: {address}: nothing has that id")
    assert not broken, "\n".join(broken)


def test_ids_are_given_once(pages):
    twice = [
        f"{name}: {identity}"
        for name, page in pages.items()
        for identity, times in collections.Counter(page.ids).items()
        if times > 1
    ]
    assert not twice


def test_every_file_is_used(site, pages):
    """What no page links to and no script loads is weight for nothing."""
    used = {name for name in pages}
    for name, page in pages.items():
        for _, address in page.addresses:
            path = urllib.parse.unquote(urllib.parse.urlsplit(address).path)
            if path and ":" not in address:
                target = ((site / name).parent / path).resolve()
                used.add(target.relative_to(site.resolve()).as_posix())
    loaded = "".join(p.read_text("utf-8") for p in site.rglob("*") if p.suffix in (".js", ".css"))
    files = [path for path in site.rglob("*") if path.is_file() and path.name != "LICENSE.txt"]
    idle = [
        path.relative_to(site).as_posix()
        for path in files
        if path.relative_to(site).as_posix() not in used and path.name not in loaded
    ]
    assert not idle


def test_downloads(site, pages):
    for name in LESSONS:
        stored = ROOT / "notebooks" / f"{name}.ipynb"
        first, *rest = json.loads((site / "notebooks" / stored.name).read_text("utf-8"))["cells"]
        assert "needs the course around it" in "".join(first["source"])
        assert rest == json.loads(stored.read_text("utf-8"))["cells"]
        links = [address for _, address in pages[f"notebooks/{name}.html"].addresses]
        assert links.index("../cnncourse-student.zip") < links.index(stored.name)
    names = zipfile.ZipFile(site / "cnncourse-student.zip").namelist()
    assert all(any(f"notebooks/{name}.ipynb" in entry for entry in names) for name in LESSONS)


def test_no_launch_button_without_a_repository(pages):
    addresses = [address for page in pages.values() for _, address in page.addresses]
    assert not [a for a in addresses if "mybinder" in a or "colab.research" in a]


def test_options_of_a_quiz_are_told_apart(site):
    for name in LESSONS:
        text = (site / "notebooks" / f"{name}.html").read_text(encoding="utf-8")
        quiz = text.partition('id="check-yourself"')[2].partition("</section>")[0]
        options = re.findall(r'<details class="quiz-(right|no)">(.*?)</details>', quiz, re.S)
        assert quiz.count("<details") == len(options), name
        for kind, words in options:
            assert f"<strong>{kind.title()}:</strong>" in words


def test_every_letter_of_the_glossary_leads_to_a_term(site):
    text = (site / "glossary.html").read_text(encoding="utf-8")
    line = re.search(r'<p class="letters">(.*?)</p>', text, re.S)[1]
    found = re.findall(r'href="#(term-[^"]+)">(.)</a>', line)
    terms = re.findall(r'<dt id="(term-[^"]+)"[^>]*>([^<])', text)
    first = {}
    for name, letter in terms:
        first.setdefault(letter.upper(), name)
    assert found == [(first[letter], letter) for letter in sorted(first)]
    assert len(found) > 15


# From a file, and by hand


def test_pages_work_from_files(site, watched):
    page = watched(viewport={"width": 1280, "height": 900})
    findings = []
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        findings += [f"{path.name}: {text}" for text in page.evaluate(LOAD_EVERYTHING)]
    findings += page.complaints
    page.context.close()
    assert not findings, "\n".join(findings)


@pytest.mark.parametrize("how", ["http", "file"])
def test_search_finds(site, serve, page, how):
    address = serve(site) if how == "http" else site.as_uri()
    page.goto(f"{address}/index.html")
    page.get_by_role("searchbox").fill("confusion matrix")
    page.keyboard.press("Enter")
    page.locator("#search-results li a[href*='04_cifar10_confusion']").first.wait_for()
    page.get_by_role("searchbox").fill("overfitting signs")
    page.keyboard.press("Enter")
    section = page.locator("#search-results li a[href*='07_cats_and_dogs.html#']").first
    section.wait_for()
    assert section.inner_text().endswith("photographs > Without augmentation")
    section.click()
    assert page.locator(":target h2, :target h3").first.inner_text() == "Without augmentation"
    page.go_back()
    page.get_by_role("searchbox").fill("stride")
    page.keyboard.press("Enter")
    found = page.locator("#search-results li a")
    page.get_by_role("link", name="Glossary > stride").wait_for()
    named = found.filter(has_text="The kernel and the strides list")
    assert named.first.get_attribute("href").endswith("#the-kernel-and-the-strides-list")
    addresses = [a.get_attribute("href").partition("#") for a in found.all()]
    assert max(collections.Counter(page for page, _, _ in addresses).values()) <= 4, (
        "no page fills the list"
    )
    page.get_by_role("searchbox").fill("xyzzyfoo")
    page.keyboard.press("Enter")
    page.get_by_text("did not match any documents").wait_for()


def test_colours_are_chosen_and_kept(site, serve, page):
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(f"{serve(site)}/index.html")
    theme = "document.documentElement.dataset.theme"
    button = page.get_by_role("button", name="Colours")
    assert page.evaluate(theme) == "light"
    button.click()
    assert "light" in button.inner_text()
    button.click()
    assert "dark" in button.inner_text()
    assert page.evaluate(theme) == "dark"
    page.goto(f"{serve(site)}/search.html")
    assert page.evaluate(theme) == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 25, 29)"


def test_keyboard_reaches_text_hints_and_solution(site, page):
    page.goto((site / "notebooks" / f"{LESSONS[0]}.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "course-skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main-content"
    solution = page.locator("details.solution").first
    code = solution.locator("pre")
    assert not code.is_visible()
    solution.locator("summary").focus()
    width = "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    assert page.evaluate(width) >= 2
    page.keyboard.press("Enter")
    assert code.is_visible()


def test_contents_on_a_phone(site, open_page):
    page = open_page(viewport={"width": 360, "height": 740})
    page.goto((site / "notebooks" / f"{LESSONS[0]}.html").as_uri())
    link = page.get_by_role("navigation", name="Course").get_by_text("Read its confusion matrix")
    button = page.get_by_role("button", name="Contents")
    assert not link.is_visible()
    button.click()
    assert button.get_attribute("aria-expanded") == "true"
    link.click()
    page.wait_for_url("**/04_cifar10_confusion.html")


@pytest.mark.parametrize("width", [360, 820, 1_100])
def test_where_one_is_and_where_to_go_on_a_narrow_screen(site, open_page, width):
    page = open_page(viewport={"width": width, "height": 740})
    page.goto((site / "notebooks" / f"{LESSONS[0]}.html").as_uri())
    place = "document.querySelector(%r).getBoundingClientRect()"
    page.locator("h2").last.scroll_into_view_if_needed()
    bar = page.evaluate(place % ".course-bar")
    assert bar["top"] == 0, "it stays"
    assert bar["height"] <= 56, "it is one line"
    fold = page.locator("details.course-here-folded")
    fold.locator("summary").click()
    fold.get_by_role("link", name="Key points").click()
    top = page.evaluate("document.getElementById('key-points').getBoundingClientRect().top")
    assert bar["height"] <= top < 300, "not behind the bar"


def test_code_takes_the_room_of_a_wide_screen(site, open_page):
    page = open_page(viewport={"width": 1440, "height": 900})
    page.goto((site / "notebooks" / f"{LESSONS[0]}.html").as_uri())
    width = "document.querySelector(%r).getBoundingClientRect().width"
    assert page.evaluate(width % ".cell_input pre") >= 830
    assert page.evaluate(width % "article section > p") <= 46.5 * 16
    assert not page.locator("details.course-here-folded").is_visible()


def test_without_script_everything_can_be_read(site, open_page):
    page = open_page(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page.goto((site / "notebooks" / f"{LESSONS[0]}.html").as_uri())
    assert page.get_by_role("navigation", name="Course").is_visible()
    assert not page.get_by_role("button", name="Contents").is_visible()
    page.locator("details.solution summary").first.click()
    assert page.locator("details.solution pre").first.is_visible()
    assert page.locator("math").first.is_visible()


def test_paper_has_no_answers_and_no_buttons(site, page):
    page.emulate_media(media="print", color_scheme="dark")
    page.goto((site / "notebooks" / f"{LESSONS[0]}.html").as_uri())
    assert not page.locator("details.solution").first.is_visible()
    assert not page.locator(".course-bar").is_visible()
    assert page.locator("article h1").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_every_exercise_has_hints_and_its_solution(site):
    for name in LESSONS:
        notebook = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text("utf-8"))
        tags = [cell["metadata"].get("tags", []) for cell in notebook["cells"]]
        blanks = sum("exercise" in of_cell for of_cell in tags)
        text = (site / "notebooks" / f"{name}.html").read_text("utf-8")
        assert text.count('<details class="solution">') == blanks
        assert text.count('<details class="hint">') >= blanks
        assert "Not attempted yet" not in text


def test_boxes_are_known(site):
    text = (site / "notebooks" / "04_cifar10_confusion.html").read_text("utf-8")
    for opening, kind in (("Predict.", "predict"), ("Bug hunt.", "bug-hunt")):
        pattern = rf"<blockquote([^>]*)>\s*<div>\s*<p>\s*<strong>{re.escape(opening)}"
        attributes = re.findall(pattern, text)
        assert attributes
        assert all(f"course-box-{kind}" in found for found in attributes)
