/** Options that several commands share, and the reading of their values; a value that makes no sense is kind `usage`. */
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { VectorBits } from '../assets.js';
import { NumavoxError, partitions, type Rates } from '../index.js';
import type { KernelOptions, MachineOptions, PlanningOptions, Shapes, TeamOptions, ZooOptions } from './engine.js';
import { readBytes } from './files.js';

/** A whole number of at least `min`, for the option named in errors. */
export function wholeNumber(option: string, min: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw new NumavoxError('usage', `${option} ${text}: expected a whole number of at least ${min}`);
  };
}

function positiveNumber(option: string): (text: string) => number {
  return text => {
    const value = Number(text);
    if (/^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && value > 0) return value;
    throw new NumavoxError('usage', `${option} ${text}: expected a number above 0`);
  };
}

/** Collects `NAME=1,1,96,96,96` into sizes by input name. */
function collectShape(text: string, shapes: Shapes = {}): Shapes {
  const split = text.lastIndexOf('=');
  const name = text.slice(0, Math.max(0, split));
  const sizes = text.slice(split + 1).split(',');
  if (name === '' || !sizes.every(size => /^[1-9]\d{0,14}$/.test(size.trim()))) {
    throw new NumavoxError('usage', `--shape ${text}: expected INPUT=SIZE,SIZE,... such as input=1,1,96,96,96`);
  }
  if (Object.hasOwn(shapes, name)) throw new NumavoxError('usage', `--shape: ${name} is given twice`);
  return { ...shapes, [name]: sizes.map(Number) };
}

/** Options that a command line gives about which workers there are, and where. */
export interface TeamFlags extends Omit<TeamOptions, 'topology'> {
  readonly topology?: string;
}

/** Options that a command line gives about what is computed where. */
export interface PlanningFlags extends TeamFlags, Omit<PlanningOptions, keyof TeamOptions | 'rates'> {
  readonly rates?: string;
}

/** Options that a command line gives about where and how a network runs. */
export interface MachineFlags extends PlanningFlags, Pick<MachineOptions, 'module'> {
  readonly vectors?: string;
}

export function addTeamOptions(command: Command): Command {
  return command
    .option('--workers <n>', 'number of worker threads (default: one per allowed core)', wholeNumber('--workers', 1))
    .option('--smt', 'without --workers: one per allowed CPU, SMT siblings included')
    .option(
      '--topology <shape|file>',
      'nodes x clusters x cores such as 2x1x4, or a file of "numavox topology --json"',
    );
}

/** Options that decide how layers are computed, and what their weights take. */
export function addKernelOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--algorithm <name>', 'auto, exact (direct convolution only) or reference (slow, no kernels)')
        .choices(['auto', 'exact', 'reference'])
        .default('auto'),
    )
    .addOption(
      new Option('--weights <format>', 'of fully connected layers: f32, or bf16 (rounded; half the bytes)')
        .choices(['f32', 'bf16'])
        .default('f32'),
    )
    .option(
      '--weight-growth <n>',
      'weights of a convolution may take n times their size (default: 4, more where small)',
      positiveNumber('--weight-growth'),
    );
}

export function addPlanningOptions(command: Command): Command {
  return addKernelOptions(addTeamOptions(command))
    .addOption(
      new Option('--partition <name>', 'how layers are divided among nodes; the results are the same')
        .choices(partitions)
        .default('auto'),
    )
    .option('--rates <file>', 'rates to plan with, a file of "numavox calibrate --json"');
}

export function addMachineOptions(command: Command): Command {
  return addPlanningOptions(command)
    .addOption(new Option('--module <name>', 'kernels with or without fused multiply-add').choices(['simd', 'relaxed']))
    .addOption(
      new Option(
        '--vectors <bits>',
        'length of vectors that V8 is asked for, 256 unless given; the results are the same',
      ).choices(['128', '256']),
    );
}

export function addZooOptions(command: Command): Command {
  return command
    .option('--width <factor>', 'zoo: factor on the number of channels', positiveNumber('--width'))
    .option('--classes <n>', 'zoo: number of classes', wholeNumber('--classes', 1))
    .option('--seed <n>', 'zoo: seed of the weights', wholeNumber('--seed', 0));
}

export function addShapeOption(command: Command): Command {
  return command.option('--shape <input=sizes>', 'size of an input, such as x=1,1,96,96,96; repeatable', collectShape);
}

export interface ProfileFlags {
  readonly profile?: boolean;
  readonly trace?: string;
}

export const wantsProfile = ({ profile, trace }: ProfileFlags): boolean => profile === true || trace !== undefined;

/** @param which says of several runs which one is profiled */
export const addProfileOptions = (command: Command, which = ''): Command =>
  command
    .option('--profile', `print where the time went${which}, by layer and by worker`)
    .option('--trace <file>', `which worker did what when${which}, as Chrome trace JSON for Perfetto`);

export const addVerboseOption = (command: Command, also = ''): Command =>
  command.option('--verbose', `print the causes of an error${also}`);

/** Reads what `--topology` names. */
export function teamOptions({ workers, smt, topology }: TeamFlags): TeamOptions {
  return {
    ...(workers !== undefined && { workers }),
    ...(smt !== undefined && { smt }),
    ...(topology !== undefined && { topology: readTopologyFlag(topology) }),
  };
}

export function kernelOptions({ algorithm, weights, weightGrowth }: KernelOptions): KernelOptions {
  return {
    ...(algorithm !== undefined && { algorithm }),
    ...(weights !== undefined && { weights }),
    ...(weightGrowth !== undefined && { weightGrowth }),
  };
}

/** Reads what `--topology` and `--rates` name; whether these are rates is the engine's to say. */
export function planningOptions(flags: PlanningFlags): PlanningOptions {
  const { partition, rates } = flags;
  return {
    ...teamOptions(flags),
    ...kernelOptions(flags),
    ...(partition !== undefined && { partition }),
    ...(rates !== undefined && { rates: readJson(rates, 'rates as "numavox calibrate --json" prints them') as Rates }),
  };
}

export function machineOptions(flags: MachineFlags): MachineOptions {
  const { module, vectors } = flags;
  return {
    ...planningOptions(flags),
    ...(module !== undefined && { module }),
    ...(vectors !== undefined && { vectors: Number(vectors) as VectorBits }),
  };
}

/** A shape such as 4x2x4 as it is, misspelt ones too; anything else is a JSON file. */
function readTopologyFlag(text: string): string | object {
  if (/^[\dx*,.\s-]*$/i.test(text) && !existsSync(text)) return text;
  return readJson(text, 'a topology as "numavox topology --json" prints it');
}

/** The object in a JSON file; anything else is no `what`. */
function readJson(file: string, what: string): object {
  const json = Buffer.from(readBytes(file)).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new NumavoxError('input', `${file}: not JSON: ${reason}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new NumavoxError('input', `${file}: not ${what}`);
}

export function zooOptions(flags: ZooOptions): ZooOptions {
  const { width, classes, seed } = flags;
  return {
    ...(width !== undefined && { width }),
    ...(classes !== undefined && { classes }),
    ...(seed !== undefined && { seed }),
  };
}
