// Figure "sizes": layers in a stack, with the shape and the cost of each, as Keras builds them.

import { announcer, choice, frame, grouped, make } from "./_shared.js";
import { countStack, keras } from "./sizes_counts.js";

const NAMES = { conv: "Convolution", pool: "Pooling", flatten: "Flatten", dense: "Dense" };
const NEW = {
  conv: { layer: "conv", maps: 8, kernel: 3, stride: 1, padding: "valid" },
  pool: { layer: "pool", kernel: 2, stride: 2, padding: "valid" },
  flatten: { layer: "flatten" },
  dense: { layer: "dense", units: 10 },
};
const FIELDS = {
  conv: [
    ["kernels", "maps"],
    ["size", "kernel"],
    ["stride", "stride"],
  ],
  pool: [
    ["size", "kernel"],
    ["stride", "stride"],
  ],
  flatten: [],
  dense: [["units", "units"]],
};
const SIDES = [
  ["height", "side"],
  ["width", "side"],
  ["channels", "channels"],
];
const OWN = "my own";
const HELP =
  "Faces of the boxes are to scale; depth and bars grow with the logarithm. " +
  "Multiply-adds are for one image. Activations change neither shapes nor counts.";

function render({ model, el }) {
  const { networks, network, target, largest, mostLayers } = model.get("data");
  let { input, layers } = structuredClone(networks[network]);

  const chosen = choice("Network", [...Object.keys(networks), OWN], network, (name) => {
    if (name === OWN) return;
    ({ input, layers } = structuredClone(networks[name]));
    build();
  });
  const inputs = make("span", { class: "cf-row cf-sizes-input" });
  const list = make("ol", { class: "cf-sizes-layers" });
  const adding = make(
    "div",
    { class: "cf-row cf-controls", role: "group", "aria-label": "Add a layer" },
    "Add:",
    ...Object.keys(NEW).map((kind) =>
      make("button", { type: "button", onclick: () => add(kind) }, NAMES[kind]),
    ),
  );
  const boxes = make("div", { class: "cf-sizes-boxes", role: "img" });
  const sums = make("p", { class: "cf-sizes-sums" });
  const goal = make("p", { class: "cf-sizes-goal" });
  const code = make("pre", { tabIndex: 0, "aria-label": "Python code of the network" });
  const live = announcer(400);

  function add(kind) {
    if (layers.length >= mostLayers) return;
    layers.push({ ...NEW[kind] });
    rebuilt();
    const row = list.lastElementChild;
    (row.querySelector("input") ?? row.querySelector("button:enabled")).focus();
  }

  function move(index, by) {
    const [layer] = layers.splice(index, 1);
    layers.splice(index + by, 0, layer);
    rebuilt();
    const row = list.children[index + by];
    const again = row.querySelector(by < 0 ? ".cf-sizes-up" : ".cf-sizes-down");
    (again.disabled ? row.querySelector(".cf-sizes-remove") : again).focus();
  }

  function remove(index) {
    layers.splice(index, 1);
    rebuilt();
    const next = list.children[Math.min(index, layers.length - 1)];
    (next?.querySelector(".cf-sizes-remove") ?? adding.querySelector("button")).focus();
  }

  function rebuilt() {
    build();
    changed();
  }

  /** A number or a layer is no longer that of the network chosen. */
  function changed() {
    chosen.set(OWN);
    update();
    live.say(() => sentence(countStack(input, layers)));
  }

  // `build` makes the list anew, `update` writes numbers into it.

  function build() {
    inputs.replaceChildren(
      "Input",
      ...SIDES.map(([name, limit], axis) =>
        numberField(axis ? "×" : "", `Input ${name}`, largest[limit], input, axis, changed),
      ),
    );
    const acts = { move, remove, changed };
    list.replaceChildren(
      ...layers.map((layer, index) => layerRow(layer, index, layers.length, largest, acts)),
    );
    for (const button of adding.querySelectorAll("button"))
      button.disabled = layers.length >= mostLayers;
    update();
  }

  function update() {
    const counted = countStack(input, layers);
    counted.rows.forEach((found, index) => {
      const row = list.children[index];
      row.classList.toggle("cf-sizes-impossible", Boolean(found.error));
      row.querySelector(".cf-sizes-result").replaceChildren(...resultOf(found, counted));
    });
    sums.replaceChildren(...sumsOf(counted));
    goal.hidden = target === null;
    goal.textContent = goalOf(counted, target);
    code.textContent = keras(input, layers);
    const shapes = [input, ...counted.rows.map((found) => found.output).filter(Boolean)];
    const said = shapes.map((shape) => shape.join(" by ")).join(", ");
    boxes.setAttribute("aria-label", `The shapes in turn: ${said}`);
    boxes.replaceChildren(...boxesOf(shapes, layers));
  }

  frame(el, "cf-sizes", "sizes and counts of a network");
  el.append(
    make("div", { class: "cf-row cf-controls" }, chosen, inputs),
    boxes,
    sums,
    goal,
    list,
    adding,
    make("details", { class: "cf-controls" }, make("summary", {}, "The same in Keras"), code),
    make("p", { class: "cf-small cf-quiet" }, HELP),
    live,
  );
  build();
  return live.stop;
}

