import { ndhwc } from './fields.js';
import type { Kernel, KernelMemory } from './kernel.js';
import { rowsPerUnit } from './rows.js';

/**
 * f32_resize: nearest and (tri)linear, channels last (outC = inC). One table per axis with three words per output index: lower
 * input index (i32), upper input index (i32), weight of the upper one (f32; 0 for nearest). Interpolates w, then h, then d, each as
 * lower * (1 - weight) + upper * weight; a weight of 0 reads the lower one alone, so that NaN beside it stays out.
 * A unit is a block of mBlock output rows (batch, d, h).
 */
export const resizeFields = {
  ...ndhwc,
  tableDPtr: 'ptr',
  tableHPtr: 'ptr',
  tableWPtr: 'ptr',
  mBlock: 'i32',
} as const;

/** With few channels the kernel plans an output row in scratch: 12 words for each four of its elements. */
const isPlanned = (channels: number): boolean => channels < 8 && channels % 4 !== 0;
const plannedFourBytes = 48;

interface Step {
  readonly lower: number;
  readonly upper: number;
  readonly weight: number;
}

function stepAt({ f32, i32 }: KernelMemory, tablePtr: number, index: number): Step {
  const at = tablePtr / 4 + index * 3;
  return { lower: i32[at]!, upper: i32[at + 1]!, weight: f32[at + 2]! };
}

/** The value between two others, each computed only where it counts. */
function between(step: Step, at: (index: number) => number): number {
  const lower = at(step.lower);
  if (step.weight === 0) return lower;
  const low = Math.fround(lower * Math.fround(1 - step.weight));
  return Math.fround(low + Math.fround(at(step.upper) * step.weight));
}

export const resize: Kernel<typeof resizeFields> = {
  name: 'f32_resize',
  fields: resizeFields,
  units: d => Math.ceil((d.batch * d.outD * d.outH) / d.mBlock),
  scratchBytes: d => (isPlanned(d.outC) ? Math.ceil((d.outW * d.outC) / 4) * plannedFourBytes : 0),
  twin(memory, d, begin, end) {
    const { f32 } = memory;
    const last = Math.min(end * d.mBlock, d.batch * d.outD * d.outH);
    for (let row = begin * d.mBlock; row < last; row++) {
      const stepH = stepAt(memory, d.tableHPtr, row % d.outH);
      const plane = Math.floor(row / d.outH);
      const stepD = stepAt(memory, d.tableDPtr, plane % d.outD);
      const n = Math.floor(plane / d.outD);
      for (let ow = 0; ow < d.outW; ow++) {
        const stepW = stepAt(memory, d.tableWPtr, ow);
        for (let c = 0; c < d.outC; c++) {
          const value = between(stepD, inD =>
            between(stepH, inH =>
              between(stepW, inW => f32[d.xPtr / 4 + (((n * d.inD + inD) * d.inH + inH) * d.inW + inW) * d.inC + c]!),
            ),
          );
          f32[d.yPtr / 4 + (row * d.outW + ow) * d.outC + c] = value;
        }
      }
    }
  },
};

/** Default mBlock. */
export function resizeRowBlock(shape: { outW: number; outC: number }): number {
  return rowsPerUnit(shape.outW * shape.outC * 8);
}
