"""Sphinx settings of the site. `make site` calls site/build.py, which calls Sphinx with this file.

The sources that Sphinx reads are not this folder but a temporary one, where `stage.py` lays out

    *.md         the pages of this folder, as they are, except that links to `../` lose it
    notebooks/   the lessons with their stored outputs, prepared for a page (nothing is executed)
    ...          the files of the repository that pages and lessons link to, at their own places

So a page links to a lesson as `notebooks/01_convolution_by_hand.ipynb` or, to work on the hosting
site as well, `../notebooks/01_convolution_by_hand.ipynb`, and to any file of the repository alike.

Every module of `_ext` that has a `setup` is loaded. One that writes pages of its own does it on
`builder-inited`, into `app.srcdir`. The directive `course-figure` puts a figure on any page, as
the lesson's stored output has it:

    ```{course-figure} convolution
    ```
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

project = "cnncourse"
author = "unknown"
copyright = "Text and figures CC BY 4.0, code MIT"
language = "en"

extensions = ["myst_nb", "sphinx_copybutton", "sphinx_design"]
extensions += sorted(
    path.stem for path in (HERE / "_ext").glob("*.py") if "\ndef setup(" in path.read_text("utf-8")
)
root_doc = "index"
source_suffix = {".ipynb": "myst-nb", ".md": "myst-nb"}
templates_path = ["_templates"]
exclude_patterns = ["jupyter_execute"]

# The stored outputs are what a full run gave: nothing is executed here.
nb_execution_mode = "off"
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_output_stderr = "show"
nb_render_markdown_format = "myst"  # tables in what a cell displays
myst_enable_extensions = ["dollarmath", "attrs_inline", "attrs_block", "deflist", "colon_fence"]
myst_heading_anchors = 3
html_math_renderer = "mathml"

html_theme = "sphinx_book_theme"
html_title = "Convolutional neural networks, measured"
html_short_title = "cnncourse"
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_js_files = ["course.js"]
html_favicon = "_static/favicon.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
html_theme_options = {
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
copybutton_selector = "div.cell_input div.highlight pre, div.highlight-python pre"
copybutton_exclude = ".linenos, .go"
