// Figure "convolution", what it computes and what it offers: no page is needed for it.
// Shapes are those of cnncourse.conv: image [height][width][channel],
// kernel [row][column][channel][kernel], output [row][column][kernel].

import { range } from "./_shared.js";

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
export function short(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return text(Number(value.toFixed(digits)));
}

const MOST = 999; // larger numbers have no room in a cell

/** What was typed as a number: "2", "-0.5", "−1", "1/9"; NaN for all else. */
export function parse(typed) {
  const [top, bottom = "1", ...rest] = typed.replaceAll("−", "-").replaceAll(",", ".").split("/");
  const numbers = [top, bottom].map((part) => (part.trim() === "" ? NaN : Number(part)));
  const value = rest.length ? NaN : numbers[0] / numbers[1];
  return Math.abs(value) <= MOST ? value : NaN;
}

/** Why what was typed is no number here. */
export function whyNot(typed) {
  const found = typed.trim() || "nothing";
  return `expected a number from −${MOST} to ${MOST}, such as 2, −0.5 or 1/9; found ${found}`;
}

// What there is to choose from -----------------------------------------------------------------

function numbers(...rows) {
  return rows.map((row) => row.split(" ").map(Number));
}

export function blur(size) {
  return range(size).map(() => range(size).map(() => 1 / size ** 2));
}

const fromRows = (...rows) => rows.map((row) => [...row].map((sign) => [sign === "#" ? 1 : 0]));

export const IMAGES = {
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
  "a flag, in colour": numbers("1 0 0", "1 1 0", "0 0 1").flatMap((colour) =>
    range(2).map(() => range(6).map((column) => (column < 2 ? [1, 1, 1] : [...colour]))),
  ),
  "empty, to draw on": fromRows(...range(7).map(() => ".......")),
  "empty, in colour": range(5).map(() => range(5).map(() => [0, 0, 0])),
};

export const KERNELS = {
  cross: numbers("1 0 1", "0 1 0", "1 0 1"),
  "as it is": numbers("0 0 0", "0 1 0", "0 0 0"),
  "Sobel, across": numbers("-1 0 1", "-2 0 2", "-1 0 1"),
  "Sobel, down": numbers("-1 -2 -1", "0 0 0", "1 2 1"),
  "upright line": numbers("-1 2 -1", "-1 2 -1", "-1 2 -1"),
  corner: numbers("4 4 4", "4 -5 -5", "4 -5 -5"),
  blur: blur(3),
  sharpen: numbers("0 -1 0", "-1 5 -1", "0 -1 0"),
  "1 to 9": numbers("1 2 3", "4 5 6", "7 8 9"),
};
export const FURTHER = [KERNELS["Sobel, across"], KERNELS["Sobel, down"]]; // where more are asked for

export const OWN = "my own";
export const GIVEN = "as in the text";
export const COLOURS = ["red", "green", "blue"];

/** The kernel cut or filled up with zeros to size × size, its middle kept. */
export function resized(kernel, size) {
  const shift = (length) => Math.floor((length - size) / 2);
  const zeros = kernel[0][0].map((maps) => maps.map(() => 0));
  return range(size).map((i) =>
    range(size).map((j) =>
      structuredClone(kernel[i + shift(kernel.length)]?.[j + shift(kernel[0].length)] ?? zeros),
    ),
  );
}
