/**
 * How loops of six dimensions fall into units: the last dimension is a row, rows are counted over dim0 ... dim4, and long
 * rows are cut into segments. Invariant: units share no element.
 */

/** Elements of a segment. Shared with assembly/rows.ts. */
export const segmentElements = 16384;

/** Elements that a unit of a kernel bound by memory should touch: enough to outweigh the claim, small enough to share evenly. */
const unitElements = 131072;

export interface SixDims {
  readonly dim0: number;
  readonly dim1: number;
  readonly dim2: number;
  readonly dim3: number;
  readonly dim4: number;
  readonly dim5: number;
}

export const dimsOf = (d: SixDims): number[] => [d.dim0, d.dim1, d.dim2, d.dim3, d.dim4, d.dim5];

export const rowCount = (d: SixDims): number => d.dim0 * d.dim1 * d.dim2 * d.dim3 * d.dim4;

/** Units of blocks of `rowBlock` rows by segments, segments fastest. */
export function segmentedUnits(d: SixDims & { readonly rowBlock: number }): number {
  return Math.ceil(rowCount(d) / d.rowBlock) * Math.ceil(d.dim5 / segmentElements);
}

/** The part of a row in a unit: `row` counts over dim0 ... dim4, columns [begin, end) of dim5. */
export interface RowSegment {
  readonly row: number;
  readonly begin: number;
  readonly end: number;
}

/** What units [begin, end) of `segmentedUnits` consist of. */
export function* segmentsOf(
  d: SixDims & { readonly rowBlock: number },
  begin: number,
  end: number,
): Generator<RowSegment> {
  const segments = Math.ceil(d.dim5 / segmentElements);
  for (let unit = begin; unit < end; unit++) {
    const first = Math.floor(unit / segments) * d.rowBlock;
    const column = (unit % segments) * segmentElements;
    const last = Math.min(first + d.rowBlock, rowCount(d));
    for (let row = first; row < last; row++) {
      yield { row, begin: column, end: Math.min(column + segmentElements, d.dim5) };
    }
  }
}

/** Index of `row` along each of dim0 ... dim4. */
export function indicesOf(row: number, dims: readonly number[]): number[] {
  const indices = [0, 0, 0, 0, 0];
  let rest = row;
  for (let axis = 4; axis >= 0; axis--) {
    indices[axis] = rest % dims[axis]!;
    rest = Math.floor(rest / dims[axis]!);
  }
  return indices;
}

/** Elements from a tensor's first one to the first of `row`. */
export function rowOffset(row: number, dims: readonly number[], strides: readonly number[]): number {
  return indicesOf(row, dims).reduce((offset, index, axis) => offset + index * strides[axis]!, 0);
}

/** Rows per unit where a row costs as much as touching `elements`. */
export const rowsPerUnit = (elements: number): number => Math.max(1, Math.floor(unitElements / Math.max(1, elements)));
