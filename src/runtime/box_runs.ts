/**
 * A box of a row-major tensor against the same box stored dense, as runs that are contiguous in both. Invariant: the runs
 * cover the box once, and are as long as the box allows.
 */
import type { PortPiece } from '../lower/program.js';

/** Calls `visit` for each run of `count` elements: where it begins in the tensor of sizes `dims`, and where in the piece. */
export function forEachRun(
  dims: readonly number[],
  piece: Pick<PortPiece, 'begin' | 'dims'>,
  visit: (tensorOffset: number, pieceOffset: number, count: number) => void,
): void {
  // Axes from `inner` on are whole, so that one run goes through them and along the axis before them.
  let inner = dims.length;
  while (inner > 0 && piece.dims[inner - 1] === dims[inner - 1]) inner--;
  const outer = Math.max(0, inner - 1);
  const count = piece.dims.slice(outer).reduce((product, size) => product * size, 1);
  const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((product, size) => product * size, 1));
  let pieceOffset = 0;
  const walk = (axis: number, tensorOffset: number): void => {
    const stride = strides[axis] ?? 1;
    const first = tensorOffset + (piece.begin[axis] ?? 0) * stride;
    if (axis >= outer) {
      visit(first, pieceOffset, count);
      pieceOffset += count;
    } else {
      for (let at = 0; at < piece.dims[axis]!; at++) walk(axis + 1, first + at * stride);
    }
  };
  if (count > 0) walk(0, 0);
}
