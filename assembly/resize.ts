/**
 * f32_resize: nearest and (tri)linear over channels-last tensors, lanes along channels.
 * Invariant: an upper neighbour of weight 0 is not read.
 */
import { loadLanes, storeLanes } from "./lanes";

// @ts-ignore: decorator
@unmanaged
class ResizeDescriptor {
  xPtr: usize;
  yPtr: usize;
  batch: i32;
  inD: i32;
  inH: i32;
  inW: i32;
  inC: i32;
  outD: i32;
  outH: i32;
  outW: i32;
  outC: i32;
  tableDPtr: usize;
  tableHPtr: usize;
  tableWPtr: usize;
  mBlock: i32;
}

/** An entry of an axis' table. */
// @ts-ignore: decorator
@unmanaged
class Step {
  lower: i32;
  upper: i32;
  weight: f32;
}

function stepAt(tablePtr: usize, index: i32): Step {
  return changetype<Step>(tablePtr + <usize>index * offsetof<Step>());
}

// @ts-ignore: decorator
@inline
function mix(lower: v128, upper: v128, weight: f32): v128 {
  return f32x4.add(f32x4.mul(lower, f32x4.splat(1 - weight)), f32x4.mul(upper, f32x4.splat(weight)));
}

/** Along w, in one row of x. */
// @ts-ignore: decorator
@inline
function alongW(row: usize, lowerW: usize, upperW: usize, weightW: f32, lanes: i32): v128 {
  const lower = loadLanes(row + lowerW, lanes);
  return weightW == 0 ? lower : mix(lower, loadLanes(row + upperW, lanes), weightW);
}

/** Along w and h, in one plane of x. */
// @ts-ignore: decorator
@inline
function alongHW(
  plane: usize,
  h: Step,
  rowBytes: usize,
  lowerW: usize,
  upperW: usize,
  weightW: f32,
  lanes: i32,
): v128 {
  const lower = alongW(plane + <usize>h.lower * rowBytes, lowerW, upperW, weightW, lanes);
  if (h.weight == 0) return lower;
  return mix(lower, alongW(plane + <usize>h.upper * rowBytes, lowerW, upperW, weightW, lanes), h.weight);
}

// @ts-ignore: decorator
@inline
function alongDHW(
  lowerPlane: usize,
  upperPlane: usize,
  d: Step,
  h: Step,
  rowBytes: usize,
  lowerW: usize,
  upperW: usize,
  weightW: f32,
  lanes: i32,
): v128 {
  const lower = alongHW(lowerPlane, h, rowBytes, lowerW, upperW, weightW, lanes);
  if (d.weight == 0) return lower;
  return mix(lower, alongHW(upperPlane, h, rowBytes, lowerW, upperW, weightW, lanes), d.weight);
}

/** One output position, all channels. */
function position(r: ResizeDescriptor, lowerPlane: usize, upperPlane: usize, y: usize, d: Step, h: Step, w: Step): void {
  const channelBytes = <usize>r.outC << 2;
  const rowBytes = <usize>r.inW * channelBytes;
  const weightW = w.weight;
  let lowerW = <usize>w.lower * channelBytes;
  let upperW = <usize>w.upper * channelBytes;
  let left = r.outC;
  for (; left >= 4; left -= 4) {
    v128.store(y, alongDHW(lowerPlane, upperPlane, d, h, rowBytes, lowerW, upperW, weightW, 4));
    lowerW += 16;
    upperW += 16;
    y += 16;
  }
  if (left > 0) {
    storeLanes(y, alongDHW(lowerPlane, upperPlane, d, h, rowBytes, lowerW, upperW, weightW, left), left);
  }
}

function resizeRow(r: ResizeDescriptor, row: i32): void {
  const channelBytes = <usize>r.outC << 2;
  const planeBytes = <usize>r.inH * <usize>r.inW * channelBytes;
  const plane = row / r.outH;
  const d = stepAt(r.tableDPtr, plane % r.outD);
  const h = stepAt(r.tableHPtr, row % r.outH);
  const x = r.xPtr + <usize>(plane / r.outD) * <usize>r.inD * planeBytes;
  const lowerPlane = x + <usize>d.lower * planeBytes;
  const upperPlane = x + <usize>d.upper * planeBytes;
  let y = r.yPtr + <usize>row * <usize>r.outW * channelBytes;
  for (let i = 0; i < r.outW; i++) {
    position(r, lowerPlane, upperPlane, y, d, h, stepAt(r.tableWPtr, i));
    y += channelBytes;
  }
}

export function f32_resize(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const r = changetype<ResizeDescriptor>(descriptorPtr);
  const rows = r.batch * r.outD * r.outH;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = unit * r.mBlock;
    const last = first + min(r.mBlock, rows - first);
    for (let row = first; row < last; row++) resizeRow(r, row);
  }
}
