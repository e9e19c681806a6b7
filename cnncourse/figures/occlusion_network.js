// Figure "occlusion", what it computes: no page is needed for it. Images are rows of numbers from
// 0 to 255, [row][column][channel]; maps lie one after the other, [map][row][column].

import { unpack } from "./_shared.js";

export const GREY = 128;

/** The network of `data`, with room for all that it computes for images of its size. */
export function build(data) {
  let side = data.images.shape[1];
  let inputs = 3;
  const layers = data.layers.map((layer) => {
    const outputs = layer.kernel.shape[3]; // Keras: row, column, from, to
    const weights = unpack(layer.kernel);
    const kernels = new Float32Array(weights.length); // here: [to][from][row][column]
    for (let cell = 0; cell < 9; cell++)
      for (let from = 0; from < inputs; from++)
        for (let to = 0; to < outputs; to++)
          kernels[(to * inputs + from) * 9 + cell] =
            weights[(cell * inputs + from) * outputs + to] - 128;
    const built = {
      side,
      inputs,
      outputs,
      kernels,
      pool: layer.pool,
      adds: layer.adds,
      scale: unpack(layer.scale),
      shift: unpack(layer.shift),
      padded: new Float32Array(inputs * (side + 2) ** 2),
      sums: new Float32Array(outputs * side * side),
    };
    if (layer.pool) side /= 2;
    built.maps = new Float32Array(outputs * side * side);
    inputs = outputs;
    return built;
  });
  const { mean, deviation } = data;
  const input = new Float32Array(3 * data.images.shape[1] ** 2);
  return { layers, mean, deviation, input, dense: unpack(data.dense), classes: data.dense.shape[1] };
}

/** The logits of an image of pixels from 0 to 255. */
export function logitsOf(network, pixels) {
  const { input, mean, deviation, dense, classes } = network;
  const area = input.length / 3;
  for (let i = 0; i < area; i++)
    for (let c = 0; c < 3; c++)
      input[c * area + i] = (pixels[3 * i + c] - mean[c]) / deviation[c];
  let maps = input;
  for (const layer of network.layers) {
    convolve(layer, maps);
    settle(layer, maps);
    maps = layer.maps;
  }
  const logits = new Array(classes).fill(0);
  const size = (maps.length * classes) / dense.length; // pixels of a map
  for (let map = 0; map < maps.length / size; map++) {
    let sum = 0;
    for (let i = map * size; i < (map + 1) * size; i++) sum += maps[i];
    for (let c = 0; c < classes; c++) logits[c] += (sum / size) * dense[map * classes + c];
  }
  return logits;
}

/** Sums of a 3x3 convolution with zeros around the maps. */
function convolve({ side, inputs, outputs, kernels: k, padded, sums }, maps) {
  const wide = side + 2;
  for (let map = 0; map < inputs; map++)
    for (let y = 0; y < side; y++) {
      const read = (map * side + y) * side;
      padded.set(maps.subarray(read, read + side), (map * wide + y + 1) * wide + 1);
    }
  sums.fill(0);
  for (let to = 0; to < outputs; to++) {
    for (let from = 0; from < inputs; from++) {
      const at = (to * inputs + from) * 9;
      const [a, b, c] = [k[at], k[at + 1], k[at + 2]];
      const [d, e, f] = [k[at + 3], k[at + 4], k[at + 5]];
      const [g, h, i] = [k[at + 6], k[at + 7], k[at + 8]];
      for (let y = 0; y < side; y++) {
        let up = (from * wide + y) * wide;
        let mid = up + wide;
        let low = mid + wide;
        let write = (to * side + y) * side;
        for (let x = 0; x < side; x++, up++, mid++, low++)
          sums[write++] +=
            a * padded[up] + b * padded[up + 1] + c * padded[up + 2] +
            d * padded[mid] + e * padded[mid + 1] + f * padded[mid + 2] +
            g * padded[low] + h * padded[low + 1] + i * padded[low + 2];
      }
    }
  }
}

/** From sums to maps: pooling by 2 where there is any, scale and shift, ReLU, and the addition. */
function settle({ side, outputs, pool, adds, scale, shift, sums, maps }, cameIn) {
  const half = side / 2;
  for (let map = 0; map < outputs; map++) {
    const size = pool ? half * half : side * side;
    for (let i = 0; i < size; i++) {
      let value = sums[map * size + i];
      if (pool) {
        const at = (map * side + 2 * Math.floor(i / half)) * side + 2 * (i % half);
        value = Math.max(sums[at], sums[at + 1], sums[at + side], sums[at + side + 1]);
      }
      value = Math.max(value * scale[map] + shift[map], 0);
      maps[map * size + i] = adds ? value + cameIn[map * size + i] : value;
    }
  }
}

/** Probabilities from logits. */
export function softmax(logits) {
  const top = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - top));
  const sum = shares.reduce((a, b) => a + b, 0);
  return shares.map((share) => share / sum);
}

/** The image with a grey square of `size` pixels, its upper left corner at [row, column]. */
export function cover(pixels, side, [row, column], size) {
  const covered = Uint8Array.from(pixels);
  for (let y = row; y < row + size; y++)
    covered.fill(GREY, 3 * (y * side + column), 3 * (y * side + column + size));
  return covered;
}
