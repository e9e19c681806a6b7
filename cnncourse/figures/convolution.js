// Figure "convolution": a kernel slides over an image, product by product, sum by sum.
// Shapes are those of cnncourse.conv: image [height][width][channel],
// kernel [row][column][channel][kernel], output [row][column][kernel].

// The arithmetic ----------------------------------------------------------------------------

/** Zeros before and after an axis, and the number of places that a window has along it. */
export function layout(size, window, stride, padding) {
  let before = 0;
  let after = 0;
  if (padding === "same") {
    const missing = Math.max((Math.ceil(size / stride) - 1) * stride + window - size, 0);
    before = Math.floor(missing / 2); // an odd one goes to the far end, as in TensorFlow
    after = missing - before;
  } else if (padding !== "valid") {
    before = after = padding;
  }
  const places = Math.max(Math.floor((size + before + after - window) / stride) + 1, 0);
  return { before, after, places };
}

/** The kernel turned by half a circle: rows and columns both in reverse. */
export function turned(kernel) {
  return [...kernel].reverse().map((row) => [...row].reverse());
}

/** The products at one place of the output, in the order in which they are added. */
export function terms({ image, kernel, stride, padding, flip }, row, column, map = 0) {
  const laid = flip ? turned(kernel) : kernel;
  const top = row * stride - layout(image.length, kernel.length, stride, padding).before;
  const left = column * stride - layout(image[0].length, kernel[0].length, stride, padding).before;
  const found = [];
  for (let channel = 0; channel < image[0][0].length; channel++) {
    for (let i = 0; i < laid.length; i++) {
      for (let j = 0; j < laid[0].length; j++) {
        const pixel = image[top + i]?.[left + j]; // none where the window lies on the padding
        const value = pixel ? pixel[channel] : 0;
        const weight = laid[i][j][channel][map];
        found.push({ channel, i, j, value, weight, product: value * weight, outside: !pixel });
      }
    }
  }
  return found;
}

/** The whole output: at each place the sum of products plus the bias. */
export function conv2d(setting) {
  const { image, kernel, stride, padding, bias } = setting;
  const height = layout(image.length, kernel.length, stride, padding).places;
  const width = layout(image[0].length, kernel[0].length, stride, padding).places;
  const sum = (row, column, map) =>
    terms(setting, row, column, map).reduce((total, term) => total + term.product, 0) + bias[map];
  return range(height).map((row) =>
    range(width).map((column) => bias.map((_, map) => sum(row, column, map))),
  );
}

/** A number in at most two decimals, with a proper minus sign. */
export function text(value) {
  return String(Math.round(value * 100) / 100 + 0).replace("-", "−");
}

/** The same in five signs at most, for a cell of a table. */
function short(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return text(Number(value.toFixed(digits)));
}

/** What was typed as a number: "2", "-0.5", "−1", "1/9"; NaN for all else. */
export function parse(typed) {
  const [top, bottom = "1", ...rest] = typed.replaceAll("−", "-").replaceAll(",", ".").split("/");
  const numbers = [top, bottom].map((part) => (part.trim() === "" ? NaN : Number(part)));
  const value = rest.length ? NaN : numbers[0] / numbers[1];
  return Math.abs(value) <= 999 ? value : NaN;
}

// What there is to choose from -----------------------------------------------------------------

function table(...rows) {
  return rows.map((row) => row.split(" ").map(Number));
}

function blur(size) {
  return range(size).map(() => range(size).map(() => 1 / size ** 2));
}

const fromRows = (...rows) => rows.map((row) => [...row].map((sign) => [sign === "#" ? 1 : 0]));

const IMAGES = {
  "5×5 of the lesson": fromRows("###..", ".###.", "..###", "..##.", ".##.."),
  "a dot": fromRows(".....", ".....", "..#..", ".....", "....."),
  "a square": fromRows(
    "........",
    ".######.",
    ".#....#.",
    ".#....#.",
    ".#....#.",
    ".#....#.",
    ".######.",
    "........",
  ),
  "a circle": fromRows(
    "...###...",
    "..#...#..",
    ".#.....#.",
    "#.......#",
    "#.......#",
    "#.......#",
    ".#.....#.",
    "..#...#..",
    "...###...",
  ),
  "a step": fromRows(...range(7).map(() => "...####")),
  "a flag, in colour": table("1 0 0", "1 1 0", "0 0 1").flatMap((colour) =>
    range(2).map(() => range(6).map((column) => (column < 2 ? [1, 1, 1] : [...colour]))),
  ),
  "empty, to draw on": fromRows(...range(7).map(() => ".......")),
  "empty, in colour": range(5).map(() => range(5).map(() => [0, 0, 0])),
};

