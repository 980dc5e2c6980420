/**
 * f32_copy, f32_fill, f32_gather_nd: moving values without looking at them, NaNs included.
 * Invariant: only elements of the box are read or written.
 */
import { storeLanes } from "./lanes";
import { ceilDiv, rowCount, rowOffsetBytes, SEGMENT, wordAt } from "./rows";
import { transpose } from "./transpose";

// @ts-ignore: decorator
@unmanaged
class CopyDescriptor {
  xPtr: usize;
  yPtr: usize;
  dim0: i32;
  dim1: i32;
  dim2: i32;
  dim3: i32;
  dim4: i32;
  dim5: i32;
  xStride0: i32;
  xStride1: i32;
  xStride2: i32;
  xStride3: i32;
  xStride4: i32;
  xStride5: i32;
  yStride0: i32;
  yStride1: i32;
  yStride2: i32;
  yStride3: i32;
  yStride4: i32;
  yStride5: i32;
  rowBlock: i32;
}

/** Below this many elements, a loop is quicker than the call behind memory.copy. */
// @ts-ignore: decorator
@inline
const SHORT_RUN: i32 = 64;

export function f32_copy(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<CopyDescriptor>(descriptorPtr);
  const dimsPtr = descriptorPtr + offsetof<CopyDescriptor>("dim0");
  const xStridesPtr = descriptorPtr + offsetof<CopyDescriptor>("xStride0");
  const yStridesPtr = descriptorPtr + offsetof<CopyDescriptor>("yStride0");
  const fastest = fastestAxis(d);
  const size = wordAt(dimsPtr, fastest);
  const rows = rowCount(dimsPtr);
  const segments = ceilDiv(d.dim5, SEGMENT);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const column = (unit % segments) * SEGMENT;
    const columns = min(SEGMENT, d.dim5 - column);
    const x = d.xPtr + (<usize>(column * d.xStride5) << 2);
    const y = d.yPtr + (<usize>(column * d.yStride5) << 2);
    let row = (unit / segments) * d.rowBlock;
    let left = min(d.rowBlock, rows - row);
    while (left > 0) {
      const run = min(size - row % size, left);
      copyPlane(
        d,
        x + rowOffsetBytes(row, dimsPtr, xStridesPtr, fastest),
        y + rowOffsetBytes(row, dimsPtr, yStridesPtr, fastest),
        run,
        fastest,
        columns,
      );
      row += run;
      left -= run;
    }
  }
}

/** The dimension along which rows follow each other: one that is dense where dim5 is not, if there is one. */
function fastestAxis(d: CopyDescriptor): i32 {
  const base = changetype<usize>(d);
  const dimsPtr = base + offsetof<CopyDescriptor>("dim0");
  let stridesPtr: usize = 0;
  if (d.xStride5 == 1 && d.yStride5 != 1) stridesPtr = base + offsetof<CopyDescriptor>("yStride0");
  if (d.yStride5 == 1 && d.xStride5 != 1) stridesPtr = base + offsetof<CopyDescriptor>("xStride0");
  for (let axis = 4; stridesPtr && axis >= 0; axis--) {
    if (wordAt(stridesPtr, axis) == 1 && wordAt(dimsPtr, axis) > 1) return axis;
  }
  return 4;
}

/** `rows` rows along dimension `axis`, `columns` columns along dimension 5. */
function copyPlane(d: CopyDescriptor, x: usize, y: usize, rows: i32, axis: i32, columns: i32): void {
  const base = changetype<usize>(d);
  const xRow = wordAt(base + offsetof<CopyDescriptor>("xStride0"), axis);
  const yRow = wordAt(base + offsetof<CopyDescriptor>("yStride0"), axis);
  const xColumn = d.xStride5;
  const yColumn = d.yStride5;
  if (xColumn == 1 && yColumn != 1 && yRow == 1) {
    transpose(x, y, columns, rows, <usize>xRow << 2, <usize>yColumn << 2);
    return;
  }
  if (yColumn == 1 && xColumn != 1 && xRow == 1) {
    transpose(x, y, rows, columns, <usize>xColumn << 2, <usize>yRow << 2);
    return;
  }
  for (let row = 0; row < rows; row++) {
    if (xColumn == 1 && yColumn == 1) copyRun(x, y, columns);
    else copyStrided(x, y, columns, <usize>xColumn << 2, <usize>yColumn << 2);
    x += <usize>xRow << 2;
    y += <usize>yRow << 2;
  }
}

