// Draw a digit and watch the lesson's own trained network read it: every map, all ten outputs.
//
// The first half is plain computation without a page, exported for tests: images are rows of
// numbers from 0 (paper) to 255 (ink); maps lie one after the other, [map][row][column].

export const SIDE = 28; // pixels along an MNIST image
const BOX = 20; // MNIST fits each digit into 20x20 ...
const MIDDLE = 14; // ... and puts its centre of mass on the pixel in column 14, row 14
const PEN = 2.7; // how wide a stroke is, in pixels; MNIST's have about this much ink a length
const LARGEST = 4; // a dot is not blown up to the size of a digit

/** The array that Python packed: {shape, type, base64}. */
export function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed.base64), (letter) => letter.charCodeAt(0));
  return packed.type === "uint8" ? bytes : new Float32Array(bytes.buffer);
}

/** The network of `data.layers`, with weights in the order in which they are used. */
export function build(data) {
  let channels = 1;
  let side = SIDE;
  let length = 0; // of a row of numbers, from the first dense layer on
  const layers = data.layers.map((layer) => {
    const kind = layer.kind;
    if (kind === "pooling") {
      side = Math.floor(side / 2);
      return { kind, channels, side, output: new Float32Array(channels * side * side) };
    }
    const [weights, bias] = [unpack(layer.weights), unpack(layer.bias)];
    if (kind === "convolution") {
      const [size, , inputs, outputs] = layer.weights.shape; // Keras: row, column, from, to
      const kernels = new Float32Array(weights.length); // here: [to][from][row][column]
      for (let cell = 0; cell < size * size; cell++)
        for (let from = 0; from < inputs; from++)
          for (let to = 0; to < outputs; to++)
            kernels[(to * inputs + from) * size * size + cell] =
              weights[(cell * inputs + from) * outputs + to];
      [channels, side] = [outputs, side - size + 1];
      const output = new Float32Array(channels * side * side);
      return { kind, size, inputs, channels, side, kernels, bias, output };
    }
    const [inputs, units] = layer.weights.shape;
    // The first dense layer gets the maps as Keras flattens them: row, column, map.
    const maps = length ? null : { channels, area: side * side };
    length = units;
    return { kind, inputs, units, maps, weights, bias, output: new Float32Array(units) };
  });
  layers.at(-1).last = true;
  return { layers, scale: data.scale, offset: data.offset, input: new Float32Array(SIDE * SIDE) };
}

/** Run the network on 784 numbers from 0 to 255. Returns the outputs of all layers, in order;
 * they are the network's own arrays, written over by the next call. */
export function forward(network, pixels) {
  const { input, scale, offset } = network;
  for (let i = 0; i < input.length; i++) input[i] = pixels[i] * scale + offset;
  let before = input;
  let side = SIDE;
  for (const layer of network.layers) {
    if (layer.kind === "convolution") convolve(layer, before, side);
    else if (layer.kind === "pooling") pool(layer, before, side);
    else connect(layer, before);
    before = layer.output;
    side = layer.side;
  }
  return network.layers.map((layer) => layer.output);
}

function convolve({ size, inputs, channels, side, kernels, bias, output }, input, wide) {
  const area = side * side;
  for (let to = 0; to < channels; to++) {
    const start = to * area;
    output.fill(bias[to], start, start + area);
    for (let from = 0; from < inputs; from++) {
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          const weight = kernels[((to * inputs + from) * size + row) * size + column];
          for (let y = 0; y < side; y++) {
            const read = (from * wide + y + row) * wide + column;
            const write = start + y * side;
            for (let x = 0; x < side; x++) output[write + x] += weight * input[read + x];
          }
        }
      }
    }
  }
  for (let i = 0; i < output.length; i++) if (output[i] < 0) output[i] = 0; // ReLU
}

function pool({ channels, side, output }, input, wide) {
  let write = 0;
  for (let map = 0; map < channels; map++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const read = (map * wide + 2 * y) * wide + 2 * x;
        output[write++] = Math.max(
          input[read],
          input[read + 1],
          input[read + wide],
          input[read + wide + 1],
        );
      }
    }
  }
}

