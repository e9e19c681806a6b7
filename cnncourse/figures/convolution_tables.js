// Figure "convolution", its tables of numbers. Each is {element, draw}: built once for a setting,
// and drawn anew whenever a number or the place has changed.

import { ARROWS, make, modified, range } from "./_shared.js";
import { COLOURS, conv2d, parse, short, text, turned, whyNot } from "./convolution_sums.js";

const of = (walk, channel) => (walk.channels > 1 ? `, ${COLOURS[channel]}` : "");

function panel(title, grid, draw) {
  const element = make(
    "div",
    { class: "cf-conv-panel" },
    make("p", { class: "cf-title" }, title),
    make("div", { class: "cf-wide" }, grid),
  );
  return { element, draw };
}

function table(kind, height, width, label, role = "group") {
  const node = make("div", {
    class: `cf-conv-grid cf-conv-${kind}`,
    role,
    "aria-label": label,
  });
  node.style.setProperty("--rows", height);
  node.style.setProperty("--columns", width);
  return node;
}

function lay(node, row, column, height = 1, width = 1) {
  node.style.gridArea = `${row + 1} / ${column + 1} / span ${height} / span ${width}`;
}

/** A cell for each place of rows and columns, put into the table. */
function fill(grid, rows, columns, cellOf) {
  return range(rows * columns).map((place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    const cell = cellOf(row, column, place);
    cell.style.gridArea = `${row + 1} / ${column + 1}`;
    grid.append(cell);
    return { cell, row, column, place };
  });
}

function outline(grid, kind) {
  const node = make("div", {
    class: `cf-conv-frame cf-conv-frame-${kind}`,
    "aria-hidden": "true",
  });
  grid.append(node);
  return node;
}

/** Arrow keys move between the cells of a table; only one of them is in the order of Tab. */
function roving(grid, columns) {
  const cells = [...grid.querySelectorAll("[data-cell]")];
  grid.addEventListener("keydown", (event) => {
    const at = cells.indexOf(event.target);
    if (at < 0 || !(event.key in ARROWS) || modified(event)) return;
    const [down, across] = ARROWS[event.key];
    event.preventDefault();
    const row = Math.floor(at / columns) + down;
    const column = (at % columns) + across;
    if (column >= 0 && column < columns) cells[row * columns + column]?.focus();
  });
  grid.addEventListener("focusin", (event) => {
    if (!cells.includes(event.target)) return;
    for (const cell of cells) cell.tabIndex = cell === event.target ? 0 : -1;
  });
  cells.forEach((cell, index) => (cell.tabIndex = index === 0 ? 0 : -1));
}

/** Numbers of many signs get wider cells; the table then scrolls where there is no room. */
function widen(grid, cells) {
  const long = cells.some(({ cell }) => cell.textContent.length > 3);
  grid.classList.toggle("cf-conv-long", long);
}

/** Colour for size; at most 45 of 100, so that the number stays legible. */
function tint(cell, colour, share) {
  const part = Math.round(45 * share);
  cell.style.background = `color-mix(in srgb, var(--cf-${colour}) ${part}%, var(--cf-ground))`;
}

function write(cell, value, label) {
  const shown = value === null ? "" : short(value);
  if (cell.textContent !== shown) cell.textContent = shown;
  if (label) cell.setAttribute("aria-label", label);
}

/** The bounds of the image's greys. */
function bounds(walk) {
  const values = walk.image.flat(2);
  return [Math.min(0, ...values), Math.max(1, ...values)];
}

/** A field for a number: "1/9" is one; what is none changes nothing, and `refuse` says why. */
export function numberField(label, read, change, refuse) {
  const input = make("input", {
    type: "text",
    class: "cf-conv-number",
    autocomplete: "off",
    spellcheck: false,
    "aria-label": label,
  });
  input.addEventListener("input", () => {
    const value = parse(input.value);
    const wrong = Number.isNaN(value);
    input.setAttribute("aria-invalid", String(wrong));
    if (wrong) refuse(`${label}: ${whyNot(input.value)}; ${text(read())} stays.`);
    else change(value, input);
  });
  input.addEventListener("focus", () => input.select());
  input.addEventListener("blur", () => {
    input.setAttribute("aria-invalid", "false");
    input.value = text(read());
  });
  return input;
}

