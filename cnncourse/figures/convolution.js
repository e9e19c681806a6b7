// Figure "convolution": a kernel slides over an image, product by product, sum by sum.

import { announcer, choice, frame, make, modified, range } from "./_shared.js";
import { COLOURS, KERNELS, OWN, text } from "./convolution_sums.js";
import {
  imagePanel,
  kernelPanel,
  numberField,
  outputPanel,
  seenPanel,
  turnedPanel,
} from "./convolution_tables.js";
import { Walk } from "./convolution_walk.js";

const MOST_KERNELS = 3;
const SPEEDS = { slow: 1200, medium: 600, fast: 150 }; // milliseconds a step
const HELP =
  "Click a pixel of the image to switch it on or off, or type 0 to 9 on it. Type your own " +
  "numbers into the kernel (1/9 is one, too). Click an output pixel to see where it comes from. " +
  "Arrow keys move inside a table; on the step buttons ← and → step.";

function render({ model, el }) {
  const walk = new Walk(model.get("data"));
  const stage = make("div", { class: "cf-conv-stage" });
  const sum = make("div", { class: "cf-conv-sum" });
  const formula = make("p", { class: "cf-small cf-conv-formula" });
  const refused = make("p", { class: "cf-wrong cf-conv-refused", role: "alert" });
  const refuse = (why) => (refused.textContent = why);
  const live = announcer(150);
  const say = () => live.say(() => walk.sentence);
  let panels = [];

  /** The setting has changed: its tables are made anew. */
  function change(act) {
    steps.stop();
    act();
    walk.restart();
    build();
  }

  /** The place has changed. */
  function go(act) {
    steps.stop();
    act();
    update();
    say();
  }

  function goTo(place, map) {
    const other = map !== walk.map;
    go(() => {
      walk.toPlace(place, map);
      if (other) build();
    });
  }

  const settings = settingsOf(walk, change, update, refuse);
  const maps = mapChoice(walk, goTo);
  const steps = stepsOf(walk, el, go, update, say);

  function build() {
    const deep = walk.channels > 1;
    const channels = range(walk.channels).map((channel) => [
      imagePanel(walk, channel, update),
      kernelPanel(walk, channel, update, refuse),
      ...(walk.flip ? [turnedPanel(walk, channel)] : []),
    ]);
    const outputs = range(walk.places ? walk.kernels : 0).map((map) =>
      outputPanel(walk, map, (place) => {
        goTo(place, map);
        panels.find((one) => one.map === map).focus(place);
      }),
    );
    outputs.forEach((output, map) => (output.map = map));
    const seen = deep ? [seenPanel(walk)] : [];
    panels = [...channels.flat(), ...outputs, ...seen];
    const inside = (kind, list) =>
      make("div", { class: kind }, ...list.map(({ element }) => element));
    stage.classList.toggle("cf-conv-colour", deep);
    stage.replaceChildren(
      make("div", {}, ...channels.map((list) => inside("cf-conv-channel", list))),
      inside("cf-conv-outputs", [...outputs, ...seen]),
    );
    settings.build();
    maps.build();
    update();
  }

  function update(typing = null) {
    refuse("");
    for (const one of panels) one.draw(typing);
    sum.replaceChildren(...sumOf(walk));
    formula.textContent = formulaOf(walk);
    settings.draw(typing);
    steps.draw();
  }

  frame(el, "cf-conv", "a kernel slides over an image");
  el.append(
    ...settings.elements,
    maps.element,
    stage,
    refused,
    sum,
    steps.element,
    formula,
    make("p", { class: "cf-small cf-quiet cf-controls" }, HELP),
    live,
  );
  build();
  return () => {
    steps.stop();
    live.stop();
  };
}

