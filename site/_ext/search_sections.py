"""The index of the search holds every section of a page as well, so that a result leads there.

A section is fed to Sphinx's index as if it were a page, under "<page>#<place>#<its id>", without
the sections in it. `_static/search_sections.js` makes links to sections of such results.
"""

import functools

from docutils import nodes
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.docutils import new_document


class SectionsHTMLBuilder(StandaloneHTMLBuilder):
    """Sphinx's builder for HTML, with sections in the index."""

    def prepare_writing(self, docnames):
        super().prepare_writing(docnames)
        if self.indexer is not None:  # a section's words are those of its page: stem them once
            self.indexer.lang.stem = functools.cache(self.indexer.lang.stem)

    def index_page(self, pagename, doctree, title):
        super().index_page(pagename, doctree, title)
        if self.indexer is None or not title:
            return
        sections = [part for part in doctree.findall(nodes.section) if part.parent is not doctree]
        for place, section in enumerate(sections):
            heading, *rest = section.children
            part = new_document("")
            part += heading.deepcopy()
            part += [node.deepcopy() for node in rest if not isinstance(node, nodes.section)]
            name = f"{pagename}#{place:03}#{section['ids'][0]}"
            path = self.env.doc2path(pagename, base=False)
            self.indexer.feed(name, path, f"{title} > {heading.astext()}", part)
            self.indexer._all_titles[name] = []  # the page has it among its headings already

    def dump_search_index(self):
        self.indexer.prune = lambda pages: None  # it would take sections for pages that are gone
        super().dump_search_index()


def setup(app):
    app.add_builder(SectionsHTMLBuilder, override=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
