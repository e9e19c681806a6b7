// A confusion matrix whose cells open: choose one to see its images and what the network
// thought of them. The Python side is confusion.py.

import { ARROWS, frame, grouped, make, range, unpack } from "./_shared.js";

const MOST = 48; // percent of full colour in the darkest cell: text stays legible on it
const HELP =
  "Rows: the label. Columns: what it was called. Blue: right; orange: mistaken. " +
  "Keys: arrows, home and end.";

// The counting, without a page ----------------------------------------------------------------

/** Where in the sprite the images of a cell stand: the first one's number, and how many. */
export function tilesOf({ matrix, each }, row, column) {
  const shown = matrix.flat().map((count) => Math.min(count, each));
  const cell = row * matrix.length + column;
  return { first: shown.slice(0, cell).reduce((a, b) => a + b, 0), count: shown[cell] };
}

/** What a cell says, in a sentence or two. */
export function sentence({ matrix, class_names: names }, row, column) {
  const count = matrix[row][column];
  const share = shareOf(matrix, row, column);
  const what = `Of ${grouped(sum(matrix[row]))} images labelled ${names[row]}, ${grouped(count)} `;
  const called = `${count === 1 ? "was" : "were"} called ${names[column]} (${percent(share)})`;
  if (row === column) return `${what}${called}: these are right.`;
  const back = matrix[column][row];
  return (
    `${what}${called}. The other way round: ${grouped(back)} of ` +
    `${grouped(sum(matrix[column]))} labelled ${names[column]} ` +
    `${back === 1 ? "was" : "were"} called ${names[row]}.`
  );
}

/** The classes, those with the largest part of mistakes first. */
export function byMistakes(matrix) {
  const right = matrix.map((_, i) => shareOf(matrix, i, i));
  return [...matrix.keys()].sort((a, b) => right[a] - right[b]);
}

/** The most frequent mistake: [row, column]. */
export function worst(matrix) {
  let found = [0, 1];
  matrix.forEach((counts, row) =>
    counts.forEach((count, column) => {
      if (row !== column && count > matrix[found[0]][found[1]]) found = [row, column];
    }),
  );
  return found;
}

const sum = (values) => values.reduce((a, b) => a + b, 0);
const shareOf = (matrix, row, column) => matrix[row][column] / Math.max(sum(matrix[row]), 1);

function percent(share) {
  const rounded = Math.round(100 * share);
  return rounded === 0 && share > 0 ? "under 1%" : `${rounded}%`;
}

// The page ------------------------------------------------------------------------------------

function render({ model, el }) {
  const data = model.get("data");
  const { matrix, class_names: names } = data;
  const largest = Math.max(
    ...matrix.flatMap((counts, row) =>
      counts.map((_, column) => (row === column ? 0 : shareOf(matrix, row, column))),
    ),
  );
  const tile = tilesFrom(data);

  let chosen = worst(matrix); // classes, wherever they stand
  let order = [...names.keys()];
  let inPercent = false;

  const table = make("table", {
    role: "grid",
    class: "cf-confusion-matrix",
    "aria-label": "Confusion matrix: a row for each label, a column for what the image was called",
  });
  const says = make("p", { class: "cf-confusion-says", "aria-live": "polite" });
  const note = make("p", { class: "cf-small cf-quiet" });
  const images = make("div", { class: "cf-confusion-images", role: "list" });
  const cells = new Map(); // "row,column" -> td

  function fill() {
    cells.clear();
    const corner = make("td", { class: "cf-confusion-corner" });
    const heads = order.map((column) =>
      make("th", { scope: "col" }, make("span", {}, names[column])),
    );
    const rows = order.map((row) => {
      const tds = order.map((column) => cell(row, column));
      return make("tr", {}, make("th", { scope: "row" }, names[row]), ...tds);
    });
    table.replaceChildren(
      make("thead", {}, make("tr", {}, corner, ...heads)),
      make("tbody", {}, ...rows),
    );
    mark();
  }

  function cell(row, column) {
    const count = matrix[row][column];
    const share = shareOf(matrix, row, column);
    const part = Math.sqrt(row === column ? share : share / Math.max(largest, 1e-9));
    const text = inPercent ? String(Math.round(100 * share)) : String(count);
    const unit = inPercent ? `${percent(share)} of the row` : grouped(count);
    const td = make(
      "td",
      { role: "gridcell", "aria-label": `${names[row]} called ${names[column]}: ${unit}` },
      text,
    );
    const hue = row === column ? "var(--cf-kernel)" : "var(--cf-window)";
    const most = (MOST * part).toFixed(1);
    td.style.background = `color-mix(in srgb, ${hue} ${most}%, var(--cf-ground))`;
    if (count === 0) td.classList.add("cf-quiet");
    td.addEventListener("click", () => choose(row, column));
    cells.set(`${row},${column}`, td);
    return td;
  }

  function mark() {
    const [row, column] = chosen;
    for (const [key, td] of cells) {
      const isChosen = key === `${row},${column}`;
      td.tabIndex = isChosen ? 0 : -1;
      td.setAttribute("aria-selected", isChosen);
    }
    const [head, ...rows] = table.querySelectorAll("tr");
    const of = (line, i) => line.querySelectorAll("th")[i];
    order.forEach((name, i) => {
      of(head, i).classList.toggle("cf-confusion-on", name === column);
      of(rows[i], 0).classList.toggle("cf-confusion-on", name === row);
    });
  }

  function choose(row, column) {
    chosen = [row, column];
    mark();
    cells.get(`${row},${column}`).focus();
    show();
  }

  function show() {
    const [row, column] = chosen;
    const count = matrix[row][column];
    const { first, count: shown } = tilesOf(data, row, column);
    says.textContent = sentence(data, row, column);
    note.textContent = noteOf(count, shown);
    images.hidden = !count;
    images.setAttribute("aria-label", `${names[row]} called ${names[column]}`);
    images.replaceChildren(...range(shown).map((i) => tile(first + i, row, column)));
  }

  table.addEventListener("keydown", (event) => {
    const place = after(event, ...chosen.map((name) => order.indexOf(name)), names.length - 1);
    if (!place) return;
    event.preventDefault();
    choose(...place.map((i) => order[i]));
  });

  frame(el, "cf-confusion", "a confusion matrix and its images");
  el.append(
    make("p", { class: "cf-title" }, "Choose a cell, and see its images"),
    make(
      "div",
      { class: "cf-row" },
      radios("Numbers", ["images", "percent of the row"], (which) => {
        inPercent = which === 1;
        fill();
      }),
      radios("Classes", ["as in the data", "most mistakes first"], (which) => {
        order = which === 1 ? byMistakes(matrix) : [...names.keys()];
        fill();
      }),
    ),
    make("div", { class: "cf-confusion-frame" }, table),
    make("p", { class: "cf-small cf-quiet" }, HELP),
    says,
    note,
    images,
    make("p", { class: "cf-small cf-quiet" }, data.caption),
  );
  fill();
  show();
}

