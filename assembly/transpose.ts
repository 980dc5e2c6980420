/**
 * The transpose of a plane in 4x4 tiles: y[q + p * yStride] = x[p + q * xStride]; x is dense along p, y along q.
 *
 * Strips of 16 q: a strip reads 16 streams of x along p and writes a cache line of each row of y.
 * Invariant: only elements of the plane are read or written.
 */
import { gatherLanes, scatterLanes } from "./lanes";

export function transpose(x: usize, y: usize, countP: i32, countQ: i32, xStride: usize, yStride: usize): void {
  const wholeP = countP & ~3;
  const wholeQ = countQ & ~3;
  for (let q = 0; q < wholeQ; q += 16) {
    tiles(x + <usize>q * xStride, y + (<usize>q << 2), wholeP, min(16, wholeQ - q), xStride, yStride);
  }
  for (let q = wholeQ; q < countQ; q++) {
    scatterStream(x + <usize>q * xStride, y + (<usize>q << 2), countP, yStride);
  }
  for (let p = wholeP; p < countP; p++) {
    gatherStream(x + (<usize>p << 2), y + <usize>p * yStride, wholeQ, xStride);
  }
}

/** countP and countQ are multiples of 4. */
function tiles(x: usize, y: usize, countP: i32, countQ: i32, xStride: usize, yStride: usize): void {
  for (let p = 0; p < countP; p += 4) {
    let xTile = x + (<usize>p << 2);
    let yTile = y + <usize>p * yStride;
    for (let q = 0; q < countQ; q += 4) {
      tile(xTile, yTile, xStride, yStride);
      xTile += 4 * xStride;
      yTile += 16;
    }
  }
}

// @ts-ignore: decorator
@inline
function tile(x: usize, y: usize, xStride: usize, yStride: usize): void {
  const a = v128.load(x);
  const b = v128.load(x + xStride);
  const c = v128.load(x + 2 * xStride);
  const d = v128.load(x + 3 * xStride);
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<f32>(ab0, cd0, 0, 1, 4, 5));
  v128.store(y + yStride, v128.shuffle<f32>(ab0, cd0, 2, 3, 6, 7));
  v128.store(y + 2 * yStride, v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5));
  v128.store(y + 3 * yStride, v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7));
}

/** Dense to strided. */
function scatterStream(x: usize, y: usize, count: i32, yStride: usize): void {
  let left = count;
  for (; left >= 4; left -= 4) {
    scatterLanes(y, yStride, v128.load(x), 4);
    x += 16;
    y += 4 * yStride;
  }
  for (; left > 0; left--) {
    store<u32>(y, load<u32>(x));
    x += 4;
    y += yStride;
  }
}

/** Strided to dense; count is a multiple of 4. */
function gatherStream(x: usize, y: usize, count: i32, xStride: usize): void {
  for (let left = count; left > 0; left -= 4) {
    v128.store(y, gatherLanes(x, xStride, 4));
    x += 4 * xStride;
    y += 16;
  }
}
