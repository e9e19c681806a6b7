// Figure "lenet", its pad: strokes drawn with mouse, finger, pen or keys.

import { ARROWS, make, modified } from "./_shared.js";
import { surface } from "./lenet_maps.js";
import { PEN, SIDE } from "./lenet_network.js";

const DRAWN = 20; // canvas pixels for each of the pad's 28 units
const NEAR = 0.15; // points nearer than this to the last one are left out

/** The pad, with the strokes on it, each a list of points [x, y] in pixels of the image.
 *
 * `changed()` is called after each point, `said(words)` where a stroke or the pen has changed for
 * good, `undo()` where a key asks for it. */
export function drawingPad(describedBy, { changed, said, undo }) {
  const { canvas, context } = surface(SIDE * DRAWN, SIDE * DRAWN, {
    class: "cf-lenet-pad",
    tabindex: 0,
    role: "application",
    "aria-roledescription": "drawing pad",
    "aria-label": "Draw a digit",
    "aria-describedby": describedBy,
  });
  const cursor = make("span", { class: "cf-lenet-cursor", hidden: true });
  const invitation = make("span", { class: "cf-lenet-invitation", "aria-hidden": "true" }, "draw here");
  const pad = {
    element: make("div", { class: "cf-lenet-paper" }, canvas, invitation, cursor),
    strokes: [],
    lift,
    draw,
  };
  let pointer = null; // the one that draws
  let at = [13, 5]; // the cell of the keys' cursor
  let penDown = false;
  const middle = () => [at[0] + 0.5, at[1] + 0.5];

  /** Draw the strokes on an image, or on nothing. */
  function draw(under) {
    context.fillStyle = "#000000";
    context.fillRect(0, 0, canvas.width, canvas.height);
    if (under) {
      context.imageSmoothingEnabled = false;
      context.drawImage(under, 0, 0, canvas.width, canvas.height);
    }
    pad.strokes.forEach(line);
    invitation.hidden = Boolean(under) || pad.strokes.length > 0;
  }

  function line(points) {
    context.strokeStyle = "#ffffff";
    context.lineWidth = PEN * DRAWN * 0.9;
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(points[0][0] * DRAWN, points[0][1] * DRAWN);
    for (const [x, y] of points) context.lineTo(x * DRAWN, y * DRAWN);
    context.stroke();
  }

  function begin(point) {
    invitation.hidden = true;
    pad.strokes.push([point]);
    line([point]);
    changed();
  }

  function extend(point) {
    const stroke = pad.strokes.at(-1);
    const last = stroke.at(-1);
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) < NEAR) return;
    stroke.push(point);
    line([last, point]);
    changed();
  }

  function lift() {
    penDown = false;
    cursor.classList.remove("is-down");
  }

  function showCursor() {
    cursor.hidden = false;
    cursor.classList.toggle("is-down", penDown);
    cursor.style.left = `${(100 * middle()[0]) / SIDE}%`;
    cursor.style.top = `${(100 * middle()[1]) / SIDE}%`;
  }

  function place(event) {
    const box = canvas.getBoundingClientRect();
    const parts = [
      (event.clientX - box.left) / box.width,
      (event.clientY - box.top) / box.height,
    ];
    return parts.map((part) => Math.min(Math.max(part, 0), 1) * SIDE);
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    cursor.hidden = true;
    lift();
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    begin(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const between = event.getCoalescedEvents?.() ?? [];
    for (const moved of between.length ? between : [event]) extend(place(moved));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      said();
    });
  }
  // A finger on the pad draws and does nothing else: it does not fling, zoom or select.
  canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });

  canvas.addEventListener("keydown", (event) => {
    if (modified(event) || pointer !== null) return;
    if (event.key in ARROWS) {
      const [down, across] = ARROWS[event.key];
      at = [at[0] + across, at[1] + down].map((cell) => Math.min(Math.max(cell, 0), SIDE - 1));
      if (penDown) extend(middle());
    } else if (event.key === " " && !event.repeat) {
      const down = !penDown;
      if (down) begin(middle());
      penDown = down;
      said(penDown ? "Pen down. " : "Pen up. ");
    } else if (event.key === "Backspace") undo();
    else if (event.key === "Escape" && penDown) {
      lift();
      said("Pen up. ");
    } else return;
    event.preventDefault();
    showCursor();
  });
  canvas.addEventListener("focus", () => {
    if (canvas.matches(":focus-visible")) showCursor();
  });
  canvas.addEventListener("blur", () => {
    lift();
    cursor.hidden = true;
  });
  return pad;
}
