// Figure "occlusion": a grey square over a photograph, and what the lesson's own network makes of
// what is left. The Python side is occlusion.py.

import { ARROWS, announcer, choice, frame, make, modified, range, unpack } from "./_shared.js";
import { build, cover, logitsOf, softmax } from "./occlusion_network.js";

const HELP =
  "Mouse or finger: move over the photograph. Keys: arrows move the square by a pixel, with " +
  "shift by four; space takes it away and brings it back.";
let shown = 0; // figures on the page: each has its own help to refer to

function render({ model, el }) {
  const data = model.get("data");
  const names = data.class_names;
  const side = data.images.shape[1];
  const network = build(data);
  const all = unpack(data.images);
  const photographs = data.labels.map((_, i) => all.subarray(i * side * side * 3, (i + 1) * side * side * 3));
  const whole = photographs.map((pixels) => logitsOf(network, pixels));

  let picked = 0;
  let place = [...data.place]; // of the square's upper left corner: row, column
  let size = data.size;
  let there = true; // the square
  let due = 0; // the next drawing, once a frame at most

  const help = make("p", { class: "cf-small cf-quiet", id: `cf-occlusion-help-${++shown}` }, HELP);
  const canvas = make("canvas", {
    class: "cf-occlusion-photo",
    width: side,
    height: side,
    tabindex: 0,
    role: "application",
    "aria-roledescription": "photograph with a square to move",
    "aria-describedby": help.id,
  });
  const tiles = photographs.map((pixels, i) => {
    const tile = make("canvas", { width: side, height: side });
    paint(tile, pixels, side);
    const options = { type: "button", title: names[data.labels[i]], onclick: () => pick(i) };
    return make("button", { ...options, "aria-label": names[data.labels[i]] }, tile);
  });
  const sizes = choice("Square", data.sizes.map(nameOf), nameOf(size), (name) => {
    size = data.sizes[data.sizes.map(nameOf).indexOf(name)];
    move([0, 0]);
  });
  const without = make(
    "button",
    { type: "button", "aria-pressed": "false", onclick: toggle },
    "Take the square away",
  );
  const bars = barsOf(names);
  const says = make("p", { class: "cf-occlusion-says" });
  const spoken = announcer(600);

  function move([down, across]) {
    const most = side - size;
    place = [place[0] + down, place[1] + across].map((at) => Math.min(Math.max(at, 0), most));
    due ||= requestAnimationFrame(update);
    spoken.say(update);
  }

  function follow(event) {
    const box = canvas.getBoundingClientRect();
    const at = [
      ((event.clientY - box.top) / box.height) * side,
      ((event.clientX - box.left) / box.width) * side,
    ];
    set(true);
    move(at.map((middle, axis) => Math.round(middle - size / 2) - place[axis]));
  }

  function set(isThere) {
    there = isThere;
    without.setAttribute("aria-pressed", !there);
  }

  function toggle() {
    set(!there);
    move([0, 0]);
  }

  function pick(i) {
    picked = i;
    tiles.forEach((tile, t) => tile.setAttribute("aria-pressed", t === i));
    move([0, 0]);
  }

  /** From the square to the bars. Returns what it comes to, in words. */
  function update() {
    cancelAnimationFrame(due);
    due = 0;
    const pixels = there ? cover(photographs[picked], side, place, size) : photographs[picked];
    const logits = there ? logitsOf(network, pixels) : whole[picked];
    const [before, now] = [softmax(whole[picked]), softmax(logits)];
    const label = data.labels[picked];
    paint(canvas, pixels, side);
    const where = there ? `, the square at row ${place[0] + 1}, column ${place[1] + 1}` : "";
    canvas.setAttribute("aria-label", `Photograph labelled ${names[label]}${where}`);
    bars.draw(before, now, label);
    const fall = whole[picked][label] - logits[label];
    const falls = `The logit of ${names[label]} ${fall < 0 ? "rises" : "falls"} by`;
    const words = [
      `Labelled ${names[label]}. Without the square: ${best(before)}.`,
      there ? `With it: ${best(now)}. ${falls} ${Math.abs(fall).toFixed(2)}.` : "",
    ];
    says.replaceChildren(...words.map((text) => make("span", {}, text)));
    return words.join(" ").trim();
  }

  const best = (shares) => {
    const top = shares.indexOf(Math.max(...shares));
    return `${names[top]}, ${percentOf(shares[top])}`;
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse") canvas.setPointerCapture(event.pointerId);
    follow(event);
  });
  canvas.addEventListener("pointermove", follow);
  // A finger on the photograph moves the square and does nothing else.
  canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (modified(event)) return;
    if (event.key in ARROWS) {
      set(true);
      move(ARROWS[event.key].map((step) => step * (event.shiftKey ? 4 : 1)));
    } else if (event.key === " " && !event.repeat) toggle();
    else return;
    event.preventDefault();
  });

  frame(el, "cf-occlusion", "cover a part of a photograph, and see what the network makes of it");
  const strip = { class: "cf-occlusion-strip", role: "group", "aria-label": "Photographs" };
  el.append(
    make("p", { class: "cf-title" }, "Cover a part of it, and see what the network makes of the rest"),
    make(
      "div",
      { class: "cf-parts" },
      make(
        "div",
        { class: "cf-left" },
        canvas,
        make("div", { class: "cf-row cf-controls" }, sizes, without),
        make("div", strip, ...tiles),
        make("p", { class: "cf-small cf-quiet" }, data.caption),
      ),
      make("div", { class: "cf-occlusion-right" }, bars.element, says, help),
    ),
    spoken,
  );
  tiles.forEach((tile, t) => tile.setAttribute("aria-pressed", t === 0));
  update();
  return () => {
    cancelAnimationFrame(due);
    spoken.stop();
  };
}

const nameOf = (size) => `${size}×${size}`;
const percentOf = (share) => `${Math.round(100 * share)}%`;

function paint(canvas, pixels, side) {
  const image = new ImageData(side, side);
  for (const i of range(side * side)) {
    image.data.set(pixels.subarray(3 * i, 3 * i + 3), 4 * i);
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A bar for each class: as long as its probability now, with a mark where it was. */
function barsOf(names) {
  const rows = names.map((name) => {
    const bar = make("span", { class: "cf-occlusion-bar" });
    const mark = make("span", { class: "cf-occlusion-mark" });
    const value = make("span", { class: "cf-occlusion-value" });
    const called = make("span", {}, name);
    const track = make("span", { class: "cf-occlusion-track", "aria-hidden": "true" }, bar, mark);
    const row = make("div", { role: "listitem" }, called, track, value);
    return { row, bar, mark, value, called };
  });
  const legend = make(
    "p",
    { class: "cf-small cf-quiet" },
    "Bar: with the square. Mark: without it. ✓: the label.",
  );
  const list = { class: "cf-occlusion-bars", role: "list", "aria-label": "Probabilities" };
  const element = make("div", {}, make("div", list, ...rows.map(({ row }) => row)), legend);

  function draw(before, now, label) {
    const top = now.indexOf(Math.max(...now));
    rows.forEach(({ row, bar, mark, value, called }, i) => {
      bar.style.width = `${100 * now[i]}%`;
      mark.style.left = `${100 * before[i]}%`;
      value.textContent = percentOf(now[i]);
      called.textContent = i === label ? `✓ ${names[i]}` : names[i];
      row.classList.toggle("is-best", i === top);
    });
  }
  return { element, draw };
}

export default { render };
