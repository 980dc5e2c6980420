/** Convolution problems for the test tables: sizes with all defaults spelled out. */
export type Triple = readonly [d: number, h: number, w: number];

export interface ConvProblem {
  readonly title: string;
  readonly batch?: number;
  readonly inC: number;
  readonly outC: number;
  readonly input: Triple;
  readonly kernel?: Triple;
  readonly stride?: Triple;
  readonly dilation?: Triple;
  readonly pad?: Triple;
  readonly padEnd?: Triple;
  readonly groups?: number;
  /** Windows of a pool behind it. */
  readonly pool?: Triple;
}

const ones: Triple = [1, 1, 1];
const zeros: Triple = [0, 0, 0];

/** The descriptor's sizes of a problem. */
export function convSizes(problem: ConvProblem) {
  const { batch = 1, inC, outC, input, kernel = ones, stride = ones, dilation = ones, pad = zeros } = problem;
  const padEnd = problem.padEnd ?? pad;
  const windows = problem.pool ?? ones;
  const out = (axis: 0 | 1 | 2) => {
    const span = input[axis] + pad[axis] + padEnd[axis] - (kernel[axis] - 1) * dilation[axis] - 1;
    return Math.floor((Math.floor(span / stride[axis]) + 1) / windows[axis]);
  };
  return {
    batch,
    inD: input[0],
    inH: input[1],
    inW: input[2],
    inC,
    outD: out(0),
    outH: out(1),
    outW: out(2),
    outC,
    kD: kernel[0],
    kH: kernel[1],
    kW: kernel[2],
    strideD: stride[0],
    strideH: stride[1],
    strideW: stride[2],
    dilD: dilation[0],
    dilH: dilation[1],
    dilW: dilation[2],
    padD: pad[0],
    padH: pad[1],
    padW: pad[2],
  };
}

/** The descriptor's fields of its pool. */
export function poolSizes({ pool: [poolD, poolH, poolW] = ones }: ConvProblem) {
  return { poolD, poolH, poolW };
}