// A layer's row --------------------------------------------------------------------------------

/**
 * A field for a whole number from 1 to `most`, kept in `where[key]`. What is typed beyond it is
 * refused in words, and the number from before it was typed stays.
 */
function numberField(label, words, most, where, key, changed) {
  let before = where[key];
  const refused = make("span", { class: "cf-wrong cf-small" });
  const field = make("input", {
    type: "number",
    min: 1,
    max: most,
    step: 1,
    value: where[key],
    "aria-label": words,
  });
  const isRight = () => {
    const value = Number(field.value);
    return Number.isInteger(value) && value >= 1 && value <= most;
  };
  field.addEventListener("input", () => {
    const right = isRight();
    field.setAttribute("aria-invalid", String(!right));
    refused.textContent = right ? "" : `expected a whole number from 1 to ${grouped(most)}`;
    where[key] = right ? Number(field.value) : before;
    changed();
  });
  field.addEventListener("focus", () => {
    before = where[key];
    refused.textContent = "";
    field.select();
  });
  field.addEventListener("blur", () => {
    if (!isRight()) refused.textContent += `; ${grouped(before)} stays`;
    field.setAttribute("aria-invalid", "false");
    field.value = where[key];
  });
  return make("span", {}, make("label", {}, label, field), refused);
}

function layerRow(layer, index, count, largest, { move, remove, changed }) {
  const name = NAMES[layer.layer];
  const where = `Layer ${index + 1}, ${name}`;
  const fields = FIELDS[layer.layer].map(([label, key]) =>
    numberField(label, `${where}: ${label}`, largest[key], layer, key, changed),
  );
  if ("padding" in layer) {
    const choose = (value) => {
      layer.padding = value;
      changed();
    };
    const words = { "aria-label": `${where}: padding` };
    fields.push(choice("padding", ["valid", "same"], layer.padding, choose, words));
  }
  const button = (kind, sign, title, disabled, onclick) => {
    const label = `${title} layer ${index + 1}, ${name}`;
    const options = { type: "button", title, disabled, onclick, "aria-label": label };
    return make("button", { ...options, class: `cf-sizes-${kind}` }, sign);
  };
  return make(
    "li",
    {},
    make(
      "div",
      { class: "cf-sizes-head" },
      make("span", { class: "cf-title" }, `${index + 1} ${name}`),
      make(
        "span",
        { class: "cf-sizes-buttons cf-controls" },
        button("up", "↑", "Move up", index === 0, () => move(index, -1)),
        button("down", "↓", "Move down", index === count - 1, () => move(index, 1)),
        button("remove", "×", "Remove", false, () => remove(index)),
      ),
    ),
    make("div", { class: "cf-row cf-sizes-fields" }, ...fields),
    make("div", { class: "cf-sizes-result" }),
  );
}

