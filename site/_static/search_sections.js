// What the search shows. Results lead to sections: what is in the index as "<page>#<place>#<id>" gets a link to its id.
(() => {
  "use strict";
  const most = 3; // sections of a page
  const plain = Search.performTermsSearch;
  Search.performTermsSearch = (...terms) => {
    const pages = new Map();
    const results = [];
    for (const result of plain.apply(Search, terms)) {
      const [page, place, id] = result[0].split("#");
      if (id === undefined) {
        results.push(result);
        continue;
      }
      if (!pages.has(page)) pages.set(page, []);
      pages.get(page).push({ place, result: [page, result[1], `#${id}`, ...result.slice(3)] });
    }
    // A page is listed where its title has a word, or none of its sections has all of them.
    const named = (title) => [...terms[0]].some((word) => title.toLowerCase().includes(word));
    const kept = results.filter((result) => !pages.has(result[0]) || named(result[1]));
    for (const sections of pages.values()) {
      sections.sort((a, b) => b.result[4] - a.result[4] || a.place - b.place);
      kept.push(...sections.slice(0, most).map((section) => section.result));
    }
    return kept;
  };

  // A term of the glossary is named.
  const all = Search._performSearch;
  Search._performSearch = (...query) => {
    const { docnames, indexentries } = Search._index;
    const terms = new Map();
    for (const [term, found] of Object.entries(indexentries)) {
      for (const [file, id] of found) terms.set(`${docnames[file]}#${id}`, term);
    }
    return all.apply(Search, query).map((result) => {
      const term = result[6] === SearchResultKind.index && terms.get(result[0] + result[2]);
      return term ? [result[0], `${result[1]} > ${term}`, ...result.slice(2)] : result;
    });
  };
})();
