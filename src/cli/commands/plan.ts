/** numavox plan: what would be computed where, what crosses between nodes, and what that should take; nothing runs. */
import type { Command } from 'commander';
import { NumavoxError } from '../../index.js';
import { type Cli, printNote, printResult, printWarning } from '../context.js';
import type { Shapes, ZooOptions } from '../engine.js';
import { checkWritable, writeWhole } from '../files.js';
import { resolveModel } from '../model.js';
import * as options from '../options.js';
import { sameFile } from '../outputs.js';
import { planPicture } from '../plan/picture.js';
import { planText } from '../plan/text.js';

interface PlanFlags extends options.PlanningFlags, ZooOptions {
  readonly shape?: Shapes;
  readonly svg?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

const help = `
Cuts: channel, depth, height (so many parts along that axis), grid (depth and
height), mix (channels and space), one (one node computes the layer), all (every
node computes all of it, so that nobody has to fetch it).

Times are predicted, never measured. With --topology they are those of a machine
of that shape whose cores are as fast as the rates say: "numavox calibrate --json"
on that machine makes a file for --rates.

Examples:
  numavox plan c3d --topology 4x1x2
  numavox plan model.onnx --shape input=1,1,96,96,96 --svg plan.svg
  numavox plan c3d --topology machine.json --rates rates.json --json
`;

export function planCommand(cli: Cli, program: Command): void {
  const command = program
    .command('plan')
    .summary('show what would be computed where')
    .description('Show what each NUMA node would compute, what would cross between nodes, and what that should take.')
    .argument('<model>', `ONNX file, or zoo network: ${cli.engine.zooNames.join(', ')}`)
    .option('--svg <file>', 'draw the network against the nodes');
  options.addZooOptions(options.addPlanningOptions(options.addShapeOption(command)));
  command.option('--json', 'print one JSON object');
  options.addVerboseOption(command, ", and each layer's part and fetches by node").addHelpText('after', help);
  command.action((model: string, flags: PlanFlags) => plan(cli, model, flags));
}

function plan(cli: Cli, model: string, flags: PlanFlags): void {
  const { svg, shape = {}, json = false, verbose = false } = flags;
  const { uri, untrained } = resolveModel(cli.engine, model, options.zooOptions(flags));
  const planning = options.planningOptions(flags);
  if (svg !== undefined) checkPicture(svg, [flags.topology, flags.rates, untrained ? undefined : model]);
  const report = cli.engine.plan(uri, { ...planning, shapes: shape, onWarning: text => printWarning(cli, text) });
  if (svg !== undefined) {
    writeWhole(svg, [Buffer.from(planPicture(model, report))]);
    printNote(cli, `wrote ${svg}`);
  }
  printResult(cli, json ? { ...report, model } : planText(report, verbose));
}

/** @param sources files that are read: none of them is written over */
function checkPicture(file: string, sources: readonly (string | undefined)[]): void {
  if (!/\.svg$/i.test(file)) throw new NumavoxError('usage', `--svg ${file}: expected a name in .svg`);
  checkWritable(file);
  if (sources.some(source => source !== undefined && sameFile(source, file))) {
    throw new NumavoxError('usage', `${file}: is read by this command, so it cannot be written`);
  }
}
