// Figure "sizes": layers in a stack, with the shape and the cost of each, as Keras builds them.

// The arithmetic ----------------------------------------------------------------------------

/** How many places a window has along an axis; 0 where it does not fit. */
export function places(size, window, stride, padding) {
  if (padding === "same") return Math.ceil(size / stride);
  return window > size ? 0 : Math.floor((size - window) / stride) + 1;
}

/** One layer on what the layer before gives: {output, parameters, multiplyAdds, how} or {error}. */
export function countLayer(shape, layer) {
  const maps = shape.length === 3;
  if (layer.layer === "flatten") {
    const output = shape.reduce((product, length) => product * length, 1);
    const how = maps ? `${shape.map(text).join(" × ")} = ${text(output)} numbers` : "";
    return { output: [output], parameters: 0, multiplyAdds: 0, how };
  }
  if (layer.layer === "dense") {
    const inputs = shape.at(-1);
    const pixels = shape.slice(0, -1).reduce((product, length) => product * length, 1);
    const parameters = layer.units * (inputs + 1);
    const warning = maps
      ? "Without Flatten, Keras applies this layer at every pixel on its own."
      : "";
    return {
      output: [...shape.slice(0, -1), layer.units],
      parameters,
      multiplyAdds: layer.units * inputs * pixels,
      how: `${text(layer.units)} × (${text(inputs)} + 1) = ${text(parameters)}`,
      warning,
    };
  }
  const name = layer.layer === "conv" ? "A convolution" : "Pooling";
  if (!maps) {
    const found = `gets ${text(shape[0])} numbers in a row`;
    return {
      error: `${name} needs height, width and channels, and ${found}. Move it up, before Flatten.`,
    };
  }
  const [height, width, channels] = shape;
  const { kernel, stride, padding } = layer;
  const down = places(height, kernel, stride, padding);
  const across = places(width, kernel, stride, padding);
  if (!down || !across) {
    const advice = "Take a smaller window, padding “same”, or less pooling before.";
    return {
      error: `A window of ${kernel}×${kernel} does not fit on maps of ${height}×${width}. ${advice}`,
    };
  }
  if (layer.layer === "pool") {
    return {
      output: [down, across, channels],
      parameters: 0,
      multiplyAdds: 0,
      how: "nothing to learn",
    };
  }
  const weights = kernel * kernel * channels * layer.maps;
  const parameters = weights + layer.maps;
  return {
    output: [down, across, layer.maps],
    parameters,
    multiplyAdds: weights * down * across,
    how: `${text(layer.maps)} × (${kernel} × ${kernel} × ${text(channels)} + 1) = ${text(parameters)}`,
  };
}

/** The whole stack. After a layer that is impossible the others wait. */
export function countStack(input, layers) {
  let shape = input;
  const rows = layers.map((layer) => {
    if (!shape) return { waiting: true };
    const row = countLayer(shape, layer);
    shape = row.output ?? null;
    return row;
  });
  const total = (key) => rows.reduce((sum, row) => sum + (row[key] ?? 0), 0);
  return {
    rows,
    possible: shape !== null,
    parameters: total("parameters"),
    multiplyAdds: total("multiplyAdds"),
  };
}

/** The same network as Python code. */
export function keras(input, layers) {
  const line = ({ layer, maps, kernel, stride, padding, units }) => {
    const same = padding === "same" ? ', padding="same"' : "";
    const usual = layer === "conv" ? 1 : kernel;
    const strides = stride === usual ? "" : `, strides=${stride}`;
    if (layer === "conv") return `layers.Conv2D(${maps}, ${kernel}${strides}${same})`;
    if (layer === "pool") return `layers.MaxPooling2D(${kernel}${strides}${same})`;
    return layer === "flatten" ? "layers.Flatten()" : `layers.Dense(${units})`;
  };
  const lines = [`keras.Input((${input.join(", ")}))`, ...layers.map(line)];
  return `keras.Sequential(\n    [\n${lines.map((text_) => `        ${text_},\n`).join("")}    ]\n)`;
}

export function text(number) {
  return number.toLocaleString("en-US");
}

// The figure -----------------------------------------------------------------------------------

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
const OWN = "my own";

function make(tag, options = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(options)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node) node[key] = value;
    else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