function connect({ inputs, units, maps, weights, bias, output, last }, input) {
  output.set(bias);
  for (let i = 0; i < inputs; i++) {
    const at = maps ? (i % maps.channels) * maps.area + Math.floor(i / maps.channels) : i;
    const value = input[at];
    if (value === 0) continue;
    const row = i * units;
    for (let unit = 0; unit < units; unit++) output[unit] += value * weights[row + unit];
  }
  if (!last) {
    for (let unit = 0; unit < units; unit++) if (output[unit] < 0) output[unit] = 0;
    return;
  }
  const top = Math.max(...output); // softmax
  let sum = 0;
  for (let unit = 0; unit < units; unit++) sum += output[unit] = Math.exp(output[unit] - top);
  for (let unit = 0; unit < units; unit++) output[unit] /= sum;
}

/** Add strokes to an image, each a list of points [x, y] in pixels from the upper left corner.
 * A pixel gets as much ink as the stroke covers of it, so that edges are soft. */
export function ink(pixels, strokes, pen = PEN) {
  const reach = pen / 2 + 0.5;
  for (const stroke of strokes) {
    for (let i = 0; i < stroke.length; i++) {
      const [ax, ay] = stroke[Math.max(i - 1, 0)];
      const [bx, by] = stroke[i];
      const [dx, dy] = [bx - ax, by - ay];
      const squared = dx * dx + dy * dy;
      const left = Math.max(Math.floor(Math.min(ax, bx) - reach), 0);
      const right = Math.min(Math.ceil(Math.max(ax, bx) + reach), SIDE);
      const top = Math.max(Math.floor(Math.min(ay, by) - reach), 0);
      const bottom = Math.min(Math.ceil(Math.max(ay, by) + reach), SIDE);
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const [px, py] = [x + 0.5 - ax, y + 0.5 - ay];
          const along = squared ? Math.min(Math.max((px * dx + py * dy) / squared, 0), 1) : 0;
          const distance = Math.hypot(px - along * dx, py - along * dy);
          const value = Math.round(255 * Math.min(Math.max(reach - distance, 0), 1));
          if (value > pixels[y * SIDE + x]) pixels[y * SIDE + x] = value;
        }
      }
    }
  }
  return pixels;
}

/** Bring drawn strokes into MNIST's form, as its authors did with scanned digits: fitted into
 * 20x20 with their proportions kept, the centre of mass in the middle of 28x28.
 * The strokes are scaled and then inked, so that a small digit has no thinner strokes. */
export function likeMnist(strokes, pen = PEN) {
  const points = strokes.flat();
  if (!points.length) return new Float32Array(SIDE * SIDE);
  const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])];
  const edge = (pick, values) => values.reduce((a, b) => pick(a, b));
  const [left, right] = [edge(Math.min, xs), edge(Math.max, xs)];
  const [top, bottom] = [edge(Math.min, ys), edge(Math.max, ys)];
  const scale = Math.min((BOX - pen) / Math.max(right - left, bottom - top), LARGEST);
  const width = (right - left) * scale + pen;
  const height = (bottom - top) * scale + pen;

  const inked = (x0, y0) => {
    const move = ([x, y]) => [(x - left) * scale + pen / 2 + x0, (y - top) * scale + pen / 2 + y0];
    const moved = strokes.map((stroke) => stroke.map(move));
    return ink(new Float32Array(SIDE * SIDE), moved, pen);
  };
  const [x0, y0] = [(SIDE - width) / 2, (SIDE - height) / 2];
  const first = inked(x0, y0);
  let [sum, sumX, sumY] = [0, 0, 0];
  for (let i = 0; i < first.length; i++) {
    sum += first[i];
    sumX += first[i] * (i % SIDE);
    sumY += first[i] * Math.floor(i / SIDE);
  }
  const inside = (start, length) => Math.min(Math.max(start, 0), SIDE - length);
  return inked(
    inside(x0 + MIDDLE - sumX / sum, width),
    inside(y0 + MIDDLE - sumY / sum, height),
  );
}

// The page ----------------------------------------------------------------------------------

