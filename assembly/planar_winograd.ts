/**
 * Winograd's transforms along one axis over planar rows, lanes along w: F(2, 3) and F(4, 3).
 * Invariant: lane by lane the same operations, wherever the rows lie.
 */
import { inputLine4, inputLine6 } from "./winograd_input_passes";
import { outputLine4, outputLine6 } from "./winograd_output_passes";

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
    inputLine4(v128.load(p0), v128.load(p1), v128.load(p2), v128.load(p3), to, toStride);
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
  for (; vectors > 0; vectors--) {
    inputLine6(
      v128.load(p0),
      v128.load(p1),
      v128.load(p2),
      v128.load(p3),
      v128.load(p4),
      v128.load(p5),
      to,
      toStride,
    );
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
    outputLine4(m0, m1, m2, v128.load(row), to, toStride);
    from += 16;
    to += 16;
  }
}

function transformOutput4(from: usize, fromStride: usize, to: usize, toStride: usize, vectors: i32): void {
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
    outputLine6(m0, m1, m2, m3, m4, v128.load(row), to, toStride);
    from += 16;
    to += 16;
  }
}
