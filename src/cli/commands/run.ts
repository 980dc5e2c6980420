/** numavox run: one inference on an array, a tensor, a volume or a synthetic clip. */
import { type Command, Option } from 'commander';
import { type InferenceProfile, NumavoxError } from '../../index.js';
import { checkLabels, classesOf, parseLabels } from '../classify.js';
import { type Cli, printNote, printResult, printWarning } from '../context.js';
import type { NamedTensor, Session, Shapes, ValueInfo, ZooOptions } from '../engine.js';
import { type Feeds, makeFeeds } from '../feeds.js';
import { readBytes, writeWhole } from '../files.js';
import { type Input, readInput } from '../input.js';
import { resolveModel } from '../model.js';
import * as options from '../options.js';
import { type Outcome, outcomeJson, outcomeText, readOutcome, writeOutcome } from '../outcome.js';
import { type OutputFiles, type OutputFlags, planOutputs } from '../outputs.js';
import { profileJson, profileText } from '../profile/report.js';
import { traceBytes } from '../profile/trace.js';
import { startProgress } from '../progress.js';
import type { FitMode } from '../segment/fit.js';
import { parseScale, type Scale } from '../segment/intensity.js';
import { requireSegmentation, segmentationProblem } from '../segment/result.js';
import { describeCreation, describeMachine, machineJson, withSession } from '../session.js';
import { formatDims, formatMs } from '../text.js';