/** What there is to choose: image, kernel, stride, padding; what is rarely wanted is folded. */
function settingsOf(walk, change, update, refuse) {
  const sizeOf = () => walk.size.join("×");
  const sizes = () => {
    const square = range(5).map((index) => `${index + 1}×${index + 1}`);
    return walk.size[0] === walk.size[1] ? square : [sizeOf(), ...square];
  };
  const image = choice("Image", Object.keys(walk.images), walk.imageName, (name) =>
    change(() => walk.chooseImage(name)),
  );
  const kernel = choice("Kernel", [...Object.keys(KERNELS), OWN], OWN, (name) => {
    if (name === OWN) update();
    else change(() => walk.chooseKernel(name));
  });
  const stride = choice("Stride", [1, 2, 3, 4], walk.stride, (value) =>
    change(() => (walk.stride = Number(value))),
  );
  const padding = choice("Padding", ["valid", "same", 0, 1, 2, 3, 4], walk.padding, (value) =>
    change(() => (walk.padding = isNaN(value) ? value : Number(value))),
  );
  const size = choice("Size", sizes(), sizeOf(), (value) =>
    change(() => walk.resize(parseInt(value))),
  );
  const counts = range(MOST_KERNELS).map((i) => i + 1);
  const count = choice("Kernels", counts, walk.kernels, (value) =>
    change(() => walk.setCount(Number(value))),
  );
  const bias = numberField(
    "bias",
    () => walk.bias[walk.map],
    (value, typing) => {
      walk.bias[walk.map] = value;
      update(typing);
    },
    refuse,
  );
  const flip = make("input", {
    type: "checkbox",
    checked: walk.flip,
    onchange: () => change(() => (walk.flip = flip.checked)),
  });
  const row = (...controls) => make("div", { class: "cf-row cf-controls" }, ...controls);
  const more = make(
    "details",
    { class: "cf-controls", open: walk.flip || walk.kernels > 1 || walk.bias[0] !== 0 },
    make("summary", {}, "More: size, number of kernels, bias, turn"),
    row(
      size,
      count,
      make("label", {}, "Bias", bias),
      make("label", {}, flip, "turn the kernel (convolution)"),
    ),
  );
  const elements = [row(image, kernel, stride, padding), more];
  const build = () => size.fill(sizes(), sizeOf());
  const draw = (typing) => {
    if (typing !== bias) bias.value = text(walk.bias[walk.map]);
    kernel.set(walk.kernelName);
  };
  return { elements, build, draw };
}

/** A button for each kernel, where there is more than one. */
function mapChoice(walk, goTo) {
  const element = make("div", {
    class: "cf-row",
    role: "group",
    "aria-label": "Kernel to look at",
  });
  const build = () => {
    const button = (map) =>
      make(
        "button",
        {
          type: "button",
          "aria-pressed": String(map === walk.map),
          onclick: () => {
            goTo(Math.min(walk.place, Math.max(walk.places - 1, 0)), map);
            element.querySelectorAll("button")[map].focus();
          },
        },
        String(map + 1),
      );
    element.hidden = walk.kernels === 1;
    element.replaceChildren("Kernel to look at:", ...range(walk.kernels).map(button));
  };
  return { element, build };
}

/** The buttons that step through the sum and the places, their keys, and the clock that plays. */
function stepsOf(walk, el, go, update, say) {
  let timer = null;
  let pace = SPEEDS.medium;

  function stop() {
    clearInterval(timer);
    timer = null;
  }

  function end() {
    stop();
    update();
    say();
  }

  function move(direction) {
    walk.move(direction);
    update();
    if (timer === null) say();
  }

  function toggle() {
    if (timer !== null) return end();
    if (walk.atEnd) walk.toStart();
    tick();
    return update();
  }

  function tick() {
    clearInterval(timer);
    timer = setInterval(() => (!el.isConnected || walk.atEnd ? end() : move(1)), pace);
  }

  const by = choice("A step is", ["one product", "one place"], "one product", (value) => {
    walk.byProduct = value === "one product";
    if (!walk.whole && !walk.byProduct) walk.done = 0;
    update();
  });
  const speed = choice("Speed", Object.keys(SPEEDS), "medium", (value) => {
    pace = SPEEDS[value];
    if (timer !== null) tick();
  });

  const toStart = () => go(() => walk.toStart());
  const toEnd = () => go(() => walk.toEnd());
  const step = (label, title, act) =>
    make("button", { type: "button", title, onclick: () => walk.places && act() }, label);
  const start = step("Start", "Key Home", toStart);
  const back = step("Back", "Key ←", () => move(-1));
  const forward = step("Step", "Key →", () => move(1));
  const play = step("Play", "", toggle);
  const fill = step("Fill in", "Key End", toEnd);
  const keys = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    Home: toStart,
    End: toEnd,
  };
  const element = make(
    "div",
    {
      class: "cf-row cf-controls cf-conv-steps",
      role: "group",
      "aria-label": "Steps",
      onkeydown: (event) => {
        const act = keys[event.key];
        if (!act || !walk.places || event.target.tagName !== "BUTTON" || modified(event)) return;
        event.preventDefault();
        act();
      },
    },
    ...[start, back, forward, play, fill, by, speed],
  );
  const draw = () => {
    // Not `disabled`: the button that is pressed keeps the focus, and with it the keys.
    const able = (button, can) => button.setAttribute("aria-disabled", String(!can));
    const fits = walk.places > 0;
    for (const button of [start, back]) able(button, fits && (walk.place > 0 || walk.done > 0));
    for (const button of [play, fill]) able(button, fits);
    able(forward, fits && !walk.atEnd);
    play.textContent = timer === null ? "Play" : "Pause";
  };
  return { element, draw, stop };
}

