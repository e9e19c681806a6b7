// Light and dark, the contents on a phone, boxes that scroll, and where the reader is.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const names = { auto: "as the system", light: "light", dark: "dark" };

  function paint() {
    const mode = root.dataset.mode in names ? root.dataset.mode : "auto";
    root.dataset.theme = mode === "auto" ? (dark.matches ? "dark" : "light") : mode;
    const name = document.querySelector(".course-mode-name");
    if (name) name.textContent = `Colours: ${names[mode]}`;
  }

  function scrollers() {
    // What scrolls must be reachable with the keyboard; what does not, need not be.
    for (const box of document.querySelectorAll("article pre, .scroll, .formula, .pst-scrollable-table-container, div.cell_output")) {
      const style = getComputedStyle(box);
      const wide = box.scrollWidth > box.clientWidth && style.overflowX !== "visible";
      const high = box.scrollHeight > box.clientHeight && style.overflowY !== "visible";
      if (wide || high) {
        box.tabIndex = 0;
      } else if (box.getAttribute("tabindex") === "0") {
        box.removeAttribute("tabindex");
      }
    }
  }

  function follow() {
    const links = new Map();
    for (const link of document.querySelectorAll(".course-here a[href^='#']")) {
      const section = document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (section) links.set(section.querySelector("h1, h2, h3, h4") || section, link);
    }
    if (!links.size || !("IntersectionObserver" in window)) return;
    const headings = [...links.keys()];
    const mark = () => {
      const top = headings.filter((h) => h.getBoundingClientRect().top < innerHeight * 0.35).pop();
      for (const [heading, link] of links) {
        if (heading === top) {
          link.setAttribute("aria-current", "true");
          const box = link.closest(".course-here");
          const [a, b] = [link.getBoundingClientRect(), box.getBoundingClientRect()];
          if (a.top < b.top || a.bottom > b.bottom) box.scrollTop += a.top - b.top - b.height / 3;
        } else {
          link.removeAttribute("aria-current");
        }
      }
    };
    const observer = new IntersectionObserver(mark, { rootMargin: "1000000px 0px -65% 0px" });
    headings.forEach((heading) => observer.observe(heading));
    mark();
  }

  function start() {
    paint();
    dark.addEventListener("change", paint);
    document.querySelector(".course-mode")?.addEventListener("click", () => {
      const order = Object.keys(names);
      const next = order[(order.indexOf(root.dataset.mode) + 1) % order.length];
      root.dataset.mode = next;
      try {
        localStorage.setItem("mode", next);
      } catch {
        // A browser that keeps nothing still changes this page.
      }
      paint();
    });
    const menu = document.querySelector(".course-menu");
    menu?.addEventListener("click", () => {
      const open = menu.getAttribute("aria-expanded") !== "true";
      menu.setAttribute("aria-expanded", String(open));
      root.classList.toggle("course-open", open);
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && root.classList.contains("course-open")) {
        menu.click();
        menu.focus();
      }
    });
    scrollers();
    addEventListener("resize", scrollers);
    document.addEventListener("toggle", scrollers, true);
    // A link into something folded opens it.
    const open = () => {
      let name = location.hash.slice(1);
      try {
        name = decodeURIComponent(name);
      } catch {
        // A stray % stands for itself.
      }
      let place = name && document.getElementById(name);
      for (; place; place = place.parentElement) if (place.tagName === "DETAILS") place.open = true;
    };
    addEventListener("hashchange", open);
    // Folded outputs, as the pictures of a solved notebook, are printed: paper has no fold to open.
    addEventListener("beforeprint", () => {
      for (const fold of document.querySelectorAll("details.hide.below-input")) fold.open = true;
    });
    open();
    follow();
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start);
  else start();
})();
