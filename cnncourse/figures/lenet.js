// Figure "lenet": draw a digit and watch the lesson's own trained network read it, with every map
// and all ten outputs.

import { frame, make, unpack } from "./_shared.js";
import {
  denseRow,
  detailOf,
  highest,
  mapRow,
  outputRow,
  paintGrey,
  palette,
  percent,
  surface,
  titles,
} from "./lenet_maps.js";
import { SIDE, build, forward, ink, likeMnist } from "./lenet_network.js";
import { drawingPad } from "./lenet_pad.js";

const HELP =
  "Mouse, finger or pen. Keys: arrows move, space lowers and lifts the pen, backspace undoes.";
let figures = 0; // on the page: each has its own help to refer to

function render({ model, el }) {
  const data = model.get("data");
  const names = data.class_names;
  const network = build(data);
  const all = unpack(data.digits);
  const digits = data.labels.map((_, i) => all.subarray(i * SIDE ** 2, (i + 1) * SIDE ** 2));
  const { tops, readAs } = overAll(network, digits);

  let picked = null; // which test digit lies on the pad
  let current = new Float32Array(SIDE ** 2); // the network's input
  let due = 0; // the next drawing, once a frame at most

  // The left side
  const help = make("p", { class: "cf-small cf-quiet", id: `cf-lenet-help-${++figures}` }, HELP);
  const pad = drawingPad(help.id, {
    changed: () => (due ||= requestAnimationFrame(update)),
    said: say,
    undo: dropStroke,
  });
  const undo = make("button", { type: "button", onclick: dropStroke }, "Undo stroke");
  const clear = make("button", { type: "button", onclick: () => pick(null) }, "Clear");
  const answer = make("p", { class: "cf-lenet-answer" });
  const spoken = make("p", { class: "cf-hidden", "aria-live": "polite" });
  const seen = surface(SIDE, SIDE, {
    class: "cf-lenet-seen",
    role: "img",
    "aria-label": "The image that the network gets, 28 by 28 pixels",
  });
  const tiles = tilesOf(data, digits, readAs, pick);

  // The right side
  const called = titles(network.layers);
  const colours = palette(el);
  const rows = network.layers.map((layer, index) => {
    const paint = (drawn, values) => colours.paint(drawn, values, tops[index]);
    if (layer.last) return outputRow(names);
    if (layer.kind === "dense") return denseRow(layer, called[index], paint);
    return mapRow(layer, index, called[index], paint, choose);
  });
  const detail = detailOf(network, called, tops, colours.paint);

  function choose(layer, map) {
    const pools = network.layers[layer].kind === "pooling";
    rows.forEach((row, i) =>
      row.maps?.forEach(({ button }, m) => {
        const isChosen = i === layer && m === map;
        button.setAttribute("aria-pressed", isChosen);
        button.tabIndex = isChosen || (i !== layer && m === 0) ? 0 : -1;
        button.classList.toggle("cf-lenet-source", i === layer - 1 && (m === map || !pools));
      }),
    );
    detail.show(layer, map);
    detail.draw(current);
  }

  function pick(i) {
    pad.lift();
    picked = i;
    pad.strokes = [];
    tiles.forEach((tile, t) => tile.setAttribute("aria-pressed", t === i));
    drawPad();
    say(i === null ? "Cleared. " : `Test digit, labelled ${names[data.labels[i]]}. `);
  }

  function dropStroke() {
    pad.lift();
    pad.strokes.pop();
    drawPad();
    say("Stroke undone. ");
  }

  const drawPad = () => pad.draw(tiles[picked]?.firstChild);

  /** From strokes to outputs. */
  function update() {
    due = 0;
    const { strokes } = pad;
    current =
      picked === null ? likeMnist(strokes) : ink(Float32Array.from(digits[picked]), strokes);
    const outputs = forward(network, current);
    paintGrey(seen, current);
    rows.forEach((row, i) => row.draw(outputs[i]));
    detail.draw(current);
    const best = highest(outputs.at(-1));
    const empty = picked === null && !strokes.length;
    const reads = `${names[best]}, ${percent(outputs.at(-1)[best])}`;
    const label = picked === null ? "" : `Labelled ${names[data.labels[picked]]}.`;
    answer.replaceChildren(
      make("span", {}, empty ? "Nothing drawn, and yet" : label),
      empty ? "read as " : "Read as ",
      make("strong", {}, reads),
    );
    undo.disabled = !strokes.length;
    clear.disabled = empty;
    return reads;
  }

  /** Say the answer to those who hear the page: when a stroke ends, not while it is drawn. */
  function say(before = "") {
    cancelAnimationFrame(due);
    spoken.textContent = `${before}Read as ${update()}`;
  }

  frame(el, "cf-lenet", "draw a digit, and see what the network makes of it");
  const right = [...rows.map((row) => row.element), detail.element];
  el.append(
    make("p", { class: "cf-title" }, "Draw a digit, and see what the network makes of it"),
    make(
      "div",
      { class: "cf-parts" },
      leftSide(pad.element, [undo, clear], seen.canvas, answer, help, tiles, data.caption),
      make("div", { class: "cf-lenet-right" }, ...right),
    ),
    spoken,
  );
  colours.read();
  choose(0, 0);
  drawPad();
  update();
  const stop = whenColoursChange(el, () => {
    colours.read();
    update();
  });
  return () => {
    stop();
    cancelAnimationFrame(due);
  };
}

