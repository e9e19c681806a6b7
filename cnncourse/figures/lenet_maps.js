// Figure "lenet", its right side: a row for each layer, and where the chosen map comes from.

import { make, range } from "./_shared.js";
import { SIDE } from "./lenet_network.js";

const mapOf = (output, map, side) => output.subarray(map * side ** 2, (map + 1) * side ** 2);
const signed = (value) => value.toFixed(2).replace("-", "−");
export const percent = (part) => `${Math.round(100 * part)}%`;
export const highest = (values) => values.indexOf(Math.max(...values));

/** "convolution 1", "pooling 1", ...: what the lessons call the layers. */
export function titles(layers) {
  const counts = {};
  return layers.map(({ kind }) => `${kind} ${(counts[kind] = (counts[kind] ?? 0) + 1)}`);
}

export function surface(width, height = width, attributes = {}) {
  const canvas = make("canvas", { width, height, ...attributes });
  const context = canvas.getContext("2d");
  return { canvas, context, image: context.createImageData(width, height) };
}

export function paintGrey({ context, image }, pixels) {
  for (let i = 0; i < pixels.length; i++) {
    image.data.fill(pixels[i], 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

/** The page's colours: nothing is the ground, the largest number the full colour; below zero
 * another one. */
export function palette(root) {
  let colours;
  const read = () => {
    const style = getComputedStyle(root);
    const colour = (name) => {
      const hex = style.getPropertyValue(`--cf-${name}`).trim() || "#808080";
      return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    };
    colours = ["ground", "positive", "negative"].map(colour);
  };
  const paint = ({ context, image }, values, top) => {
    const [ground, positive, negative] = colours;
    for (let i = 0; i < values.length; i++) {
      const part = Math.min(Math.abs(values[i]) / top, 1);
      const full = values[i] < 0 ? negative : positive;
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = ground[c] + part * (full[c] - ground[c]);
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  };
  return { read, paint };
}

// A row for each layer -------------------------------------------------------------------------

const row = (words, inside, draw) => ({
  element: make("div", {}, make("p", { class: "cf-small" }, words), inside),
  draw,
});

/** Maps as buttons; arrow keys move between them. */
export function mapRow({ channels, side }, index, called, paint, choose) {
  const maps = range(channels).map((map) => {
    const drawn = surface(side);
    const options = { type: "button", "aria-label": `Map ${map} of ${called}`, tabindex: -1 };
    const button = make("button", { ...options, onclick: () => choose(index, map) }, drawn.canvas);
    return { ...drawn, button };
  });
  const group = make(
    "div",
    {
      class: `cf-lenet-maps cf-lenet-maps-${index}`,
      role: "toolbar",
      "aria-label": `Maps of ${called}`,
    },
    ...maps.map(({ button }) => button),
  );
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const now = maps.findIndex(({ button }) => button === document.activeElement);
    const next = { Home: 0, End: channels - 1 }[event.key] ?? (step ? now + step : null);
    if (next === null || now < 0) return;
    event.preventDefault();
    choose(index, (next + channels) % channels);
    maps[(next + channels) % channels].button.focus();
  });
  group.style.setProperty("--cf-columns", Math.min(channels, 8));
  const draw = (output) => maps.forEach((drawn, map) => paint(drawn, mapOf(output, map, side)));
  return { ...row(`${called}: ${channels} maps of ${side}×${side}`, group, draw), maps };
}

export function denseRow({ units }, called, paint) {
  const drawn = surface(units, 1, {
    class: "cf-lenet-dense",
    role: "img",
    "aria-label": `${units} numbers, drawn as a strip`,
  });
  return row(`${called}: ${units} numbers`, drawn.canvas, (output) => paint(drawn, output));
}

export function outputRow(names) {
  const columns = names.map((name) => {
    const bar = make("span", { class: "cf-lenet-bar" });
    const value = make("span", { class: "cf-lenet-percent" });
    const box = make("span", { class: "cf-lenet-column" }, bar);
    const element = make("div", { role: "listitem" }, value, box, make("span", {}, name));
    return { bar, value, element };
  });
  const list = make(
    "div",
    { class: "cf-lenet-outputs", role: "list", "aria-label": "Probabilities" },
    ...columns.map((column) => column.element),
  );
  const draw = (output) => {
    const best = highest(output);
    columns.forEach(({ bar, value, element }, i) => {
      bar.style.height = `${100 * output[i]}%`;
      value.textContent = percent(output[i]);
      element.classList.toggle("cf-lenet-best", i === best);
    });
  };
  return row(`Output: ${names.length} probabilities, which add up to 1`, list, draw);
}

// The detail: how one map comes about ----------------------------------------------------------

/** `show(layer, map)` lays out its pictures, `draw(input)` draws them for an input. */
export function detailOf(network, called, tops, paint) {
  const element = make("div", { class: "cf-lenet-detail" });
  let parts = []; // what has to be drawn again as the input changes

  function picture(index, map, attributes = {}) {
    const layer = network.layers[index];
    const name = layer ? `map ${map} of ${called[index]}` : "the input";
    const side = layer?.side ?? SIDE;
    const drawn = surface(side, side, { role: "img", "aria-label": name, ...attributes });
    const draw = (input) => {
      if (layer) paint(drawn, mapOf(layer.output, map, side), tops[index]);
      else paintGrey(drawn, input);
    };
    parts.push(draw);
    return drawn.canvas;
  }

  /** A source with its kernel below. */
  function pair(index, from, kernel, size, limit) {
    const name = `kernel for ${index < 0 ? "the input" : `map ${from}`}`;
    const drawn = surface(size, size, { role: "img", "aria-label": name });
    parts.push(() => paint(drawn, kernel, limit));
    return make("div", { class: "cf-lenet-pair" }, picture(index, from), drawn.canvas);
  }

  function convolution(index, map) {
    const { size, inputs, kernels, bias } = network.layers[index];
    const mine = kernels.subarray(map * inputs * size ** 2, (map + 1) * inputs * size ** 2);
    const limit = mine.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-6);
    const pictures = range(inputs).map((from) =>
      pair(index - 1, from, mapOf(mine, from, size), size, limit),
    );
    const over = index
      ? `${inputs} kernels of ${size}×${size}, slid over the ${inputs} maps of ` +
        `${called[index - 1]}, one each; the results are added, plus the bias`
      : `One kernel of ${size}×${size}, slid over the input, plus the bias`;
    const words =
      `${over} ${signed(bias[map])}; what is below 0 becomes 0 (ReLU). ` +
      `Weights up to ${limit.toFixed(2)}: purple above zero, brown below.`;
    return { pictures, words };
  }

  function pooling(index, map) {
    const words =
      `The largest of each 2×2 numbers of map ${map} of ${called[index - 1]}. ` +
      "Nothing here is learned.";
    const source = make("div", { class: "cf-lenet-pair" }, picture(index - 1, map));
    return { pictures: [source], words };
  }

  function show(index, map) {
    parts = [];
    const from = network.layers[index].kind === "pooling" ? pooling : convolution;
    const { pictures, words } = from(index, map);
    const arrow = make("span", { class: "cf-lenet-arrow", "aria-hidden": "true" }, "→");
    const result = picture(index, map, { class: "cf-lenet-result" });
    element.replaceChildren(
      make("p", { class: "cf-title" }, `Where map ${map} of ${called[index]} comes from`),
      make("div", { class: "cf-lenet-pairs" }, ...pictures, arrow, result),
      make("p", { class: "cf-small" }, words),
    );
  }

  return { element, show, draw: (input) => parts.forEach((draw) => draw(input)) };
}
