// Figure "lenet", what it computes: no page is needed for it. Images are rows of numbers from 0
// (paper) to 255 (ink); maps lie one after the other, [map][row][column].

import { unpack } from "./_shared.js";

export const SIDE = 28; // pixels along an MNIST image
const BOX = 20; // MNIST fits each digit into 20x20 ...
const MIDDLE = 14; // ... and puts its centre of mass on the pixel in column 14, row 14
export const PEN = 2.7; // how wide a stroke is, in pixels; MNIST's have about this much ink a length
const LARGEST = 4; // a dot is not blown up to the size of a digit

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
