// A 3x3x3 convolution with pads of 1 in float64: the truth that errors are measured against.

/** x: [inC, D, H, W] in `sizes`, w: [outC, inC, 27], both as given in float32; the result is [outC, D, H, W]. */
export function convolveDirectly(x, w, { inC, outC, sizes: [depth, height, width] }) {
  const positions = depth * height * width;
  const y = new Float64Array(outC * positions);
  for (let c = 0; c < inC; c++) {
    for (let tap = 0; tap < 27; tap++) {
      const [d, h, v] = [Math.floor(tap / 9) - 1, (Math.floor(tap / 3) % 3) - 1, (tap % 3) - 1];
      for (let z = Math.max(0, -d); z < Math.min(depth, depth - d); z++) {
        for (let r = Math.max(0, -h); r < Math.min(height, height - h); r++) {
          const from = ((c * depth + z + d) * height + r + h) * width + v;
          const to = (z * height + r) * width;
          for (let k = 0; k < outC; k++) {
            const factor = w[(k * inC + c) * 27 + tap];
            for (let i = Math.max(0, -v); i < Math.min(width, width - v); i++)
              y[k * positions + to + i] += factor * x[from + i];
          }
        }
      }
    }
  }
  return y;
}

/** Root of the mean square of the differences by that of the wanted values, and the largest difference by the largest value. */
export function errorOf(actual, wanted) {
  let [squares, wantedSquares, difference, largest] = [0, 0, 0, 0];
  for (let i = 0; i < wanted.length; i++) {
    const own = actual[i] - wanted[i];
    squares += own * own;
    wantedSquares += wanted[i] * wanted[i];
    difference = Math.max(difference, Math.abs(own));
    largest = Math.max(largest, Math.abs(wanted[i]));
  }
  return { rms: Math.sqrt(squares / wantedSquares), max: difference / largest };
}
