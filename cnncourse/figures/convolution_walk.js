// Figure "convolution", where the reader is in it: no page is needed for it.

import { range } from "./_shared.js";
import {
  FURTHER,
  GIVEN,
  IMAGES,
  KERNELS,
  OWN,
  blur,
  layout,
  resized,
  terms,
  text,
} from "./convolution_sums.js";

/** The setting and the place at which its output is being computed, changed by what is done. */
export class Walk {
  map = 0; // the kernel that is looked at
  place = 0; // the output pixel that is being computed
  done = 0; // how many of its products are added; the bias comes last
  seen = []; // for each kernel how many output pixels have been filled in
  byProduct = true;

  constructor(given) {
    Object.assign(this, structuredClone(given)); // image, kernel, stride, padding, bias, flip
    const same = (image) => JSON.stringify(image) === JSON.stringify(given.image);
    this.imageName = Object.keys(IMAGES).find((name) => same(IMAGES[name])) ?? GIVEN;
    this.images = this.imageName === GIVEN ? { [GIVEN]: given.image, ...IMAGES } : IMAGES;
    this.restart();
  }

  get channels() {
    return this.image[0][0].length;
  }

  get kernels() {
    return this.bias.length;
  }

  get size() {
    return [this.kernel.length, this.kernel[0].length];
  }

  /** The layout along the height or the width. */
  axis(of) {
    return layout(of(this.image), of(this.kernel), this.stride, this.padding);
  }

  get rows() {
    return this.axis((table) => table.length);
  }

  get columns() {
    return this.axis((table) => table[0].length);
  }

  get places() {
    return this.rows.places * this.columns.places;
  }

  get products() {
    return this.size[0] * this.size[1] * this.channels;
  }

  /** Row and column of the output pixel that is being computed. */
  get position() {
    const across = this.columns.places;
    return [Math.floor(this.place / across), this.place % across];
  }

  /** Its products, all of them; none where the kernel does not fit. */
  get list() {
    return this.places ? terms(this, ...this.position, this.map) : [];
  }

  /** The product that was added last, while the sum is not yet whole. */
  get current() {
    return this.list[this.done - 1] ?? null;
  }

  get total() {
    const added = this.list.slice(0, this.done).reduce((so, term) => so + term.product, 0);
    return added + (this.done > this.products ? this.bias[this.map] : 0);
  }

  get whole() {
    return this.done > this.products;
  }

  get atEnd() {
    return this.place >= this.places - 1 && this.whole;
  }

  /** The name of the kernel that is looked at: the same numbers in every channel. */
  get kernelName() {
    const slices = range(this.channels).map((channel) =>
      this.kernel.map((line) => line.map((cell) => cell[channel][this.map])),
    );
    const known = { ...KERNELS, blur: blur(this.size[0]) };
    const same = (table) =>
      slices.every((slice) => JSON.stringify(slice) === JSON.stringify(table));
    return Object.keys(known).find((name) => same(known[name])) ?? OWN;
  }

  /** Sizes may have changed: back to before the first step; where all was filled in, it stays so. */
  restart() {
    const filled = this.seen.length > 0 && this.seen.every((count) => count >= this.all);
    this.all = this.places;
    this.seen = range(this.kernels).map(() => (filled ? this.all : 0));
    [this.place, this.done] = [0, filled ? Infinity : 0];
  }

  chooseImage(name) {
    this.imageName = name;
    this.image = structuredClone(this.images[name]);
    const deep = (slices) =>
      range(this.channels).map((channel) => [...(slices[channel] ?? slices[0])]);
    this.kernel = this.kernel.map((row) => row.map(deep));
  }

  chooseKernel(name) {
    const [height, width] = this.size;
    const sized = name === "blur" && height === width ? blur(height) : KERNELS[name];
    if (sized.length !== height || height !== width)
      this.kernel = resized(this.kernel, sized.length);
    for (const [i, row] of sized.entries()) {
      for (const [j, weight] of row.entries()) {
        for (const maps of this.kernel[i][j]) maps[this.map] = weight;
      }
    }
  }

  resize(size) {
    this.kernel = resized(this.kernel, size);
  }

  setCount(count) {
    const largest = Math.max(...this.size);
    const deep = (weights) => weights.map((row) => row.map((weight) => [[weight]]));
    const further = FURTHER.map((weights) => resized(deep(weights), largest));
    this.kernel = this.kernel.map((row, i) =>
      row.map((slices, j) =>
        slices.map((maps) => range(count).map((map) => maps[map] ?? further[map - 1][i][j][0][0])),
      ),
    );
    this.bias = range(count).map((map) => this.bias[map] ?? 0);
    this.map = Math.min(this.map, count - 1);
  }

  /** One product, or one place, on (1) or back (-1). */
  move(direction) {
    const last = this.products + 1;
    if (this.byProduct) {
      this.done = Math.min(this.done, last) + direction;
      if (this.done > last && this.place < this.places - 1)
        [this.place, this.done] = [this.place + 1, 0];
      if (this.done < 0 && this.place > 0) [this.place, this.done] = [this.place - 1, last];
      this.done = Math.max(this.done, 0);
    } else if (direction > 0) {
      if (this.whole) this.place = Math.min(this.place + 1, this.places - 1);
      this.done = last;
    } else if (this.place === 0) this.done = 0;
    else [this.place, this.done] = [this.place - 1, last];
    if (this.whole) this.fillTo(this.place);
  }

  fillTo(place) {
    this.seen[this.map] = Math.max(this.seen[this.map], place + 1);
  }

  toStart() {
    [this.place, this.done] = [0, 0];
    this.seen = this.seen.map(() => 0);
  }

  toEnd() {
    [this.place, this.done] = [this.places - 1, Infinity];
    this.seen = this.seen.map(() => this.places);
  }

  toPlace(place, map) {
    [this.place, this.done, this.map] = [place, Infinity, map];
    this.fillTo(place);
  }

  /** Why the kernel fits nowhere. */
  get problem() {
    const axes = { height: (of) => of.length, width: (of) => of[0].length };
    for (const [name, of] of Object.entries(axes)) {
      const { before, after, places: fits } = this.axis(of);
      if (fits) continue;
      const there = `there are ${of(this.image)} pixels and ${before} + ${after} of padding`;
      const advice = "Take a smaller kernel or more padding.";
      return `A kernel of ${of(this.kernel)} does not fit along the ${name}: ${there}. ${advice}`;
    }
    return "";
  }

  /** The last step in a sentence, for those who hear the page. */
  get sentence() {
    if (!this.places) return this.problem;
    const [row, column] = this.position;
    const where = `Row ${row + 1}, column ${column + 1}`;
    if (this.whole) return `${where}: output ${text(this.total)}.`;
    if (this.done === 0) return `${where}: window laid on the image.`;
    const term = this.current;
    return `${text(term.value)} times ${text(term.weight)}. Sum so far ${text(this.total)}.`;
  }
}