const span = (kind, ...children) => make("span", { class: `cf-conv-${kind}` }, ...children);

const factor = (value) => (value < 0 ? `(${text(value)})` : text(value));

/** The sum at the current place, written out. */
function sumOf(walk) {
  const { list, places } = walk;
  if (!places) return [make("p", { class: "cf-wrong" }, walk.problem)];
  const lines = make("div", { class: "cf-conv-lines" });
  const group = walk.products / walk.channels;
  for (let from = 0; from < list.length; from += group) {
    const line = make("div", { class: "cf-conv-terms" });
    line.style.setProperty("--columns", walk.size[1]);
    if (walk.channels > 1) line.append(span("channel-name", COLOURS[list[from].channel]));
    const terms = list.slice(from, from + group);
    line.append(...terms.map((term, offset) => product(term, from + offset, walk.done)));
    lines.append(line);
  }
  const added = walk.done > list.length;
  const bias = span(added ? "added" : "to-come", `+ bias ${factor(walk.bias[walk.map])} `);
  const value = String(walk.total);
  const result = make("data", { class: "cf-conv-result", value }, text(walk.total));
  result.classList.toggle("cf-conv-whole", walk.whole);
  const count = `  (${Math.min(walk.done, list.length)} of ${list.length} products)`;
  const parts = walk.whole ? ["= ", result] : ["sum so far: ", result, span("count", count)];
  const [row, column] = walk.position;
  const at = `row ${row + 1}, column ${column + 1} of the output`;
  return [
    make("p", { class: "cf-title" }, `Place ${walk.place + 1} of ${places}: ${at}`),
    lines,
    make("p", { class: "cf-conv-total" }, bias, ...parts),
  ];
}

/** One product of the sum, as it is written. */
function product(term, index, done) {
  const value = span("value", text(term.value));
  const parts = [value, "\u2009×\u2009", span("factor", factor(term.weight))];
  const node = span("term", index ? "+ " : "", ...parts);
  value.classList.toggle("cf-quiet", term.outside);
  const now = index === done - 1;
  node.classList.add(now ? "cf-conv-now" : index < done ? "cf-conv-added" : "cf-conv-to-come");
  return node;
}

/** The number of places and of parameters, as sums. */
function formulaOf(walk) {
  const line = (of) => {
    const { before, after, places } = walk.axis(of);
    const free = `${of(walk.image)} + ${before} + ${after} − ${of(walk.kernel)}`;
    return `(${free}) // ${walk.stride} + 1 = ${places}`;
  };
  const [down, across] = [line((table) => table.length), line((table) => table[0].length)];
  const numbers = down === across ? `${down}, down and across` : `${down} down, ${across} across`;
  const size = `Places: (size + zeros before + zeros after − kernel) // stride + 1 = ${numbers}. `;
  const parameters = walk.kernels * (walk.products + 1);
  const words = `Parameters: ${walk.products} weights + 1 bias`;
  return (
    (walk.places ? size : "") +
    (walk.kernels > 1
      ? `${words}, ${walk.kernels} times: ${parameters}.`
      : `${words} = ${parameters}.`)
  );
}

export default { render };