function leftSide(paper, buttons, seen, answer, help, tiles, caption) {
  const input = make("div", { class: "cf-small cf-quiet" }, seen, "the network's input, 28×28");
  return make(
    "div",
    { class: "cf-left" },
    paper,
    make("div", { class: "cf-row" }, ...buttons),
    make("div", { class: "cf-lenet-read" }, input, answer),
    help,
    make("p", { class: "cf-small" }, "Or pick a test digit, and draw on it. Dashed: misread."),
    make("div", { class: "cf-lenet-strip", role: "group", "aria-label": "Test digits" }, ...tiles),
    make("p", { class: "cf-small cf-quiet" }, caption),
  );
}

/** How bright each layer can be, its largest number over the test digits, so that a colour means
 * the same for every image; and what each digit is read as. */
function overAll(network, digits) {
  const tops = network.layers.map(() => 1e-6);
  const readAs = digits.map((digit) => {
    const outputs = forward(network, digit);
    outputs.forEach((output, layer) => {
      for (const value of output) if (value > tops[layer]) tops[layer] = value;
    });
    return highest(outputs.at(-1));
  });
  return { tops, readAs };
}

/** The test digits as buttons. */
function tilesOf({ labels, class_names: names }, digits, readAs, pick) {
  return labels.map((label, i) => {
    const tile = surface(SIDE);
    paintGrey(tile, digits[i]);
    const misread = readAs[i] !== label;
    const title = misread ? `${names[label]}, read as ${names[readAs[i]]}` : names[label];
    const options = { type: "button", "aria-label": title, title, "aria-pressed": "false" };
    const button = make("button", { ...options, onclick: () => pick(i) }, tile.canvas);
    button.classList.toggle("cf-lenet-misread", misread);
    return button;
  });
}

/** Call `repaint` whenever the page turns dark or light while the figure stands there. */
function whenColoursChange(root, repaint) {
  const watch = new MutationObserver(repaint);
  for (const element of [document.documentElement, document.body])
    watch.observe(element, { attributeFilter: ["data-theme", "data-mode", "data-jp-theme-light"] });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", repaint);
  // A notebook may lay the figure out after this: colours are known from then on.
  const laidOut = new ResizeObserver(() => {
    if (!root.isConnected) return;
    laidOut.disconnect();
    repaint();
  });
  laidOut.observe(root);
  return () => {
    watch.disconnect();
    laidOut.disconnect();
    scheme.removeEventListener("change", repaint);
  };
}

export default { render };