function copyRun(x: usize, y: usize, count: i32): void {
  if (count >= SHORT_RUN) {
    memory.copy(y, x, <usize>count << 2);
    return;
  }
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    v128.store(y, v128.load(x));
    x += 16;
    y += 16;
  }
  for (; i < count; i++) {
    store<u32>(y, load<u32>(x));
    x += 4;
    y += 4;
  }
}

function copyStrided(x: usize, y: usize, count: i32, xStrideBytes: usize, yStrideBytes: usize): void {
  for (let i = 0; i < count; i++) {
    store<u32>(y, load<u32>(x));
    x += xStrideBytes;
    y += yStrideBytes;
  }
}

// @ts-ignore: decorator
@unmanaged
class FillDescriptor {
  yPtr: usize;
  count: i32;
  value: f32;
  block: i32;
}

export function f32_fill(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<FillDescriptor>(descriptorPtr);
  const lanes = f32x4.splat(d.value);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = unit * d.block;
    let y = d.yPtr + (<usize>first << 2);
    let left = min(d.block, d.count - first);
    for (; left >= 4; left -= 4) {
      v128.store(y, lanes);
      y += 16;
    }
    if (left > 0) storeLanes(y, lanes, left);
  }
}

// @ts-ignore: decorator
@unmanaged
class GatherDescriptor {
  xPtr: usize;
  yPtr: usize;
  dim0: i32;
  dim1: i32;
  dim2: i32;
  dim3: i32;
  dim4: i32;
  dim5: i32;
  table0Ptr: usize;
  table1Ptr: usize;
  table2Ptr: usize;
  table3Ptr: usize;
  table4Ptr: usize;
  table5Ptr: usize;
  rowBlock: i32;
}

export function f32_gather_nd(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<GatherDescriptor>(descriptorPtr);
  const dimsPtr = descriptorPtr + offsetof<GatherDescriptor>("dim0");
  const tablesPtr = descriptorPtr + offsetof<GatherDescriptor>("table0Ptr");
  const rows = rowCount(dimsPtr);
  const runBegin = longestRun(d.table5Ptr, d.dim5);
  const runEnd = runEndAt(d.table5Ptr, runBegin, d.dim5);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = unit * d.rowBlock;
    const last = first + min(d.rowBlock, rows - first);
    for (let row = first; row < last; row++) {
      const x = d.xPtr + rowTableBytes(row, dimsPtr, tablesPtr);
      const y = d.yPtr + ((<usize>row * <usize>d.dim5) << 2);
      gatherRun(x, y, d.table5Ptr, 0, runBegin);
      copyRun(x + (<usize>wordAt(d.table5Ptr, runBegin) << 2), y + (<usize>runBegin << 2), runEnd - runBegin);
      gatherRun(x, y, d.table5Ptr, runEnd, d.dim5);
    }
  }
}

/** table0[i0] + ... + table4[i4] of a row, in bytes. */
function rowTableBytes(row: i32, dimsPtr: usize, tablesPtr: usize): usize {
  let offset = 0;
  let rest = row;
  for (let axis = 4; axis >= 0; axis--) {
    const size = wordAt(dimsPtr, axis);
    offset += wordAt(<usize>wordAt(tablesPtr, axis), rest % size);
    rest /= size;
  }
  return <usize>offset << 2;
}

function gatherRun(x: usize, y: usize, tablePtr: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) {
    store<u32>(y + (<usize>i << 2), load<u32>(x + (<usize>wordAt(tablePtr, i) << 2)));
  }
}

/** End of the run of entries from `begin` on that count up by one. */
function runEndAt(tablePtr: usize, begin: i32, count: i32): i32 {
  let end = begin + 1;
  while (end < count && wordAt(tablePtr, end) == wordAt(tablePtr, end - 1) + 1) end++;
  return end;
}

/** Begin of the longest such run. */
function longestRun(tablePtr: usize, count: i32): i32 {
  let longest = 0;
  let length = 0;
  for (let begin = 0; begin < count; ) {
    const end = runEndAt(tablePtr, begin, count);
    if (end - begin > length) {
      longest = begin;
      length = end - begin;
    }
    begin = end;
  }
  return longest;
}