const DRAWN = 20; // canvas pixels for each of the pad's 28 units
const NEAR = 0.15; // points nearer than this to the last one are left out
let figures = 0;

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function surface(width, height = width, attributes = {}) {
  const canvas = make("canvas", { width, height, ...attributes });
  const context = canvas.getContext("2d");
  return { canvas, context, image: context.createImageData(width, height) };
}

const mapOf = (output, map, side) => output.subarray(map * side ** 2, (map + 1) * side ** 2);
const percent = (part) => `${Math.round(100 * part)}%`;
const highest = (values) => values.indexOf(Math.max(...values));

function render({ model, el }) {
  const data = model.get("data");
  const network = build(data);
  const names = data.class_names;
  const digits = unpack(data.digits);
  const digit = (i) => digits.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
  const number = ++figures;
  const called = titles(network.layers);

  // What the reader has done: strokes, on paper or on a test digit.
  let strokes = [];
  let picked = 0; // which test digit lies on the pad
  let greeting = true; // the first digit gives way to the first stroke
  let chosen = { layer: 0, map: 0 };

  // How bright each layer can be: its largest number over the test digits, so that a colour
  // means the same for every image.
  const tops = network.layers.map(() => 1e-6);
  const readAs = data.labels.map((_, i) => {
    const outputs = forward(network, digit(i));
    outputs.forEach((output, layer) => {
      for (const value of output) if (value > tops[layer]) tops[layer] = value;
    });
    return highest(outputs.at(-1));
  });

  // The pad
  const pad = surface(SIDE * DRAWN, SIDE * DRAWN, {
    class: "cf-lenet-pad",
    tabindex: 0,
    role: "application",
    "aria-roledescription": "drawing pad",
    "aria-label": "Draw a digit",
    "aria-describedby": `cf-lenet-help-${number}`,
  });
  const cursor = make("span", { class: "cf-lenet-cursor", hidden: "" });
  const undo = make("button", { type: "button", onclick: () => dropStroke() }, "Undo stroke");
  const clear = make("button", { type: "button", onclick: () => startAgain() }, "Clear");
  const answer = make("p", { class: "cf-lenet-answer" });
  const spoken = make("p", { class: "cf-hidden", "aria-live": "polite" });
  const seen = surface(SIDE, SIDE, {
    class: "cf-lenet-seen",
    role: "img",
    "aria-label": "The image that the network gets, 28 by 28 pixels",
  });

  const strip = make("div", {
    class: "cf-lenet-strip",
    role: "group",
    "aria-label": "Test digits",
  });
  const tiles = data.labels.map((label, i) => {
    const tile = surface(SIDE);
    paintGrey(tile, digit(i));
    const misread = readAs[i] !== label;
    const name = misread ? `${names[label]}, read as ${names[readAs[i]]}` : names[label];
    const button = make(
      "button",
      { type: "button", "aria-label": name, title: name, "aria-pressed": "false" },
      tile.canvas,
    );
    button.classList.toggle("cf-lenet-misread", misread);
    button.addEventListener("click", () => pick(i));
    strip.append(button);
    return button;
  });

  // The layers
  const rows = network.layers.map((layer, index) => {
    if (layer.kind === "dense") return layer.last ? outputRow(layer) : denseRow(layer, index);
    return mapRow(layer, index);
  });
  const detail = make("div", { class: "cf-lenet-detail" });
  let parts = []; // what the detail shows and has to draw again as the input changes

  const root = make(
    "div",
    { class: "cnncourse-figure cf-lenet" },
    make("p", { class: "cf-title" }, "Draw a digit, and see what the network makes of it"),
    make(
      "div",
      { class: "cf-lenet-parts" },
      make(
        "div",
        { class: "cf-lenet-left" },
        make("div", { class: "cf-lenet-paper" }, pad.canvas, cursor),
        make("div", { class: "cf-row" }, undo, clear),
        make(
          "div",
          { class: "cf-lenet-read" },
          make("div", { class: "cf-small cf-quiet" }, seen.canvas, "the network's input, 28×28"),
          answer,
        ),
        make(
          "p",
          { class: "cf-small cf-quiet", id: `cf-lenet-help-${number}` },
          "Mouse, finger or pen. Keys: arrows move, space lowers and lifts the pen, " +
            "backspace undoes.",
        ),
        make("p", { class: "cf-small" }, "Or pick a test digit, and draw on it. Dashed: misread."),
        strip,
        make("p", { class: "cf-small cf-quiet" }, data.caption),
      ),
      make("div", { class: "cf-lenet-right" }, ...rows.map((row) => row.element), detail),
    ),
    spoken,
  );

  function mapRow(layer, index) {
    const { channels, side } = layer;
    const maps = Array.from({ length: channels }, (_, map) => {
      const drawn = surface(side);
      const button = make(
        "button",
        { type: "button", "aria-label": `Map ${map} of ${called[index]}`, tabindex: -1 },
        drawn.canvas,
      );
      button.addEventListener("click", () => choose(index, map));
      return { ...drawn, button };
    });
    const group = make(
      "div",
      {
        class: `cf-lenet-maps cf-lenet-maps-${index}`,
        role: "toolbar",
        "aria-label": `Maps of ${called[index]}`,
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
    const what = `${called[index]}: ${channels} maps of ${side}×${side}`;
    const element = make("div", {}, make("p", { class: "cf-small" }, what), group);
    const draw = (output) => {
      maps.forEach((drawn, map) => paint(drawn, mapOf(output, map, side), tops[index]));
    };
    return { element, maps, draw };
  }

  function denseRow(layer, index) {
    const drawn = surface(layer.units, 1, {
      class: "cf-lenet-dense",
      role: "img",
      "aria-label": `${layer.units} numbers, drawn as a strip`,
    });
    const what = `${called[index]}: ${layer.units} numbers`;
    const element = make("div", {}, make("p", { class: "cf-small" }, what), drawn.canvas);
    return { element, draw: (output) => paint(drawn, output, tops[index]) };
  }

  function outputRow() {
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
    const what = `Output: ${names.length} probabilities, which add up to 1`;
    const draw = (output) => {
      const best = highest(output);
      columns.forEach(({ bar, value, element }, i) => {
        bar.style.height = `${100 * output[i]}%`;
        value.textContent = percent(output[i]);
        element.classList.toggle("cf-lenet-best", i === best);
      });
    };
    return { element: make("div", {}, make("p", { class: "cf-small" }, what), list), draw };
  }

  // Colours: nothing is the ground, the largest number the full colour; below zero another one.
  let colours;
  function readColours() {
    const style = getComputedStyle(root);
    const colour = (name) => {
      const hex = style.getPropertyValue(`--cf-${name}`).trim() || "#808080";
      return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
    };
    colours = ["ground", "positive", "negative"].map(colour);
  }

  function paint({ context, image }, values, top) {
    const [ground, positive, negative] = colours;
    for (let i = 0; i < values.length; i++) {
      const part = Math.min(Math.abs(values[i]) / top, 1);
      const full = values[i] < 0 ? negative : positive;
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = ground[c] + part * (full[c] - ground[c]);
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  // The detail: how one map comes about
  function choose(layer, map) {
    chosen = { layer, map };
    rows.forEach((row, i) =>
      row.maps?.forEach(({ button }, m) => {
        const isChosen = i === layer && m === map;
        button.setAttribute("aria-pressed", isChosen);
        button.tabIndex = isChosen || (i !== layer && m === 0) ? 0 : -1;
        const feeds = network.layers[layer].kind === "pooling" ? m === map : true;
        button.classList.toggle("cf-lenet-source", i === layer - 1 && feeds);
      }),
    );
    showDetail();
    drawDetail();
  }

  function showDetail() {
    const { layer: index, map } = chosen;
    const layer = network.layers[index];
    const before = index ? network.layers[index - 1] : null;
    const sourceSide = before ? before.side : SIDE;
    const source = (from) => {
      const drawn = surface(sourceSide, sourceSide, {
        role: "img",
        "aria-label": before ? `map ${from} of ${called[index - 1]}` : "the input",
      });
      parts.push({ drawn, layer: index - 1, map: from });
      return drawn.canvas;
    };
    parts = [];
    const result = surface(layer.side, layer.side, {
      class: "cf-lenet-result",
      role: "img",
      "aria-label": `map ${map} of ${called[index]}`,
    });
    parts.push({ drawn: result, layer: index, map });
    const title = `Where map ${map} of ${called[index]} comes from`;
    let words;
    let pictures;
    if (layer.kind === "pooling") {
      words =
        `The largest of each 2×2 numbers of map ${map} of ${called[index - 1]}. ` +
        "Nothing here is learned.";
      pictures = [make("div", { class: "cf-lenet-pair" }, source(map))];
    } else {
      const { size, inputs, kernels, bias } = layer;
      const mine = kernels.subarray(map * inputs * size ** 2, (map + 1) * inputs * size ** 2);
      const limit = mine.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-6);
      pictures = Array.from({ length: inputs }, (_, from) => {
        const name = `kernel for ${before ? `map ${from}` : "the input"}`;
        const kernel = surface(size, size, { role: "img", "aria-label": name });
        parts.push({ drawn: kernel, values: mapOf(mine, from, size), top: limit });
        return make("div", { class: "cf-lenet-pair" }, source(from), kernel.canvas);
      });
      const over = before
        ? `${inputs} kernels of ${size}×${size}, slid over the ${inputs} maps of ` +
          `${called[index - 1]}, one each; the results are added, plus the bias`
        : `One kernel of ${size}×${size}, slid over the input, plus the bias`;
      words =
        `${over} ${signed(bias[map])}; what is below 0 becomes 0 (ReLU). ` +
        `Weights up to ${limit.toFixed(2)}: purple above zero, brown below.`;
    }
    const arrow = make("span", { class: "cf-lenet-arrow", "aria-hidden": "true" }, "→");
    detail.replaceChildren(
      make("p", { class: "cf-title" }, title),
      make("div", { class: "cf-lenet-pairs" }, ...pictures, arrow, result.canvas),
      make("p", { class: "cf-small" }, words),
    );
  }

  function drawDetail() {
    for (const { drawn, layer, map, values, top } of parts) {
      if (values) paint(drawn, values, top);
      else if (layer < 0) paintGrey(drawn, current);
      else {
        const { side, output } = network.layers[layer];
        paint(drawn, mapOf(output, map, side), tops[layer]);
      }
    }
  }

  // From strokes to outputs: at most once a frame.
  let current = new Float32Array(SIDE * SIDE);
  let frame = 0;
  const later = () => (frame ||= requestAnimationFrame(update));

  function update() {
    frame = 0;
    current = picked === null ? likeMnist(strokes) : ink(Float32Array.from(digit(picked)), strokes);
    const outputs = forward(network, current);
    paintGrey(seen, current);
    rows.forEach((row, i) => row.draw(outputs[i]));
    drawDetail();
    const output = outputs.at(-1);
    const best = highest(output);
    const empty = picked === null && !strokes.length;
    const reads = `${names[best]}, ${percent(output[best])}`;
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
    if (frame) cancelAnimationFrame(frame);
    spoken.textContent = `${before}Read as ${update()}`;
  }

  function drawPad() {
    const { context } = pad;
    context.fillStyle = "#000000";
    context.fillRect(0, 0, pad.canvas.width, pad.canvas.height);
    if (picked !== null) {
      context.imageSmoothingEnabled = false;
      context.drawImage(tiles[picked].firstChild, 0, 0, pad.canvas.width, pad.canvas.height);
    }
    for (const stroke of strokes) drawStroke(stroke);
  }

  function drawStroke(points) {
    const { context } = pad;
    context.strokeStyle = "#ffffff";
    context.lineWidth = PEN * DRAWN * 0.9;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(points[0][0] * DRAWN, points[0][1] * DRAWN);
    for (const [x, y] of points) context.lineTo(x * DRAWN, y * DRAWN);
    context.stroke();
  }

  // Mouse, finger, pen
  let drawing = null; // the pointer that draws
  const place = (event) => {
    const box = pad.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map(
      (part) => Math.min(Math.max(part, 0), 1) * SIDE,
    );
  };

  function extend(point) {
    const stroke = strokes.at(-1);
    const last = stroke.at(-1);
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) < NEAR) return;
    stroke.push(point);
    drawStroke([last, point]);
    later();
  }

  function begin(point) {
    if (greeting && picked !== null) pick(null);
    strokes.push([point]);
    drawStroke([point]);
    later();
  }

  pad.canvas.addEventListener("pointerdown", (event) => {
    if (drawing !== null || event.button !== 0) return;
    event.preventDefault();
    pad.canvas.focus({ preventScroll: true });
    cursor.hidden = true;
    lift();
    drawing = event.pointerId;
    pad.canvas.setPointerCapture(drawing);
    begin(place(event));
  });
  pad.canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawing) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const moved of between.length ? between : [event]) extend(place(moved));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    pad.canvas.addEventListener(end, (event) => {
      if (event.pointerId !== drawing) return;
      drawing = null;
      say();
    });
  }

  // A finger on the pad draws and does nothing else: it does not fling, zoom or select.
  pad.canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });

  // Keys
  let at = [13, 5]; // the cell of the cursor
  let penDown = false;
  const middle = () => [at[0] + 0.5, at[1] + 0.5];

  function showCursor() {
    cursor.hidden = false;
    cursor.classList.toggle("is-down", penDown);
    cursor.style.left = `${(100 * middle()[0]) / SIDE}%`;
    cursor.style.top = `${(100 * middle()[1]) / SIDE}%`;
  }

  function lift() {
    penDown = false;
    cursor.classList.remove("is-down");
  }

  pad.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || drawing !== null) return;
    const step = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    }[event.key];
    if (step) {
      at = at.map((value, i) => Math.min(Math.max(value + step[i], 0), SIDE - 1));
      if (penDown) extend(middle());
    } else if (event.key === " " && !event.repeat) {
      const down = !penDown;
      if (down) begin(middle());
      penDown = down;
      say(penDown ? "Pen down. " : "Pen up. ");
    } else if (event.key === "Backspace") dropStroke();
    else if (event.key === "Escape" && penDown) {
      lift();
      say("Pen up. ");
    } else return;
    event.preventDefault();
    showCursor();
  });
  pad.canvas.addEventListener("focus", () => {
    if (pad.canvas.matches(":focus-visible")) showCursor();
  });
  pad.canvas.addEventListener("blur", () => {
    lift();
    cursor.hidden = true;
  });

  function dropStroke() {
    lift();
    strokes.pop();
    drawPad();
    say("Stroke undone. ");
  }

  function startAgain() {
    pick(null);
  }

  function pick(i) {
    lift();
    greeting = false;
    picked = i;
    strokes = [];
    tiles.forEach((tile, t) => tile.setAttribute("aria-pressed", t === i));
    drawPad();
    say(i === null ? "Cleared. " : `Test digit, labelled ${names[data.labels[i]]}. `);
  }

  function repaint() {
    readColours();
    update();
  }

  el.addEventListener("focusin", ({ target }) => {
    // JupyterLab would take keys pressed here as its own shortcuts.
    if (!target.matches(":read-write")) target.setAttribute("data-lm-suppress-shortcuts", "true");
  });
  el.append(root);
  readColours();
  choose(0, 0);
  drawPad();
  tiles[0].setAttribute("aria-pressed", true);
  update();

  // The page may turn dark or light while the figure stands there.
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
    if (frame) cancelAnimationFrame(frame);
  };
}

/** "convolution 1", "pooling 1", ...: what the lessons call the layers. */
function titles(layers) {
  const counts = {};
  return layers.map(({ kind }) => `${kind} ${(counts[kind] = (counts[kind] ?? 0) + 1)}`);
}

const signed = (value) => value.toFixed(2).replace("-", "−");

function paintGrey({ context, image }, pixels) {
  for (let i = 0; i < pixels.length; i++) {
    image.data.fill(pixels[i], 4 * i, 4 * i + 3);
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

export default { render };
