/**
 * What the commands need of the library, as plain data and few functions, so that they are tested without it.
 * numavox.ts provides it from the public entry point.
 */
import type { InferenceProfile, NumavoxOptions, PlanReport, Rates } from '../index.js';
import type { FloatTensor } from './formats/npy.js';

export interface ValueInfo {
  readonly name: string;
  /** A string is the name of a size that the fed inputs bind. */
  readonly dims: readonly (number | string)[];
}

export interface WorkerInfo {
  readonly rank: number;
  readonly node: number;
  readonly cluster: number;
  readonly cpu: number;
  readonly pinned: boolean;
}

/** Milliseconds of each stage of a session's creation. */
export interface Timings {
  readonly readMs: number;
  readonly planMs: number;
  readonly startMs: number;
  readonly packMs: number;
}

export interface SessionInfo {
  readonly inputs: readonly ValueInfo[];
  /** null while sizes of inputs are open. */
  readonly outputs: readonly ValueInfo[] | null;
  /** Teams: NUMA nodes and cache clusters that the workers sit on. */
  readonly nodes: number;
  readonly clusters: number;
  /** The nodes are not this machine's own: same program, no locality. */
  readonly logical: boolean;
  readonly workers: readonly WorkerInfo[];
  readonly module: string;
  /** The form of each kernel's register tile that is not the usual one. */
  readonly tileForms: Readonly<Record<string, string>>;
  readonly algorithm: string;
  readonly weights: string;
  /** Billions of floating-point operations of one inference, 2 per multiply-add. */
  readonly gflop: number;
  readonly parameters: number;
  readonly memoryBytes: number;
  readonly timings: Timings;
}

/** Which workers there are, and where. */
export type TeamOptions = Pick<NumavoxOptions, 'workers' | 'topology' | 'smt'>;

/** How layers are computed. */
export type KernelOptions = Pick<NumavoxOptions, 'algorithm' | 'weights' | 'weightGrowth'>;

/** What is computed where. */
export type PlanningOptions = TeamOptions & KernelOptions & Pick<NumavoxOptions, 'partition' | 'rates'>;

export type MachineOptions = PlanningOptions & Pick<NumavoxOptions, 'module' | 'vectors'>;

export type Shapes = Readonly<Record<string, readonly number[]>>;

export interface OpenOptions extends MachineOptions {
  readonly shapes: Shapes;
  readonly onWarning: (message: string) => void;
}

export type OnProgress = (done: number, total: number, step: string) => void;

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: OnProgress;
  /** Asks for a profile, and gets it before the run's promise resolves. */
  readonly onProfile?: (profile: InferenceProfile) => void;
}

export interface NamedTensor extends FloatTensor {
  readonly name: string;
}

export interface Session {
  /** As of now: sizes that the inputs bind are numbers once a run has bound them. */
  info(): SessionInfo;
  /** The outputs in the model's order (an object would put names such as "12" first). */
  run(feeds: Readonly<Record<string, FloatTensor>>, options: RunOptions): Promise<readonly NamedTensor[]>;
  release(): Promise<void>;
}

export interface InspectedNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly parameters: number;
  readonly flops: number;
  readonly packedBytes: number;
}

export interface PassReport {
  readonly pass: string;
  readonly node: string;
  readonly fired: boolean;
  readonly reason: string;
}

export interface Inspection {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly InspectedNode[];
  readonly parameters: number;
  readonly flops: number;
  readonly packedBytes: number | null;
  readonly problem: string | null;
  readonly passes: readonly PassReport[];
}

export interface ZooOptions {
  readonly width?: number;
  readonly classes?: number;
  readonly seed?: number;
}

/** What a machine's parts take. */
export interface Calibration {
  readonly rates: Rates;
  /** The file that keeps them. */
  readonly path: string;
  /** Measured by this call, not kept from earlier. */
  readonly measured: boolean;
}

export interface CalibrateOptions extends Pick<MachineOptions, 'workers' | 'module'> {
  /** Measure, whatever has been kept. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly onWarning: (message: string) => void;
}

export interface Engine {
  readonly zooNames: readonly string[];
  /** @param model a path, or `zoo:NAME?width=...&classes=...&seed=...` */
  open(model: string, options: OpenOptions): Promise<Session>;
  inspect(model: string, options: KernelOptions & { readonly shapes: Shapes }): Promise<Inspection>;
  exportZoo(name: string, options: ZooOptions, path: string): Promise<void>;
  /** The machine, or the one recorded under `root`, and the teams that a session would build there. */
  topology(options: TeamOptions & { readonly root?: string }): {
    readonly text: string;
    readonly json: object;
  };
  calibrate(options: CalibrateOptions): Promise<Calibration>;
  /** What a session would compute where. */
  plan(
    model: string,
    options: PlanningOptions & { readonly shapes: Shapes; readonly onWarning: (message: string) => void },
  ): PlanReport;
  /** A single ONNX TensorProto. */
  decodeTensor(bytes: Uint8Array, file: string): FloatTensor;
  /** Row-major values of a moving pattern. */
  syntheticClip(dims: readonly number[]): Float32Array;
}