function render({ model, el }) {
  const { networks, network, target, largest, mostLayers } = model.get("data");
  let { input, layers } = structuredClone(networks[network]);
  let announcing;

  el.classList.add("cnncourse-figure", "cf-sizes");
  el.addEventListener("focusin", ({ target }) => {
    // JupyterLab would take "b" or "d, d" on a button as its own shortcuts.
    if (!target.matches(":read-write")) target.setAttribute("data-lm-suppress-shortcuts", "true");
  });
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Interactive figure: sizes and counts of a network");

  const chosen = make(
    "select",
    {
      onchange: () => {
        if (chosen.value === OWN) return;
        ({ input, layers } = structuredClone(networks[chosen.value]));
        build();
      },
    },
    ...[...Object.keys(networks), OWN].map((name) => make("option", { value: name }, name)),
  );
  chosen.value = network;
  const inputs = make("span", { className: "cf-row cf-sizes-input" });
  const list = make("ol", { className: "cf-sizes-layers" });
  const adding = make(
    "div",
    { className: "cf-row cf-controls", role: "group", "aria-label": "Add a layer" },
    "Add:",
    ...Object.keys(NEW).map((kind) =>
      make("button", { type: "button", onclick: () => add(kind) }, NAMES[kind]),
    ),
  );
  const boxes = make("div", { className: "cf-sizes-boxes", role: "img" });
  const sums = make("p", { className: "cf-sizes-sums" });
  const goal = make("p", { className: "cf-sizes-goal" });
  const code = make("pre", { tabIndex: 0, "aria-label": "Python code of the network" });
  const live = make("p", { className: "cf-hidden", role: "status", "aria-live": "polite" });

  el.append(
    make("div", { className: "cf-row cf-controls" }, make("label", {}, "Network", chosen), inputs),
    boxes,
    sums,
    goal,
    list,
    adding,
    make("details", { className: "cf-controls" }, make("summary", {}, "The same in Keras"), code),
    make(
      "p",
      { className: "cf-small cf-quiet" },
      "Faces of the boxes are to scale; depth and bars grow with the logarithm. " +
        "Multiply-adds are for one image. Activations change neither shapes nor counts.",
    ),
    live,
  );

  // Changes

  function add(kind) {
    if (layers.length >= mostLayers) return;
    layers.push({ ...NEW[kind] });
    changed();
    const row = list.lastElementChild;
    (row.querySelector("input") ?? row.querySelector("button:enabled")).focus();
  }

  function move(index, by) {
    const [layer] = layers.splice(index, 1);
    layers.splice(index + by, 0, layer);
    changed();
    const row = list.children[index + by];
    const again = row.querySelector(by < 0 ? ".cf-sizes-up" : ".cf-sizes-down");
    (again.disabled ? row.querySelector(".cf-sizes-remove") : again).focus();
  }

  function remove(index) {
    layers.splice(index, 1);
    changed();
    const next = list.children[Math.min(index, layers.length - 1)];
    (next?.querySelector(".cf-sizes-remove") ?? adding.querySelector("button")).focus();
  }

  function changed() {
    chosen.value = OWN;
    build();
    announce();
  }

  /** One sentence for those who hear the page, once the typing has paused. */
  function announce() {
    clearTimeout(announcing);
    announcing = setTimeout(() => {
      const counted = countStack(input, layers);
      const wrong = counted.rows.findIndex((row) => row.error);
      live.textContent =
        wrong < 0
          ? `${text(counted.parameters)} parameters, ${text(counted.multiplyAdds)} multiply-adds.`
          : `Layer ${wrong + 1}: ${counted.rows[wrong].error}`;
    }, 400);
  }

  // Drawing: `build` makes the list anew, `update` writes numbers into it.

  function numberField(label, words, most, read, write) {
    const field = make("input", {
      type: "number",
      min: 1,
      max: most,
      step: 1,
      value: read(),
      "aria-label": words,
    });
    field.addEventListener("input", () => {
      const value = Number(field.value);
      const wrong = !Number.isInteger(value) || value < 1 || value > most;
      field.setAttribute("aria-invalid", String(wrong));
      field.title = wrong ? `a whole number from 1 to ${text(most)}` : "";
      if (wrong) return;
      write(value);
      chosen.value = OWN;
      update();
      announce();
    });
    field.addEventListener("focus", () => field.select());
    field.addEventListener("blur", () => {
      field.setAttribute("aria-invalid", "false");
      field.value = read();
    });
    return make("label", {}, label, field);
  }

  function build() {
    const parts = [
      ["height", "side"],
      ["width", "side"],
      ["channels", "channels"],
    ];
    inputs.replaceChildren(
      "Input",
      ...parts.map(([name, limit], axis) =>
        numberField(
          axis ? "×" : "",
          `Input ${name}`,
          largest[limit],
          () => input[axis],
          (value) => (input[axis] = value),
        ),
      ),
    );
    list.replaceChildren(...layers.map(row));
    for (const button of adding.querySelectorAll("button"))
      button.disabled = layers.length >= mostLayers;
    update();
  }

  function row(layer, index) {
    const where = `Layer ${index + 1}, ${NAMES[layer.layer]}`;
    const fields = FIELDS[layer.layer].map(([label, key]) =>
      numberField(
        label,
        `${where}: ${label}`,
        largest[key],
        () => layer[key],
        (value) => (layer[key] = value),
      ),
    );
    if ("padding" in layer) {
      const padding = make(
        "select",
        {
          "aria-label": `${where}: padding`,
          onchange: () => {
            layer.padding = padding.value;
            chosen.value = OWN;
            update();
            announce();
          },
        },
        make("option", {}, "valid"),
        make("option", {}, "same"),
      );
      padding.value = layer.padding;
      fields.push(make("label", {}, "padding", padding));
    }
    const button = (kind, sign, title, disabled, onclick) => {
      const label = `${title} layer ${index + 1}, ${NAMES[layer.layer]}`;
      const options = { type: "button", title, disabled, onclick, "aria-label": label };
      return make("button", { ...options, className: `cf-sizes-${kind}` }, sign);
    };
    return make(
      "li",
      {},
      make(
        "div",
        { className: "cf-sizes-head" },
        make("span", { className: "cf-title" }, `${index + 1} ${NAMES[layer.layer]}`),
        make(
          "span",
          { className: "cf-sizes-buttons cf-controls" },
          button("up", "↑", "Move up", index === 0, () => move(index, -1)),
          button("down", "↓", "Move down", index === layers.length - 1, () => move(index, 1)),
          button("remove", "×", "Remove", false, () => remove(index)),
        ),
      ),
      make("div", { className: "cf-row cf-sizes-fields" }, ...fields),
      make("div", { className: "cf-sizes-result" }),
    );
  }

  function update() {
    const counted = countStack(input, layers);
    counted.rows.forEach((found, index) => {
      const result = list.children[index].querySelector(".cf-sizes-result");
      list.children[index].classList.toggle("cf-sizes-impossible", Boolean(found.error));
      if (found.error) result.replaceChildren(make("p", { className: "cf-wrong" }, found.error));
      else if (found.waiting)
        result.replaceChildren(
          make("p", { className: "cf-quiet" }, "waits for the layer above that is impossible"),
        );
      else {
        result.replaceChildren(
          make("span", { className: "cf-sizes-shape" }, `→ ${found.output.map(text).join("×")}`),
          amount("parameters", found.parameters, counted.parameters),
          amount("multiply-adds", found.multiplyAdds, counted.multiplyAdds),
          make(
            "span",
            { className: "cf-small cf-quiet cf-sizes-how" },
            [found.how, found.warning].filter(Boolean).join(". "),
          ),
        );
      }
    });
    sums.replaceChildren(
      ...(counted.possible
        ? [
            "In all ",
            make("strong", { className: "cf-sizes-parameters" }, text(counted.parameters)),
            " parameters and ",
            make("strong", { className: "cf-sizes-multiply-adds" }, text(counted.multiplyAdds)),
            " multiply-adds.",
          ]
        : [
            make(
              "span",
              { className: "cf-wrong" },
              "This stack is impossible: see the marked layer.",
            ),
          ]),
    );
    goal.hidden = target === null;
    if (target !== null) {
      const missing = target - counted.parameters;
      const distance =
        missing === 0
          ? "you are there"
          : `${text(Math.abs(missing))} too ${missing > 0 ? "few" : "many"}`;
      goal.textContent = `Target: ${text(target)} parameters${counted.possible ? `; ${distance}` : ""}.`;
    }
    code.textContent = keras(input, layers);
    drawBoxes(counted);
  }

  function amount(what, number, all) {
    const bar = make("span", { className: "cf-sizes-bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", `${all ? (100 * number) / all : 0}%`);
    return make(
      "span",
      { className: `cf-sizes-amount cf-sizes-of-${what}` },
      bar,
      `${text(number)} ${what}`,
    );
  }

  function drawBoxes(counted) {
    const shapes = [input, ...counted.rows.map((found) => found.output).filter(Boolean)];
    const side = Math.max(
      ...shapes.filter((shape) => shape.length === 3).flatMap(([height, width]) => [height, width]),
    );
    boxes.setAttribute(
      "aria-label",
      `The shapes in turn: ${shapes.map((shape) => shape.join(" by ")).join(", ")}`,
    );
    boxes.replaceChildren(
      ...shapes.map((shape, index) => {
        const name = index ? NAMES[layers[index - 1].layer] : "Input";
        return make(
          "span",
          { className: "cf-sizes-box" },
          shape.length === 3 ? slab(shape, side, index === 0) : bar(shape[0]),
          make("span", { className: "cf-small" }, name),
          make("span", { className: "cf-small" }, shape.map(text).join("×")),
        );
      }),
    );
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

  build();
  return () => clearTimeout(announcing);
}

export default { render };