/** What a layer puts out and costs, or why it cannot be. */
function resultOf(found, counted) {
  if (found.error) return [make("p", { class: "cf-wrong" }, found.error)];
  if (found.waiting)
    return [make("p", { class: "cf-quiet" }, "waits for the layer above that is impossible")];
  const how = [found.how, found.warning].filter(Boolean).join(". ");
  return [
    make("span", { class: "cf-sizes-shape" }, `→ ${found.output.map(grouped).join("×")}`),
    amount("parameters", found.parameters, counted.parameters),
    amount("multiply-adds", found.multiplyAdds, counted.multiplyAdds),
    make("span", { class: "cf-small cf-quiet cf-sizes-how" }, how),
  ];
}

function amount(what, number, all) {
  const bar = make("span", { class: "cf-sizes-bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", `${all ? (100 * number) / all : 0}%`);
  const words = `${grouped(number)} ${what}`;
  return make("span", { class: `cf-sizes-amount cf-sizes-of-${what}` }, bar, words);
}

// The whole stack ------------------------------------------------------------------------------

/** One sentence for those who hear the page. */
function sentence({ rows, parameters, multiplyAdds }) {
  const wrong = rows.findIndex((row) => row.error);
  if (wrong >= 0) return `Layer ${wrong + 1}: ${rows[wrong].error}`;
  return `${grouped(parameters)} parameters, ${grouped(multiplyAdds)} multiply-adds.`;
}

function sumsOf({ possible, parameters, multiplyAdds }) {
  if (!possible)
    return [
      make("span", { class: "cf-wrong" }, "This stack is impossible: see the marked layer."),
    ];
  return [
    "In all ",
    make("strong", { class: "cf-sizes-parameters" }, grouped(parameters)),
    " parameters and ",
    make("strong", { class: "cf-sizes-multiply-adds" }, grouped(multiplyAdds)),
    " multiply-adds.",
  ];
}

function goalOf({ possible, parameters }, target) {
  if (target === null) return "";
  const missing = target - parameters;
  const too = `${grouped(Math.abs(missing))} too ${missing > 0 ? "few" : "many"}`;
  const distance = possible ? `: ${missing === 0 ? "you are there" : `now ${too}`}` : "";
  return `To build: a network of ${grouped(target)} parameters${distance}.`;
}

/** Each shape as a box, with its layer's name and its lengths. */
function boxesOf(shapes, layers) {
  const maps = shapes.filter((shape) => shape.length === 3);
  const side = Math.max(...maps.flatMap(([height, width]) => [height, width]));
  return shapes.map((shape, index) =>
    make(
      "span",
      { class: "cf-sizes-box" },
      shape.length === 3 ? slab(shape, side, index === 0) : bar(shape[0]),
      make("span", { class: "cf-small" }, index ? NAMES[layers[index - 1].layer] : "Input"),
      make("span", { class: "cf-small" }, shape.map(grouped).join("×")),
    ),
  );
}

/** Maps: a slab, its face to scale, its depth growing with the number of channels. */
function slab([height, width, channels], side, first) {
  const [h, w] = [Math.max((72 * height) / side, 2), Math.max((72 * width) / side, 2)];
  const d = 3 * Math.log2(channels + 1);
  const kind = first ? "image" : "maps";
  return drawing(
    w + d,
    h + d,
    [kind, [0, d], [w, d], [w, h + d], [0, h + d]],
    [`${kind}-side`, [0, d], [d, 0], [w + d, 0], [w, d]],
    [`${kind}-side`, [w, d], [w + d, 0], [w + d, h], [w, h + d]],
  );
}

/** Numbers in a row: a bar, its length growing with the logarithm of their number. */
function bar(count) {
  const h = 6 * Math.log2(count + 1);
  return drawing(12, h, ["numbers", [0, 0], [12, 0], [12, h], [0, h]]);
}

function drawing(width, height, ...polygons) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("width", Math.ceil(width) + 2);
  svg.setAttribute("height", Math.ceil(height) + 2);
  svg.setAttribute("viewBox", `-1 -1 ${Math.ceil(width) + 2} ${Math.ceil(height) + 2}`);
  svg.setAttribute("aria-hidden", "true");
  for (const [kind, ...corners] of polygons) {
    const polygon = document.createElementNS(space, "polygon");
    polygon.setAttribute("points", corners.map((corner) => corner.join()).join(" "));
    polygon.setAttribute("class", `cf-sizes-${kind}`);
    svg.append(polygon);
  }
  return svg;
}

export default { render };
