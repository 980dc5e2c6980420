/**
 * f32_resize: nearest and (tri)linear over channels-last tensors. Lanes run along channels; where most would stay empty,
 * along the output row (w and channels together), whose elements are then looked up in a plan made once per call.
 * Invariant: a value does not depend on an upper neighbour of weight 0.
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

/** What a plan says about four elements of an output row: bytes into an input row, and the weights of the upper ones. */
// @ts-ignore: decorator
@unmanaged
class PlannedFour {
  lower0: usize;
  lower1: usize;
  lower2: usize;
  lower3: usize;
  upper0: usize;
  upper1: usize;
  upper2: usize;
  upper3: usize;
  weight0: f32;
  weight1: f32;
  weight2: f32;
  weight3: f32;
}

/** Fewer channels than two vectors, and not a whole vector: the row is planned. The same rule as in src/kernels/resize.ts. */
// @ts-ignore: decorator
@inline
function isPlanned(r: ResizeDescriptor): bool {
  return r.outC < 8 && r.outC % 4 != 0;
}

/** Elements of the last four beyond the row repeat element 0: they are read, never stored. */
function planRow(r: ResizeDescriptor, planPtr: usize): void {
  const count = r.outW * r.outC;
  for (let i = 0; i < count || i % 4 != 0; i++) {
    const element = i < count ? i : 0;
    const step = stepAt(r.tableWPtr, element / r.outC);
    const channel = element % r.outC;
    const at = planPtr + <usize>(i / 4) * offsetof<PlannedFour>() + (<usize>(i % 4) << 2);
    store<usize>(at, <usize>(step.lower * r.outC + channel) << 2, offsetof<PlannedFour>("lower0"));
    store<usize>(at, <usize>(step.upper * r.outC + channel) << 2, offsetof<PlannedFour>("upper0"));
    store<f32>(at, step.weight, offsetof<PlannedFour>("weight0"));
  }
}

/** mix, with a weight per lane. */
// @ts-ignore: decorator
@inline
function mixLanes(lower: v128, upper: v128, weights: v128): v128 {
  const rest = f32x4.sub(f32x4.splat(1), weights);
  const mixed = f32x4.add(f32x4.mul(lower, rest), f32x4.mul(upper, weights));
  return v128.bitselect(lower, mixed, f32x4.eq(weights, f32x4.splat(0)));
}

/** Four elements along w, in one row of x. */
// @ts-ignore: decorator
@inline
function fourAlongW(row: usize, four: PlannedFour, weights: v128): v128 {
  let lower = v128.load32_zero(row + four.lower0);
  lower = v128.load32_lane(row + four.lower1, lower, 1);
  lower = v128.load32_lane(row + four.lower2, lower, 2);
  lower = v128.load32_lane(row + four.lower3, lower, 3);
  if (!v128.any_true(f32x4.ne(weights, f32x4.splat(0)))) return lower;
  let upper = v128.load32_zero(row + four.upper0);
  upper = v128.load32_lane(row + four.upper1, upper, 1);
  upper = v128.load32_lane(row + four.upper2, upper, 2);
  upper = v128.load32_lane(row + four.upper3, upper, 3);
  return mixLanes(lower, upper, weights);
}

// @ts-ignore: decorator
@inline
function fourAlongHW(plane: usize, h: Step, rowBytes: usize, four: PlannedFour, weights: v128): v128 {
  const lower = fourAlongW(plane + <usize>h.lower * rowBytes, four, weights);
  if (h.weight == 0) return lower;
  return mix(lower, fourAlongW(plane + <usize>h.upper * rowBytes, four, weights), h.weight);
}

function plannedRow(
  r: ResizeDescriptor,
  lowerPlane: usize,
  upperPlane: usize,
  y: usize,
  d: Step,
  h: Step,
  planPtr: usize,
): void {
  const rowBytes = <usize>r.inW * (<usize>r.outC << 2);
  for (let left = r.outW * r.outC; left > 0; left -= 4) {
    const four = changetype<PlannedFour>(planPtr);
    const weights = v128.load(planPtr, offsetof<PlannedFour>("weight0"));
    let value = fourAlongHW(lowerPlane, h, rowBytes, four, weights);
    if (d.weight != 0) value = mix(value, fourAlongHW(upperPlane, h, rowBytes, four, weights), d.weight);
    storeLanes(y, value, min(4, left));
    y += 16;
    planPtr += offsetof<PlannedFour>();
  }
}

function resizeRow(r: ResizeDescriptor, row: i32, planPtr: usize): void {
  const channelBytes = <usize>r.outC << 2;
  const planeBytes = <usize>r.inH * <usize>r.inW * channelBytes;
  const plane = row / r.outH;
  const d = stepAt(r.tableDPtr, plane % r.outD);
  const h = stepAt(r.tableHPtr, row % r.outH);
  const x = r.xPtr + <usize>(plane / r.outD) * <usize>r.inD * planeBytes;
  const lowerPlane = x + <usize>d.lower * planeBytes;
  const upperPlane = x + <usize>d.upper * planeBytes;
  let y = r.yPtr + <usize>row * <usize>r.outW * channelBytes;
  if (isPlanned(r)) {
    plannedRow(r, lowerPlane, upperPlane, y, d, h, planPtr);
    return;
  }
  for (let i = 0; i < r.outW; i++) {
    position(r, lowerPlane, upperPlane, y, d, h, stepAt(r.tableWPtr, i));
    y += channelBytes;
  }
}

export function f32_resize(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const r = changetype<ResizeDescriptor>(descriptorPtr);
  const rows = r.batch * r.outD * r.outH;
  if (isPlanned(r)) planRow(r, scratchPtr);
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const first = unit * r.mBlock;
    const last = first + min(r.mBlock, rows - first);
    for (let row = first; row < last; row++) resizeRow(r, row, scratchPtr);
  }
}