/** The image's pixels, to switch on and off, with the padding and the window. */
export function imagePanel(walk, channel, update) {
  const { before: top, after: bottom } = walk.rows;
  const { before: left, after: right } = walk.columns;
  const [height, width] = [walk.image.length, walk.image[0].length];
  const which = walk.channels > 1 ? `${COLOURS[channel]} channel` : "image";
  const grid = table("image", height + top + bottom, width + left + right, `Pixels of the ${which}`);
  const put = (row, column, value) => {
    walk.image[row][column][channel] = value;
    update();
  };
  const pixel = (row, column) =>
    make("button", {
      type: "button",
      "data-cell": "",
      onclick: () => put(row, column, walk.image[row][column][channel] > 0 ? 0 : 1),
      onkeydown: (event) => {
        if (/^[0-9]$/.test(event.key) && !modified(event)) put(row, column, Number(event.key));
      },
    });
  const padding = () => make("span", { class: "cf-conv-padding", "aria-hidden": "true" }, "0");
  const all = fill(grid, height + top + bottom, width + left + right, (row, column) =>
    walk.image[row - top]?.[column - left] ? pixel(row - top, column - left) : padding(),
  );
  const cells = all.filter(({ cell }) => cell.tagName === "BUTTON");
  const [window, ring] = [outline(grid, "window"), outline(grid, "pixel")];
  roving(grid, width);

  const draw = () => {
    const [low, high] = bounds(walk);
    for (const { cell, row, column } of cells) {
      const value = walk.image[row - top][column - left][channel];
      const bright = (value - low) / (high - low);
      const grey = Math.round(255 * bright);
      cell.style.background = `rgb(${grey} ${grey} ${grey})`;
      cell.style.color = bright > 0.5 ? "#000000" : "#ffffff";
      write(cell, value, `row ${row - top + 1}, column ${column - left + 1}: ${text(value)}`);
    }
    widen(grid, cells);
    window.hidden = !walk.places;
    ring.hidden = walk.current?.channel !== channel;
    if (window.hidden) return;
    const [y, x] = walk.position.map((place) => place * walk.stride);
    lay(window, y, x, ...walk.size);
    if (!ring.hidden) lay(ring, y + walk.current.i, x + walk.current.j);
  };
  return panel(`image${of(walk, channel)}`, grid, draw);
}

/** What kernels have in common: colours by sign and size, and a ring around the current weight. */
function weights(walk, channel, label, cellOf, show, isHidden) {
  const grid = table("kernel", ...walk.size, label);
  const cells = fill(grid, ...walk.size, cellOf);
  const ring = outline(grid, "weight");
  const draw = (kernel, typing) => {
    const most = Math.max(...kernel.flat(2).map((maps) => Math.abs(maps[walk.map])), 1e-9);
    for (const { cell, row, column } of cells) {
      const value = kernel[row][column][channel][walk.map];
      tint(cell, value < 0 ? "minus" : "plus", Math.abs(value) / most);
      if (cell !== typing) show(cell, value);
    }
    ring.hidden = isHidden() || walk.current?.channel !== channel;
    if (!ring.hidden) lay(ring, walk.current.i, walk.current.j);
  };
  return { grid, draw };
}

/** The kernel's weights, to type over. */
export function kernelPanel(walk, channel, update, refuse) {
  const cellOf = (i, j) => {
    const slices = walk.kernel[i][j][channel];
    const label = `Kernel${of(walk, channel)}, row ${i + 1}, column ${j + 1}`;
    const field = numberField(
      label,
      () => slices[walk.map],
      (value, typing) => {
        slices[walk.map] = value;
        update(typing);
      },
      refuse,
    );
    field.setAttribute("data-cell", "");
    return field;
  };
  const { grid, draw } = weights(
    walk,
    channel,
    `Numbers of the kernel${of(walk, channel)}`,
    cellOf,
    (cell, value) => (cell.value = text(value)),
    () => walk.flip,
  );
  roving(grid, walk.size[1]);
  const number = walk.kernels > 1 ? ` ${walk.map + 1}` : "";
  const title = `× kernel${number}${of(walk, channel)}`;
  return panel(title, grid, (typing) => draw(walk.kernel, typing));
}

/** The kernel turned by half a circle, as it is laid on the image. */
export function turnedPanel(walk, channel) {
  const label = "The kernel turned, as it is laid on the image";
  const { grid, draw } = weights(walk, channel, label, () => make("span"), write, () => false);
  return panel(`turned${of(walk, channel)}`, grid, () => draw(turned(walk.kernel)));
}

/** An output's pixels, as far as they have been filled in; a click goes to the place of one. */
export function outputPanel(walk, map, go) {
  const [height, width] = [walk.rows.places, walk.columns.places];
  const label = walk.kernels > 1 ? `Pixels of output ${map + 1}` : "Pixels of the output";
  const grid = table("output", height, width, label);
  const cells = fill(grid, height, width, (row, column, place) =>
    make("button", { type: "button", "data-cell": "", onclick: () => go(place, map) }),
  );
  const ring = outline(grid, "output");
  roving(grid, width);

  const draw = () => {
    const output = conv2d(walk);
    const most = Math.max(...output.flat(2).map(Math.abs), 1e-9);
    for (const { cell, row, column, place } of cells) {
      const value = output[row][column][map];
      const known = place < walk.seen[map];
      tint(cell, value < 0 ? "minus" : "output-mark", known ? Math.abs(value) / most : 0);
      const shown = known ? text(value) : "not yet computed";
      write(cell, known ? value : null, `row ${row + 1}, column ${column + 1}: ${shown}`);
    }
    widen(grid, cells);
    ring.hidden = map !== walk.map;
    lay(ring, ...walk.position);
  };
  const title = walk.kernels > 1 ? `= output ${map + 1}` : "= output";
  return { ...panel(title, grid, draw), focus: (place) => cells[place].cell.focus() };
}

/** The image in its colours, as we see it. */
export function seenPanel(walk) {
  const [height, width] = [walk.image.length, walk.image[0].length];
  const grid = table("seen", height, width, "The image in its colours", "img");
  const cells = fill(grid, height, width, () => make("span"));
  const draw = () => {
    const [low, high] = bounds(walk);
    for (const { cell, row, column } of cells) {
      const shade = (value) => Math.round((255 * (value - low)) / (high - low));
      cell.style.background = `rgb(${walk.image[row][column].map(shade).join(" ")})`;
    }
  };
  return panel("what we see", grid, draw);
}
