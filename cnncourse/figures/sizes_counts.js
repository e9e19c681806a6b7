// Figure "sizes", its arithmetic: no page is needed for it.

import { grouped } from "./_shared.js";

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
    const how = maps ? `${shape.map(grouped).join(" × ")} = ${grouped(output)} numbers` : "";
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
      how: `${grouped(layer.units)} × (${grouped(inputs)} + 1) = ${grouped(parameters)}`,
      warning,
    };
  }
  const name = layer.layer === "conv" ? "A convolution" : "Pooling";
  if (!maps) {
    const found = `gets ${grouped(shape[0])} numbers in a row`;
    return {
      error: `${name} needs height, width and channels, and ${found}. Move it up, before Flatten.`,
    };
  }
  const [height, width, channels] = shape;
  const { kernel, stride, padding } = layer;
  const down = places(height, kernel, stride, padding);
  const across = places(width, kernel, stride, padding);
  if (!down || !across) {
    const wrong = `A window of ${kernel}×${kernel} does not fit on maps of ${height}×${width}.`;
    const advice = "Take a smaller window, padding “same”, or less pooling before.";
    return { error: `${wrong} ${advice}` };
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
  const each = `${kernel} × ${kernel} × ${grouped(channels)} + 1`;
  return {
    output: [down, across, layer.maps],
    parameters,
    multiplyAdds: weights * down * across,
    how: `${grouped(layer.maps)} × (${each}) = ${grouped(parameters)}`,
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
  return `keras.Sequential(\n    [\n${lines.map((one) => `        ${one},\n`).join("")}    ]\n)`;
}
