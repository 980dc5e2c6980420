/** Fits the given inputs to the model's: which file feeds which input, and a volume's way onto the model's grid. */
import { NumavoxError } from '../index.js';
import type { Engine, ValueInfo } from './engine.js';
import type { NiftiGrid } from './formats/nifti.js';
import type { FloatTensor } from './formats/npy.js';
import type { Input } from './input.js';
import { type Fit, type FitMode, place, planFit, type Size3, sizeXyz } from './segment/fit.js';
import { type Scale, scaleIntensities } from './segment/intensity.js';
import { formatDims } from './text.js';

/** A volume on its way to labels. */
export interface VolumeFeed {
  readonly file: string;
  readonly grid: NiftiGrid;
  /** Scaled, on the volume's own grid: [z, y, x]. */
  readonly intensities: Float32Array;
  /** null: the model takes the volume as it is. */
  readonly fit: Fit | null;
  /** Sizes [z, y, x] that the model is fed with. */
  readonly fedSize: Size3;
}

export interface Feeds {
  readonly tensors: Readonly<Record<string, FloatTensor>>;
  /** The first of the inputs that is a volume. */
  readonly volume: VolumeFeed | null;
  /** For the summary: what each input is fed with. */
  readonly sources: readonly { readonly name: string; readonly dims: readonly number[]; readonly source: string }[];
}

export interface FeedOptions {
  readonly scale: Scale;
  readonly fit: FitMode | null;
  readonly onWarning: (message: string) => void;
}

/** Without inputs, a synthetic clip for each of the model's. */
export function makeFeeds(
  engine: Engine,
  wanted: readonly ValueInfo[],
  inputs: readonly Input[],
  options: FeedOptions,
): Feeds {
  const tensors: Record<string, FloatTensor> = {};
  const sources: { name: string; dims: readonly number[]; source: string }[] = [];
  let volume: VolumeFeed | null = null;
  for (const [value, input] of assign(wanted, inputs)) {
    let tensor: FloatTensor;
    if (input === null) {
      const dims = numericDims(value);
      tensor = { dims, data: engine.syntheticClip(dims) };
    } else if (input.kind === 'tensor') {
      tensor = input.tensor;
      warnNotFinite(input.file, 'value', tensor.data, options);
    } else {
      const feed = volumeFeed(value, input, options);
      tensor = feed.tensor;
      volume ??= feed.volume;
    }
    tensors[value.name] = tensor;
    sources.push({ name: value.name, dims: tensor.dims, source: input?.file ?? 'synthetic clip' });
  }
  return { tensors, volume, sources };
}

/** Named inputs first, the others in order. */
function assign(wanted: readonly ValueInfo[], inputs: readonly Input[]): (readonly [ValueInfo, Input | null])[] {
  if (inputs.length === 0) return wanted.map(value => [value, null] as const);
  const names = wanted.map(value => value.name);
  const given = new Map<string, Input>();
  for (const input of inputs) {
    const name = input.name ?? names.find(free => !given.has(free) && !inputs.some(other => other.name === free));
    if (name === undefined) {
      throw new NumavoxError('usage', `--input ${input.file}: the model has ${names.length} (${names.join(', ')})`);
    }
    if (!names.includes(name)) {
      throw new NumavoxError('usage', `--input ${name}=${input.file}: the model's inputs are ${names.join(', ')}`);
    }
    if (given.has(name)) throw new NumavoxError('usage', `--input: ${name} is given twice`);
    given.set(name, input);
  }
  return wanted.map(value => {
    const input = given.get(value.name);
    if (input === undefined) throw new NumavoxError('usage', `no --input for the model's input ${value.name}`);
    return [value, input] as const;
  });
}

/** A clip needs sizes; symbolic ones must be given. */
function numericDims(value: ValueInfo): number[] {
  return value.dims.map(dim => {
    if (typeof dim === 'number') return dim;
    const sizes = value.dims.map(size => (typeof size === 'number' ? size : 'SIZE')).join(',');
    throw new NumavoxError(
      'usage',
      `input ${value.name} has sizes [${value.dims.join(', ')}]: give --shape ${value.name}=${sizes}, or an --input to run on`,
    );
  });
}

function volumeFeed(
  value: ValueInfo,
  input: Extract<Input, { kind: 'volume' }>,
  options: FeedOptions,
): { tensor: FloatTensor; volume: VolumeFeed } {
  const { grid, data } = input.volume;
  const channel = value.dims[1];
  const batch = value.dims[0];
  if (
    value.dims.length !== 5 ||
    (typeof channel === 'number' && channel !== 1) ||
    (batch !== 1 && typeof batch === 'number')
  ) {
    throw new NumavoxError(
      'input',
      `${input.file}: a volume is fed as 1x1xDxHxW, input ${value.name} is ${formatDims(value.dims)}`,
    );
  }
  const scaled = scaleIntensities(data, options.scale);
  warnNotFinite(input.file, 'voxel', data, options);
  if (scaled.constant) options.onWarning(`${input.file}: every voxel has the same intensity`);
  const [nx, ny, nz] = grid.sizeXyz;
  const own: Size3 = [nz, ny, nx];
  // A symbolic size takes whatever the volume has.
  const wanted = value.dims.slice(2).map((dim, axis) => (typeof dim === 'number' ? dim : own[axis]!));
  const fedSize: Size3 = [wanted[0]!, wanted[1]!, wanted[2]!];
  const fit = planVolumeFit(input.file, value, own, fedSize, options.fit);
  return {
    tensor: { dims: [1, 1, ...fedSize], data: fit === null ? data : place(data, fit, scaled.background) },
    volume: { file: input.file, grid, intensities: data, fit, fedSize },
  };
}

function warnNotFinite(file: string, unit: string, data: Float32Array, options: FeedOptions): void {
  let count = 0;
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) count++;
  if (count === 0) return;
  options.onWarning(`${file}: ${count === 1 ? `1 ${unit} is` : `${count} ${unit}s are`} NaN or infinite`);
}

function planVolumeFit(file: string, value: ValueInfo, own: Size3, fed: Size3, mode: FitMode | null): Fit | null {
  if (own.every((size, axis) => size === fed[axis])) return null;
  if (mode !== null) return planFit(own, fed, mode);
  throw new NumavoxError(
    'input',
    `${file} is ${sizeXyz(own)} (x, y, z), the model's input ${value.name} is ${sizeXyz(fed)}: ` +
      `use --fit pad or --fit crop, or --shape ${value.name}=1,1,${own.join(',')} where the network takes any size`,
  );
}