const KERNELS = {
  cross: table("1 0 1", "0 1 0", "1 0 1"),
  "as it is": table("0 0 0", "0 1 0", "0 0 0"),
  "Sobel, across": table("-1 0 1", "-2 0 2", "-1 0 1"),
  "Sobel, down": table("-1 -2 -1", "0 0 0", "1 2 1"),
  "upright line": table("-1 2 -1", "-1 2 -1", "-1 2 -1"),
  corner: table("4 4 4", "4 -5 -5", "4 -5 -5"),
  blur: blur(3),
  sharpen: table("0 -1 0", "-1 5 -1", "0 -1 0"),
  "1 to 9": table("1 2 3", "4 5 6", "7 8 9"),
};
const FURTHER = [KERNELS["Sobel, across"], KERNELS["Sobel, down"]]; // where more kernels are asked for

const OWN = "my own";
const GIVEN = "as in the text";
const COLOURS = ["red", "green", "blue"];
const MOST_KERNELS = 3;
const PLAY_MS = 600;

// Small helpers --------------------------------------------------------------------------------

function range(count) {
  return Array.from({ length: count }, (_, index) => index);
}

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

function choice(label, options, chosen, onchange) {
  const select = make("select", { onchange: () => onchange(select.value) });
  const node = make("label", {}, label, select);
  node.fill = (list, value) => {
    select.replaceChildren(...list.map((item) => make("option", { value: item }, String(item))));
    select.value = value;
  };
  node.set = (value) => (select.value = value);
  node.fill(options, chosen);
  return node;
}

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

const modified = (event) => event.altKey || event.ctrlKey || event.metaKey;

/** Arrow keys move between the cells of a table; only one of them is in the order of Tab. */
function roving(grid, columns) {
  const cells = () => [...grid.querySelectorAll("[data-cell]")];
  grid.addEventListener("keydown", (event) => {
    const all = cells();
    const at = all.indexOf(event.target);
    if (at < 0 || !(event.key in ARROWS) || modified(event)) return;
    const [down, across] = ARROWS[event.key];
    event.preventDefault();
    const row = Math.floor(at / columns) + down;
    const column = (at % columns) + across;
    if (column >= 0 && column < columns) all[row * columns + column]?.focus();
  });
  grid.addEventListener("focusin", (event) => {
    if (!cells().includes(event.target)) return;
    for (const cell of cells()) cell.tabIndex = cell === event.target ? 0 : -1;
  });
  cells().forEach((cell, index) => (cell.tabIndex = index === 0 ? 0 : -1));
}

/** The kernel cut or filled up with zeros to size × size, its middle kept. */
function resized(kernel, size) {
  const shift = (length) => Math.floor((length - size) / 2);
  const zeros = kernel[0][0].map((maps) => maps.map(() => 0));
  return range(size).map((i) =>
    range(size).map((j) =>
      structuredClone(kernel[i + shift(kernel.length)]?.[j + shift(kernel[0].length)] ?? zeros),
    ),
  );
}

// The figure -----------------------------------------------------------------------------------

