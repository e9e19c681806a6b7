// What the figures share. Each names what it takes in an import; Python puts these lines before
// its own, so that what is handed on is one module that needs no other file.

export function range(count) {
  return Array.from({ length: count }, (_, index) => index);
}

/** The array that Python packed: {shape, type, base64}. */
export function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed.base64), (letter) => letter.charCodeAt(0));
  return packed.type === "uint8" ? bytes : new Float32Array(bytes.buffer);
}

/** A whole number with commas between thousands. */
export function grouped(number) {
  return number.toLocaleString("en-US");
}

/** An element with its listeners (`onclick`), properties and attributes, and what is in it. */
export function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

/** Make `el` the figure's own element, of the class `kind`, named for those who hear the page. */
export function frame(el, kind, label) {
  el.classList.add("cnncourse-figure", kind);
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", `Interactive figure: ${label}`);
  el.addEventListener("focusin", ({ target }) => {
    // JupyterLab would take "b" or "d, d" on a button as its own shortcuts.
    if (!target.matches(":read-write")) target.setAttribute("data-lm-suppress-shortcuts", "true");
  });
}

/** A list to choose from, with its label; `set` chooses, `fill` changes what there is. */
export function choice(label, options, chosen, onchange, attributes = {}) {
  const select = make("select", { onchange: () => onchange(select.value), ...attributes });
  const node = make("label", {}, label, select);
  node.set = (value) => (select.value = value);
  node.fill = (list, value) => {
    select.replaceChildren(...list.map((item) => make("option", { value: item }, String(item))));
    node.set(value);
  };
  node.fill(options, chosen);
  return node;
}

/** A line for those who hear the page: it says a sentence once what is done has paused. */
export function announcer(wait) {
  const line = make("p", { class: "cf-hidden", role: "status", "aria-live": "polite" });
  let waiting;
  line.stop = () => clearTimeout(waiting);
  line.say = (sentence) => {
    line.stop();
    waiting = setTimeout(() => (line.textContent = sentence()), wait);
  };
  return line;
}

export const ARROWS = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

export const modified = (event) => event.altKey || event.ctrlKey || event.metaKey;
