/**
 * Winograd's transforms along one axis over planar rows, lanes along w: F(2, 3) and F(4, 3) with the matrices of
 * src/kernels/winograd.ts, written out. Invariant: lane by lane the same operations, wherever the rows lie.
 */
import { madd } from "./simd";

/**
 * `vectors` vectors of tile + 2 rows, each found `offset` bytes behind an address in the list at fromList -> as many
 * transformed rows, the first at `to`.
 */
// @ts-ignore: decorator
@inline
export function transformInput(tile: i32, fromList: usize, offset: usize, to: usize, toStride: usize, vectors: i32): void {
  if (tile == 2) transformInput2(fromList, offset, to, toStride, vectors);
  else transformInput4(fromList, offset, to, toStride, vectors);
}

/** `vectors` vectors of tile + 2 rows of products -> `tile` rows of sums. */
// @ts-ignore: decorator
@inline
export function transformOutput(tile: i32, from: usize, fromStride: usize, to: usize, toStride: usize, vectors: i32): void {
  if (tile == 2) transformOutput2(from, fromStride, to, toStride, vectors);
  else transformOutput4(from, fromStride, to, toStride, vectors);
}

function transformInput2(fromList: usize, offset: usize, to: usize, toStride: usize, vectors: i32): void {
  let p0 = load<usize>(fromList) + offset;
  let p1 = load<usize>(fromList, 4) + offset;
  let p2 = load<usize>(fromList, 8) + offset;
  let p3 = load<usize>(fromList, 12) + offset;
  for (; vectors > 0; vectors--) {
    const x1 = v128.load(p1);
    const x2 = v128.load(p2);
    let row = to;
    v128.store(row, f32x4.sub(v128.load(p0), x2));
    row += toStride;
    v128.store(row, f32x4.add(x1, x2));
    row += toStride;
    v128.store(row, f32x4.sub(x2, x1));
    row += toStride;
    v128.store(row, f32x4.sub(x1, v128.load(p3)));
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
    to += 16;
  }
}

function transformInput4(fromList: usize, offset: usize, to: usize, toStride: usize, vectors: i32): void {
  let p0 = load<usize>(fromList) + offset;
  let p1 = load<usize>(fromList, 4) + offset;
  let p2 = load<usize>(fromList, 8) + offset;
  let p3 = load<usize>(fromList, 12) + offset;
  let p4 = load<usize>(fromList, 16) + offset;
  let p5 = load<usize>(fromList, 20) + offset;
  const two = f32x4.splat(2);
  const four = f32x4.splat(4);
  const minusFour = f32x4.splat(-4);
  const minusFive = f32x4.splat(-5);
  for (; vectors > 0; vectors--) {
    const x1 = v128.load(p1);
    const x2 = v128.load(p2);
    const x3 = v128.load(p3);
    const x4 = v128.load(p4);
    let row = to;
    v128.store(row, madd(v128.load(p0), four, madd(x2, minusFive, x4)));
    const even = madd(x2, minusFour, x4);
    const odd = madd(x1, minusFour, x3);
    row += toStride;
    v128.store(row, f32x4.add(even, odd));
    row += toStride;
    v128.store(row, f32x4.sub(even, odd));
    const far = f32x4.sub(x4, x2);
    const near = f32x4.mul(f32x4.sub(x3, x1), two);
    row += toStride;
    v128.store(row, f32x4.add(far, near));
    row += toStride;
    v128.store(row, f32x4.sub(far, near));
    row += toStride;
    v128.store(row, madd(x1, four, madd(x3, minusFive, v128.load(p5))));
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
    p4 += 16;
    p5 += 16;
    to += 16;
  }
}

function transformOutput2(from: usize, fromStride: usize, to: usize, toStride: usize, vectors: i32): void {
  for (; vectors > 0; vectors--) {
    let row = from;
    const m0 = v128.load(row);
    row += fromStride;
    const m1 = v128.load(row);
    row += fromStride;
    const m2 = v128.load(row);
    row += fromStride;
    v128.store(to, f32x4.add(m0, f32x4.add(m1, m2)));
    v128.store(to + toStride, f32x4.sub(f32x4.sub(m1, m2), v128.load(row)));
    from += 16;
    to += 16;
  }
}

function transformOutput4(from: usize, fromStride: usize, to: usize, toStride: usize, vectors: i32): void {
  const two = f32x4.splat(2);
  const four = f32x4.splat(4);
  const eight = f32x4.splat(8);
  for (; vectors > 0; vectors--) {
    let row = from;
    const m0 = v128.load(row);
    row += fromStride;
    const m1 = v128.load(row);
    row += fromStride;
    const m2 = v128.load(row);
    row += fromStride;
    const m3 = v128.load(row);
    row += fromStride;
    const m4 = v128.load(row);
    row += fromStride;
    const sum = f32x4.add(m1, m2);
    const difference = f32x4.sub(m1, m2);
    const farSum = f32x4.add(m3, m4);
    const farDifference = f32x4.sub(m3, m4);
    let out = to;
    v128.store(out, f32x4.add(m0, f32x4.add(sum, farSum)));
    out += toStride;
    v128.store(out, madd(farDifference, two, difference));
    out += toStride;
    v128.store(out, madd(farSum, four, sum));
    out += toStride;
    v128.store(out, f32x4.add(madd(farDifference, eight, difference), v128.load(row)));
    from += 16;
    to += 16;
  }
}