function render({ model, el }) {
  const given = structuredClone(model.get("data"));
  const state = {
    ...given,
    imageName: nameOfImage(given.image),
    map: 0, // the kernel that is looked at
    place: 0, // the output pixel that is being computed
    done: Infinity, // how many of its products are added; the bias comes last
    seen: [], // for each kernel how many output pixels have been filled in
    byProduct: true,
    timer: null,
  };
  const images = { ...(state.imageName === GIVEN ? { [GIVEN]: given.image } : {}), ...IMAGES };

  el.classList.add("cnncourse-figure", "cf-conv");
  el.addEventListener("focusin", ({ target }) => {
    // JupyterLab would take "b" or "d, d" on a button as its own shortcuts.
    if (!target.matches(":read-write")) target.setAttribute("data-lm-suppress-shortcuts", "true");
  });
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "Interactive figure: a kernel slides over an image");

  const channels = () => state.image[0][0].length;
  const kernels = () => state.bias.length;
  const axis = (of) => layout(of(state.image), of(state.kernel), state.stride, state.padding);
  const rows = () => axis((table) => table.length);
  const columns = () => axis((table) => table[0].length);
  const places = () => rows().places * columns().places;
  const products = () => state.kernel.length * state.kernel[0].length * channels();
  const whole = () => state.done >= products() + 1;
  const position = () => [
    Math.floor(state.place / columns().places),
    state.place % columns().places,
  ];

  // Controls

  const imageChoice = choice("Image", Object.keys(images), state.imageName, chooseImage);
  const presetChoice = choice("Kernel", [...Object.keys(KERNELS), OWN], OWN, choosePreset);
  const sizes = () => {
    const [height, width] = [state.kernel.length, state.kernel[0].length];
    const square = range(5).map((index) => `${index + 1}×${index + 1}`);
    return height === width ? square : [`${height}×${width}`, ...square];
  };
  const sizeOf = () => `${state.kernel.length}×${state.kernel[0].length}`;
  const sizeChoice = choice("Size", sizes(), sizeOf(), (size) => {
    state.kernel = resized(state.kernel, parseInt(size));
    reshape();
  });
  const countChoice = choice(
    "Kernels",
    range(MOST_KERNELS).map((i) => i + 1),
    kernels(),
    setCount,
  );
  const strideChoice = choice("Stride", [1, 2, 3, 4], state.stride, (stride) => {
    state.stride = Number(stride);
    reshape();
  });
  const paddingChoice = choice(
    "Padding",
    ["valid", "same", 0, 1, 2, 3, 4],
    state.padding,
    (padding) => {
      state.padding = isNaN(padding) ? padding : Number(padding);
      reshape();
    },
  );
  const bias = numberInput(
    "bias",
    () => state.bias[state.map],
    (value) => (state.bias[state.map] = value),
  );
  const flip = make("input", {
    type: "checkbox",
    checked: state.flip,
    onchange: () => {
      state.flip = flip.checked;
      reshape();
    },
  });
  const mapChoice = make("div", {
    className: "cf-row",
    role: "group",
    "aria-label": "Kernel to look at",
  });

  const step = (label, title, act) =>
    make("button", { type: "button", title, onclick: () => places() && act() }, label);
  const start = step("Start", "Key Home", toStart);
  const back = step("Back", "Key ←", () => move(-1));
  const forward = step("Step", "Key →", () => move(1));
  const play = step("Play", "", toggle);
  const fill = step("Fill in", "Key End", toEnd);
  const by = choice("A step is", ["one product", "one place"], "one product", (value) => {
    state.byProduct = value === "one product";
    if (!whole()) state.done = state.byProduct ? state.done : 0;
    update();
  });
  const steps = make("div", {
    className: "cf-row cf-controls cf-conv-steps",
    role: "group",
    "aria-label": "Steps",
  });
  steps.append(start, back, forward, play, fill);
  steps.addEventListener("keydown", (event) => {
    const act = { ArrowLeft: () => move(-1), ArrowRight: () => move(1), Home: toStart, End: toEnd }[
      event.key
    ];
    if (!act || !places() || event.target.tagName !== "BUTTON" || modified(event)) return;
    event.preventDefault();
    act();
  });

  const stage = make("div", { className: "cf-conv-stage" });
  const sum = make("div", { className: "cf-conv-sum" });
  const formula = make("p", { className: "cf-small cf-conv-formula" });
  const live = make("p", { className: "cf-hidden", role: "status", "aria-live": "polite" });

  const settings = make("div", { className: "cf-row cf-controls" });
  settings.append(imageChoice, presetChoice, strideChoice, paddingChoice, sizeChoice, countChoice);
  settings.append(
    make("label", {}, "Bias", bias),
    by,
    make("label", {}, flip, "turn the kernel (convolution)"),
  );
  const help = make("p", { className: "cf-small cf-quiet cf-controls" });
  help.textContent =
    "Click a pixel of the image to switch it on or off, or type 0 to 9 on it. Type your own numbers into the " +
    "kernel (1/9 is one, too). Click an output pixel to see where it comes from. Arrow keys move inside a " +
    "table; on the step buttons ← and → step.";
  el.append(settings, mapChoice, stage, sum, steps, formula, help, live);

  // Changes

  function nameOfImage(image) {
    const same = (other) => JSON.stringify(other) === JSON.stringify(image);
    return Object.keys(IMAGES).find((name) => same(IMAGES[name])) ?? GIVEN;
  }

  function chooseImage(name) {
    state.imageName = name;
    state.image = structuredClone(images[name]);
    const depth = channels();
    const deep = (slices) => range(depth).map((channel) => [...(slices[channel] ?? slices[0])]);
    state.kernel = state.kernel.map((row) => row.map(deep));
    reshape();
  }

  function choosePreset(name) {
    if (name === OWN) return update();
    const size = state.kernel.length;
    const square = size === state.kernel[0].length;
    const sized = name === "blur" && square ? blur(size) : KERNELS[name];
    if (sized.length !== size || !square) state.kernel = resized(state.kernel, sized.length);
    for (const [i, row] of sized.entries()) {
      for (const [j, weight] of row.entries()) {
        for (const maps of state.kernel[i][j]) maps[state.map] = weight;
      }
    }
    return reshape();
  }

  function setCount(count) {
    const largest = Math.max(state.kernel.length, state.kernel[0].length);
    const further = FURTHER.map((weights) =>
      resized(
        weights.map((row) => row.map((weight) => [[weight]])),
        largest,
      ),
    );
    state.kernel = state.kernel.map((row, i) =>
      row.map((slices, j) =>
        slices.map((maps) => range(count).map((map) => maps[map] ?? further[map - 1][i][j][0][0])),
      ),
    );
    state.bias = range(count).map((map) => state.bias[map] ?? 0);
    state.map = Math.min(state.map, count - 1);
    reshape();
  }

  /** Sizes may have changed: begin anew, unless all was filled in; then all stays filled in. */
  function reshape() {
    const filled = state.seen.length > 0 && state.seen.every((count) => count >= state.total);
    state.total = places();
    state.seen = range(kernels()).map((map) => (filled ? state.total : map === state.map ? 1 : 0));
    state.place = 0;
    state.done = Infinity;
    stop();
    build();
  }

  function move(direction) {
    const last = products() + 1;
    if (state.byProduct) {
      state.done = Math.min(state.done, last) + direction;
      if (state.done > last && state.place < places() - 1)
        [state.place, state.done] = [state.place + 1, 0];
      if (state.done < 0 && state.place > 0) [state.place, state.done] = [state.place - 1, last];
      state.done = Math.max(state.done, 0);
    } else if (direction > 0) {
      if (whole()) state.place = Math.min(state.place + 1, places() - 1);
      state.done = last;
    } else {
      if (state.place === 0) state.done = 0;
      else [state.place, state.done] = [state.place - 1, last];
    }
    if (whole()) state.seen[state.map] = Math.max(state.seen[state.map], state.place + 1);
    update();
    if (!state.timer) announce();
  }

  function toStart() {
    stop();
    [state.place, state.done] = [0, 0];
    state.seen = state.seen.map(() => 0);
    update();
    announce();
  }

  function toEnd() {
    stop();
    [state.place, state.done] = [places() - 1, Infinity];
    state.seen = state.seen.map(places);
    update();
    announce();
  }

  function toPlace(place, map) {
    stop();
    if (map !== state.map) {
      state.map = map;
      state.place = place;
      build();
    }
    [state.place, state.done] = [place, Infinity];
    state.seen[map] = Math.max(state.seen[map], place + 1);
    update();
    announce();
  }

  const atEnd = () => state.place >= places() - 1 && whole();

  function toggle() {
    if (state.timer) return stop(true);
    if (atEnd()) toStart();
    state.timer = setInterval(() => {
      if (!el.isConnected || atEnd()) return stop(true);
      return move(1);
    }, PLAY_MS);
    return update();
  }

  function stop(say = false) {
    clearInterval(state.timer);
    const was = state.timer;
    state.timer = null;
    if (was && say) {
      update();
      announce();
    }
  }

  /** Numbers of many signs get wider cells; the table then scrolls where there is no room. */
  function widen(cells) {
    const table = cells[0].cell.parentElement;
    table.classList.toggle(
      "cf-conv-long",
      cells.some(({ cell }) => cell.textContent.length > 3),
    );
  }

  /** For readers who hear the page: one sentence a step, none while it plays. */
  function announce() {
    clearTimeout(announce.waiting);
    announce.waiting = setTimeout(() => (live.textContent = sentence()), 150);
  }

  function sentence() {
    if (!places()) return problem();
    const [row, column] = position();
    const list = terms(state, row, column, state.map);
    const where = `Row ${row + 1}, column ${column + 1}`;
    if (whole()) return `${where}: output ${text(total(list))}.`;
    if (state.done === 0) return `${where}: window laid on the image.`;
    if (state.done > list.length) return `${where}: plus bias ${text(state.bias[state.map])}.`;
    const term = list[state.done - 1];
    return `${text(term.value)} times ${text(term.weight)}. Sum so far ${text(total(list))}.`;
  }

  function total(list) {
    const added = list.slice(0, state.done).reduce((so, term) => so + term.product, 0);
    return added + (state.done > list.length ? state.bias[state.map] : 0);
  }

  function problem() {
    const axes = { height: (of) => of.length, width: (of) => of[0].length };
    for (const [name, of] of Object.entries(axes)) {
      const { before, after, places: fits } = axis(of);
      if (fits) continue;
      const there = `there are ${of(state.image)} pixels and ${before} + ${after} of padding`;
      const advice = "Take a smaller kernel or more padding.";
      return `A kernel of ${of(state.kernel)} does not fit along the ${name}: ${there}. ${advice}`;
    }
    return "";
  }

  // Drawing: `build` makes the tables anew, `update` writes into them.

  let tables = {};

  function build() {
    sizeChoice.fill(sizes(), sizeOf());
    countChoice.set(kernels());
    strideChoice.set(state.stride);
    paddingChoice.set(state.padding);
    mapChoice.hidden = kernels() === 1;
    mapChoice.replaceChildren(
      "Kernel to look at:",
      ...state.bias.map((_, map) =>
        make(
          "button",
          {
            type: "button",
            "aria-pressed": String(map === state.map),
            "data-map": map,
            onclick: () => {
              toPlace(Math.min(state.place, Math.max(places() - 1, 0)), map);
              mapChoice.querySelector(`[data-map="${map}"]`).focus();
            },
          },
          String(map + 1),
        ),
      ),
    );
    tables = { image: [], kernel: [], laid: [], output: [] };
    stage.classList.toggle("cf-conv-colour", channels() > 1);
    const sees = channels() > 1 ? [panel("what we see", seen())] : [];
    const rowsOfPanels = range(channels()).map((channel) => {
      const of = channels() > 1 ? `, ${COLOURS[channel]}` : "";
      const number = kernels() > 1 ? ` ${state.map + 1}` : "";
      const parts = [
        panel(`image${of}`, imageTable(channel)),
        panel(`× kernel${number}${of}`, kernelTable(channel)),
      ];
      if (state.flip) parts.push(panel(`turned${of}`, laidTable(channel)));
      return make("div", { className: "cf-conv-channel" }, ...parts);
    });
    const outputs = places()
      ? state.bias.map((_, map) =>
          panel(kernels() > 1 ? `= output ${map + 1}` : "= output", outputTable(map)),
        )
      : [];
    stage.replaceChildren(
      make("div", {}, ...rowsOfPanels),
      make("div", { className: "cf-conv-outputs" }, ...outputs, ...sees),
    );
    update();
  }

  function panel(title, table) {
    return make(
      "div",
      { className: "cf-conv-panel" },
      make("p", { className: "cf-title" }, title),
      make("div", { className: "cf-wide" }, table),
    );
  }

  function grid(kind, height, width, label) {
    const node = make("div", {
      className: `cf-conv-grid cf-conv-${kind}`,
      role: "group",
      "aria-label": label,
    });
    node.style.setProperty("--rows", height);
    node.style.setProperty("--columns", width);
    return node;
  }

  const put = (cell, row, column) => {
    cell.style.gridArea = `${row + 1} / ${column + 1}`;
    return cell;
  };

  const frame = (kind) =>
    make("div", { className: `cf-conv-frame cf-conv-frame-${kind}`, "aria-hidden": "true" });

  const lay = (node, row, column, height = 1, width = 1) => {
    node.style.gridArea = `${row + 1} / ${column + 1} / span ${height} / span ${width}`;
  };

  function imageTable(channel) {
    const { before: top, after: bottom } = rows();
    const { before: left, after: right } = columns();
    const [height, width] = [state.image.length, state.image[0].length];
    const label =
      channels() > 1 ? `Pixels of the ${COLOURS[channel]} channel` : "Pixels of the image";
    const table = grid("image", height + top + bottom, width + left + right, label);
    const cells = [];
    for (let row = -top; row < height + bottom; row++) {
      for (let column = -left; column < width + right; column++) {
        if (!state.image[row]?.[column]) {
          table.append(
            put(
              make("span", { className: "cf-conv-padding", "aria-hidden": "true" }, "0"),
              row + top,
              column + left,
            ),
          );
          continue;
        }
        const write = (value) => {
          state.image[row][column][channel] = value;
          update();
        };
        const cell = make("button", {
          type: "button",
          "data-cell": "",
          onclick: () => write(state.image[row][column][channel] > 0 ? 0 : 1),
          onkeydown: (event) => {
            if (/^[0-9]$/.test(event.key) && !modified(event)) write(Number(event.key));
          },
        });
        cells.push({ cell, row, column });
        table.append(put(cell, row + top, column + left));
      }
    }
    const [window, pixel] = [frame("window"), frame("pixel")];
    table.append(window, pixel);
    roving(table, width);
    tables.image[channel] = { cells, window, pixel };
    return table;
  }

  function kernelTable(channel) {
    const of = channels() > 1 ? `, ${COLOURS[channel]}` : "";
    const table = grid(
      "kernel",
      state.kernel.length,
      state.kernel[0].length,
      `Numbers of the kernel${of}`,
    );
    const cells = state.kernel.flatMap((line, i) =>
      line.map((slices, j) => {
        const cell = numberInput(
          `Kernel${of}, row ${i + 1}, column ${j + 1}`,
          () => state.kernel[i][j][channel][state.map],
          (value) => (state.kernel[i][j][channel][state.map] = value),
        );
        cell.setAttribute("data-cell", "");
        table.append(put(cell, i, j));
        return { cell, i, j };
      }),
    );
    const ring = frame("weight");
    table.append(ring);
    roving(table, state.kernel[0].length);
    tables.kernel[channel] = { cells, ring };
    return table;
  }

  function laidTable(channel) {
    const table = grid(
      "kernel",
      state.kernel.length,
      state.kernel[0].length,
      "The kernel turned, as it is laid on the image",
    );
    const cells = state.kernel.flatMap((line, i) =>
      line.map((_, j) => {
        const cell = make("span", {});
        table.append(put(cell, i, j));
        return { cell, i, j };
      }),
    );
    const ring = frame("weight");
    table.append(ring);
    tables.laid[channel] = { cells, ring };
    return table;
  }

  function outputTable(map) {
    const [height, width] = [rows().places, columns().places];
    const table = grid(
      "output",
      height,
      width,
      kernels() > 1 ? `Pixels of output ${map + 1}` : "Pixels of the output",
    );
    const cells = range(height * width).map((place) => {
      const [row, column] = [Math.floor(place / width), place % width];
      const cell = make("button", {
        type: "button",
        "data-cell": "",
        onclick: () => {
          toPlace(place, map);
          tables.output[map].cells[place].cell.focus();
        },
      });
      table.append(put(cell, row, column));
      return { cell, row, column };
    });
    const pixel = frame("output");
    table.append(pixel);
    roving(table, width);
    tables.output[map] = { cells, pixel };
    return table;
  }

  /** The colours as we see them. */
  function seen() {
    const table = grid("seen", state.image.length, state.image[0].length, "");
    table.setAttribute("role", "img");
    table.setAttribute("aria-label", "The image in its colours");
    tables.seen = state.image.flatMap((line, row) =>
      line.map((_, column) => {
        const cell = make("span", {});
        table.append(put(cell, row, column));
        return { cell, row, column };
      }),
    );
    return table;
  }

  function numberInput(label, read, write) {
    const input = make("input", {
      type: "text",
      className: "cf-conv-number",
      autocomplete: "off",
      spellcheck: false,
      "aria-label": label,
    });
    const take = (value) => {
      const wrong = Number.isNaN(value);
      input.setAttribute("aria-invalid", String(wrong));
      if (wrong) return;
      write(value);
      update(input);
    };
    input.addEventListener("input", () => take(parse(input.value)));
    input.addEventListener("focus", () => input.select());
    input.addEventListener("blur", () => {
      input.setAttribute("aria-invalid", "false");
      input.value = text(read());
    });
    input.read = read;
    return input;
  }

  function update(typing = null) {
    const fits = places() > 0;
    const [row, column] = fits ? position() : [0, 0];
    const list = fits ? terms(state, row, column, state.map) : [];
    const current =
      fits && state.done >= 1 && state.done <= list.length ? list[state.done - 1] : null;
    const [height, width] = [state.kernel.length, state.kernel[0].length];
    drawImage(row, column, height, width, current, fits);
    drawKernel(current, typing);
    if (fits) drawOutput();
    drawSum(list, current, fits, row, column);
    drawFormula(fits);
    if (typing !== bias) bias.value = text(state.bias[state.map]);
    const preset = nameOfKernel();
    presetChoice.set(preset);
    // Not `disabled`: the button that is pressed keeps the focus, and with it the keys.
    const able = (button, can) => button.setAttribute("aria-disabled", String(!can));
    for (const button of [start, back]) able(button, fits && (state.place > 0 || state.done > 0));
    for (const button of [play, fill]) able(button, fits);
    able(forward, fits && !atEnd());
    play.textContent = state.timer ? "Pause" : "Play";
  }

  function nameOfKernel() {
    const slices = range(channels()).map((channel) =>
      state.kernel.map((line) => line.map((cell) => cell[channel][state.map])),
    );
    const size = slices[0].length;
    const known = { ...KERNELS, blur: blur(size) };
    const same = (table) =>
      slices.every((slice) => JSON.stringify(slice) === JSON.stringify(table));
    return Object.keys(known).find((name) => same(known[name])) ?? OWN;
  }

  function drawImage(row, column, height, width, current, fits) {
    const values = state.image.flat(2);
    const [low, high] = [Math.min(0, ...values), Math.max(1, ...values)];
    tables.image.forEach(({ cells, window, pixel }, channel) => {
      for (const { cell, row: y, column: x } of cells) {
        const value = state.image[y][x][channel];
        const bright = (value - low) / (high - low);
        const grey = Math.round(255 * bright);
        cell.style.background = `rgb(${grey} ${grey} ${grey})`;
        cell.style.color = bright > 0.5 ? "#000000" : "#ffffff";
        write(cell, value, `row ${y + 1}, column ${x + 1}: ${text(value)}`);
      }
      widen(cells);
      const [top, left] = [row * state.stride, column * state.stride];
      window.hidden = !fits;
      lay(window, top, left, height, width);
      pixel.hidden = current?.channel !== channel;
      if (!pixel.hidden) lay(pixel, top + current.i, left + current.j);
    });
    for (const { cell, row: y, column: x } of tables.seen ?? []) {
      const shades = state.image[y][x].map((value) =>
        Math.round((255 * (value - low)) / (high - low)),
      );
      cell.style.background = `rgb(${shades.join(" ")})`;
    }
  }

  function drawKernel(current, typing) {
    const most = Math.max(...state.kernel.flat(2).map((maps) => Math.abs(maps[state.map])), 1e-9);
    const laid = turned(state.kernel);
    const colour = (cell, value) => {
      const sign = value < 0 ? "minus" : "plus";
      tint(cell, sign, Math.abs(value) / most);
    };
    tables.kernel.forEach(({ cells, ring }, channel) => {
      for (const { cell, i, j } of cells) {
        const value = state.kernel[i][j][channel][state.map];
        colour(cell, value);
        if (cell !== typing) cell.value = text(value);
      }
      ring.hidden = state.flip || current?.channel !== channel;
      if (!ring.hidden) lay(ring, current.i, current.j);
    });
    tables.laid.forEach(({ cells, ring }, channel) => {
      for (const { cell, i, j } of cells) {
        const value = laid[i][j][channel][state.map];
        colour(cell, value);
        write(cell, value);
      }
      ring.hidden = current?.channel !== channel;
      if (!ring.hidden) lay(ring, current.i, current.j);
    });
  }

  function drawOutput() {
    const output = conv2d(state);
    const most = Math.max(...output.flat(2).map(Math.abs), 1e-9);
    tables.output.forEach(({ cells, pixel }, map) => {
      cells.forEach(({ cell, row, column }, place) => {
        const value = output[row][column][map];
        const known = place < state.seen[map];
        const sign = value < 0 ? "minus" : "output-mark";
        tint(cell, sign, known ? Math.abs(value) / most : 0);
        const shown = known ? text(value) : "not yet computed";
        write(cell, known ? value : null, `row ${row + 1}, column ${column + 1}: ${shown}`);
      });
      widen(cells);
      pixel.hidden = map !== state.map;
      lay(pixel, ...position());
    });
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

  function drawSum(list, current, fits, row, column) {
    if (!fits) {
      sum.replaceChildren(make("p", { className: "cf-wrong" }, problem()));
      return;
    }
    const lines = make("div", { className: "cf-conv-lines" });
    const group = state.kernel.length * state.kernel[0].length;
    for (let from = 0; from < list.length; from += group) {
      const line = make("div", { className: "cf-conv-terms" });
      line.style.setProperty("--columns", state.kernel[0].length);
      if (channels() > 1) line.append(span("channel-name", COLOURS[list[from].channel]));
      list.slice(from, from + group).forEach((term, offset) => {
        const index = from + offset;
        line.append(written(term, index, term === current));
      });
      lines.append(line);
    }
    const bias = span(
      state.done > list.length ? "added" : "to-come",
      `+ bias ${factor(state.bias[state.map])} `,
    );
    const result = make(
      "data",
      { className: "cf-conv-result", value: String(total(list)) },
      text(total(list)),
    );
    result.classList.toggle("cf-conv-whole", whole());
    const added = span(
      "count",
      `  (${Math.min(state.done, list.length)} of ${list.length} products)`,
    );
    const parts = whole() ? ["= ", result] : ["sum so far: ", result, added];
    const where = `Place ${state.place + 1} of ${places()}: row ${row + 1}, column ${column + 1} of the output`;
    sum.replaceChildren(
      make("p", { className: "cf-title" }, where),
      lines,
      make("p", { className: "cf-conv-total" }, bias, ...parts),
    );
  }

  const span = (kind, ...children) => make("span", { className: `cf-conv-${kind}` }, ...children);

  const factor = (value) => (value < 0 ? `(${text(value)})` : text(value));

  /** One product of the sum, as it is written. */
  function written(term, index, now) {
    const value = span("value", text(term.value));
    const node = span(
      "term",
      index ? "+ " : "",
      value,
      "\u2009×\u2009",
      span("factor", factor(term.weight)),
    );
    value.classList.toggle("cf-quiet", term.outside);
    node.classList.add(
      now ? "cf-conv-now" : index < state.done ? "cf-conv-added" : "cf-conv-to-come",
    );
    return node;
  }

  function drawFormula(fits) {
    const line = (of) => {
      const { before, after, places: count } = axis(of);
      return `(${of(state.image)} + ${before} + ${after} − ${of(state.kernel)}) // ${state.stride} + 1 = ${count}`;
    };
    const [down, across] = [line((table) => table.length), line((table) => table[0].length)];
    const numbers = down === across ? `${down}, down and across` : `${down} down, ${across} across`;
    const size = `Places: (size + zeros before + zeros after − kernel) // stride + 1 = ${numbers}. `;
    const [weights, count] = [products(), kernels()];
    const parameters = count * (weights + 1);
    const words = `Parameters: ${weights} weights + 1 bias`;
    formula.textContent =
      (fits ? size : "") +
      (count > 1 ? `${words}, ${count} times: ${parameters}.` : `${words} = ${parameters}.`);
  }

  reshape();
  return () => {
    stop();
    clearTimeout(announce.waiting);
  };
}

export default { render };