let switches = 0; // on the page, so that each has a name of its own

function radios(title, options, then) {
  const name = `cf-confusion-${++switches}`;
  const inputs = options.map((text, i) => {
    const input = make("input", { type: "radio", name, onchange: () => then(i) });
    input.checked = i === 0;
    return make("label", {}, input, text);
  });
  const row = make("div", { class: "cf-row" }, ...inputs);
  return make("fieldset", {}, make("legend", {}, title), row);
}

/** The place in the grid to which a key leads from [down, across]; null for other keys. */
function after(event, down, across, last) {
  if (event.altKey || event.metaKey || event.shiftKey) return null;
  if (event.key === "Home") return [event.ctrlKey ? 0 : down, 0];
  if (event.key === "End") return [event.ctrlKey ? last : down, last];
  if (event.ctrlKey || !(event.key in ARROWS)) return null;
  const inside = (place) => Math.min(Math.max(place, 0), last);
  return [inside(down + ARROWS[event.key][0]), inside(across + ARROWS[event.key][1])];
}

function noteOf(count, shown) {
  if (!count) return "There is no image to show.";
  if (count === 1) return "This is the image, with its highest probabilities:";
  const which = count > shown ? `The ${shown} that the network was surest of` : "All of them";
  return `${which}, with their highest probabilities (✓: the label):`;
}

/** What draws one image of the sprite, with what the network thought of it beside. */
function tilesFrom({ sprite: address, percent: packed, class_names: names, side, columns, places }) {
  const percents = unpack(packed);
  const sprite = new Image();
  sprite.src = address;

  function picture(index, row, column) {
    const place = places[index];
    const canvas = make("canvas", {
      width: side,
      height: side,
      role: "img",
      "aria-label": `image ${place}, labelled ${names[row]}, called ${names[column]}`,
      "data-place": place,
      title: `image ${place}`,
    });
    const draw = () => {
      const [x, y] = [(index % columns) * side, Math.floor(index / columns) * side];
      canvas.getContext("2d").drawImage(sprite, x, y, side, side, 0, 0, side, side);
    };
    if (sprite.complete) draw();
    else sprite.addEventListener("load", draw, { once: true });
    return canvas;
  }

  return (index, row, column) => {
    const own = percents.subarray(index * names.length, (index + 1) * names.length);
    const ranked = [...names.keys()].sort(
      (a, b) => own[b] - own[a] || (b === column) - (a === column),
    );
    const shown = ranked.slice(0, 3).filter((name) => name === row || own[name]);
    if (!shown.includes(row)) shown[Math.min(shown.length, 2)] = row; // the truth is always there
    const lines = shown.map((name) => {
      const line = make(
        "div",
        { class: `cf-confusion-line ${name === row ? "is-true" : "is-other"}` },
        make("span", {}, name === row ? `✓ ${names[name]}` : names[name]),
        make("span", {}, `${own[name]}%`),
      );
      line.style.setProperty("--cf-part", `${own[name]}%`);
      return line;
    });
    return make("div", { role: "listitem" }, picture(index, row, column), make("div", {}, ...lines));
  };
}

export default { render };