interface RunFlags extends options.MachineFlags, options.ProfileFlags, OutputFlags, ZooOptions {
  readonly input?: readonly string[];
  readonly labels?: string;
  readonly top: number;
  readonly shape?: Shapes;
  readonly scale?: Scale;
  readonly fit?: FitMode;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const help = `
Volumes (.nii, .nii.gz) are fed as 1x1xDxHxW with D = z, H = y, W = x. Where the
output has a channel per class on the same grid, each voxel gets the label of its
largest channel (of a single channel: above 0.5). --output labels.nii.gz writes
them on the volume's own grid, and a picture beside it (labels.png) shows the
middle axial, coronal and sagittal slices. The picture is neurological: the
patient's left is on the left, anterior is up (axial) or right (sagittal).

--fit pad lays a volume that is too small centred into the model's size, filled
up with its smallest intensity; --fit crop also cuts what is too large. Labels
return to the volume's grid, 0 outside.

Examples:
  numavox run c3d                                         a synthetic clip through an untrained C3D
  numavox run model.onnx --input x.npy --labels names.txt
  numavox run model.onnx --input x.npy --output y.npy --json
  numavox run meshnet.onnx --input t1.nii.gz --output labels.nii.gz --fit pad
  numavox run model.onnx --shape input=1,1,96,96,96 --workers 4
  numavox run c3d --profile --trace trace.json            open trace.json at ui.perfetto.dev
`;

export function runCommand(cli: Cli, program: Command): void {
  const command = program
    .command('run')
    .summary('run a network once')
    .description('Run an ONNX file or a zoo network once, on a file or a synthetic clip.')
    .argument('<model>', `ONNX file, or zoo network: ${cli.engine.zooNames.join(', ')}`)
    .option('--input <[name=]file>', '.npy, .pb (ONNX tensor), .nii or .nii.gz; repeatable', collect)
    .option('--output <file>', '.npy: the first output; .nii or .nii.gz: labels of a volume')
    .option('--png <file>', 'picture of the labels (default: beside a NIfTI --output)')
    .option('--labels <file>', 'names of the classes, one per line')
    .option('--top <n>', 'classes to print', options.wholeNumber('--top', 0), 5)
    .option(
      '--scale <how>',
      'intensities of a volume: min-max, none, zscore or LOW,HIGH (default: min-max)',
      parseScale,
    )
    .addOption(new Option('--fit <how>', 'for a volume of another size than the model').choices(['pad', 'crop']));
  options.addShapeOption(command);
  options.addMachineOptions(command);
  options.addZooOptions(command);
  options.addProfileOptions(command);
  command.option('--json', 'print the result as one JSON object').option('--quiet', 'print only results and warnings');
  options.addVerboseOption(command).addHelpText('after', help);
  command.action((model: string, flags: RunFlags) => run(cli, model, flags));
}

const collect = (text: string, list: readonly string[] = []): readonly string[] => [...list, text];

async function run(cli: Cli, model: string, flags: RunFlags): Promise<void> {
  const target = resolveModel(cli.engine, model, options.zooOptions(flags));
  const machine = options.machineOptions(flags);
  const labels = flags.labels === undefined ? null : parseLabels(readBytes(flags.labels), flags.labels);
  const inputs = (flags.input ?? []).map(argument => readInput(cli.engine, argument));
  const files = checkFlags(flags, inputs, target.untrained ? [] : [model]);
  await withSession(cli, target.uri, { ...machine, shapes: flags.shape ?? {} }, async session => {
    if (target.untrained && !flags.quiet) {
      printNote(cli, `${model} is untrained, its weights are random: its classes mean nothing`);
    }
    const feeds = makeFeeds(cli.engine, session.info().inputs, inputs, {
      scale: flags.scale ?? { kind: 'min-max' },
      fit: flags.fit ?? null,
      onWarning: message => printWarning(cli, message),
    });
    const { outputs: expected } = session.info();
    if (expected !== null) checkResult(expected, feeds, files, labels, flags);
    const { outputs, elapsedMs, profile } = await infer(cli, session, feeds, flags);
    checkResult(outputs, feeds, files, labels, flags);
    const outcome = readOutcome(outputs, feeds, { top: flags.top, labels });
    cli.signal.throwIfAborted();
    writeOutcome(outcome, feeds, files);
    if (files.trace !== null) writeWhole(files.trace, [traceBytes(profile!, session.info().workers)]);
    report(cli, { model, untrained: target.untrained, session, feeds, files, outcome, elapsedMs, profile }, flags);
  });
}

/** What the command line alone shows to be wrong, and the output files. */
function checkFlags(flags: RunFlags, inputs: readonly Input[], sources: readonly string[]): OutputFiles {
  const hasVolume = inputs.some(input => input.kind === 'volume');
  for (const name of ['scale', 'fit'] as const) {
    if (flags[name] !== undefined && !hasVolume) {
      throw new NumavoxError('usage', `--${name} needs an --input volume (.nii or .nii.gz)`);
    }
  }
  return planOutputs(flags, hasVolume, [...sources, ...inputs.map(input => input.file)]);
}

/** Whether the outputs are what the flags count on: asked before the run, as far as sizes are known, and after it. */
function checkResult(
  outputs: readonly ValueInfo[],
  feeds: Feeds,
  files: OutputFiles,
  labels: readonly string[] | null,
  flags: RunFlags,
): void {
  const { dims } = outputs[0]!;
  const { volume } = feeds;
  if (volume !== null && (files.labels !== null || files.png !== null)) requireSegmentation(dims, volume);
  if (labels === null) return;
  const segmented = volume !== null && segmentationProblem(dims, volume) === null;
  const classes = segmented ? dims[1] : classesOf(dims);
  if (classes === null) {
    throw new NumavoxError('usage', `--labels: the model's output of ${formatDims(dims)} has no classes`);
  }
  if (typeof classes === 'number') checkLabels(labels, flags.labels!, Math.max(2, classes));
}

interface Inferred {
  readonly outputs: readonly NamedTensor[];
  readonly elapsedMs: number;
  /** null unless a flag asks for it. */
  readonly profile: InferenceProfile | null;
}

async function infer(cli: Cli, session: Session, feeds: Feeds, flags: RunFlags): Promise<Inferred> {
  const progress = startProgress(cli, flags.quiet ?? false);
  let profile: InferenceProfile | null = null;
  const keep = (own: InferenceProfile): void => {
    profile = own;
  };
  const startMs = performance.now();
  try {
    const outputs = await session.run(feeds.tensors, {
      signal: cli.signal,
      ...(progress.update && { onProgress: progress.update }),
      ...(options.wantsProfile(flags) && { onProfile: keep }),
    });
    return { outputs, elapsedMs: performance.now() - startMs, profile };
  } finally {
    progress.stop();
  }
}

interface Report {
  readonly model: string;
  readonly untrained: boolean;
  readonly session: Session;
  readonly feeds: Feeds;
  readonly files: OutputFiles;
  readonly outcome: Outcome;
  readonly elapsedMs: number;
  readonly profile: InferenceProfile | null;
}

function report(
  cli: Cli,
  { model, untrained, session, feeds, files, outcome, elapsedMs, profile }: Report,
  flags: RunFlags,
): void {
  const info = session.info();
  const gflops = info.gflop / (elapsedMs / 1000);
  if (!flags.quiet) {
    for (const { name, dims, source } of feeds.sources) printNote(cli, `${name} ${formatDims(dims)}: ${source}`);
    printNote(cli, `${model}: ${describeCreation(info)}`);
    printNote(cli, describeMachine(info));
    printNote(cli, `ran in ${formatMs(elapsedMs)}: ${gflops.toFixed(1)} GFLOP/s`);
    for (const file of Object.values(files)) if (file !== null) printNote(cli, `wrote ${file}`);
  }
  if (files.npy !== null && outcome.outputs.length > 1) {
    const names = outcome.outputs.map(output => output.name);
    printWarning(cli, `${files.npy} holds ${names[0]} only; not written: ${names.slice(1).join(', ')}`);
  }
  const shown = flags.profile ? profile : null;
  if (!flags.json) {
    printResult(cli, outcomeText(outcome));
    if (shown !== null) printResult(cli, `\n${profileText(shown, info.workers)}`);
    return;
  }
  const { gflop, parameters, memoryBytes, timings } = info;
  printResult(cli, {
    model,
    untrained,
    inputs: feeds.sources,
    ...outcomeJson(outcome),
    files,
    elapsedMs,
    gflop,
    gflops,
    parameters,
    memoryBytes,
    timings,
    machine: machineJson(info),
    ...(shown !== null && { profile: profileJson(shown, info.workers) }),
  });
}
