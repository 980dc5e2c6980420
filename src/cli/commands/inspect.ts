/** numavox inspect: what is in a model, with sizes and costs per layer. */
import type { Command } from 'commander';
import { type Cli, printResult } from '../context.js';
import type { Inspection, KernelOptions, PassReport, Shapes, ValueInfo, ZooOptions } from '../engine.js';
import { resolveModel } from '../model.js';
import {
  addKernelOptions,
  addShapeOption,
  addVerboseOption,
  addZooOptions,
  kernelOptions,
  zooOptions,
} from '../options.js';
import { formatBytes, formatCount, formatDims, formatTable, plural } from '../text.js';

interface InspectFlags extends ZooOptions, KernelOptions {
  readonly shape?: Shapes;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export function inspectCommand(cli: Cli, program: Command): void {
  const command = program
    .command('inspect')
    .summary('show the layers of a network')
    .description(
      'Show a network: its layers, their sizes, parameters and floating-point operations (2 per multiply-add).',
    )
    .argument('<model>', `ONNX file, or zoo network: ${cli.engine.zooNames.join(', ')}`);
  addKernelOptions(addZooOptions(addShapeOption(command))).option('--json', 'print one JSON object');
  addVerboseOption(command, ', and what each optimisation did').action(async (model: string, flags: InspectFlags) => {
    const { uri } = resolveModel(cli.engine, model, zooOptions(flags));
    const inspection = await cli.engine.inspect(uri, { shapes: flags.shape ?? {}, ...kernelOptions(flags) });
    printResult(cli, flags.json ? { model, ...inspection } : inspectionText(inspection, flags.verbose ?? false));
  });
}

function inspectionText(inspection: Inspection, verbose: boolean): string {
  const { inputs, outputs, nodes, parameters, flops, packedBytes, problem, passes } = inspection;
  const madeBy = new Map(nodes.flatMap(node => node.outputs.map(output => [output.name, node.name] as const)));
  for (const { name } of inputs) madeBy.set(name, name);
  const rows = nodes.map(node => [
    node.name,
    node.op,
    node.inputs.flatMap(input => madeBy.get(input.name) ?? []).join(', '),
    node.outputs.map(output => formatDims(output.dims)).join(', '),
    node.parameters === 0 ? '-' : formatCount(node.parameters),
    node.packedBytes === 0 ? '-' : formatBytes(node.packedBytes),
    node.flops === 0 ? '-' : formatCount(node.flops),
  ]);
  const sections = [
    [...inputs.map(value => valueText('input', value)), ...outputs.map(value => valueText('output', value))].join('\n'),
    formatTable('llllrrr', [['layer', 'op', 'reads', 'output', 'parameters', 'packed', 'FLOP'], ...rows]),
    `${plural(nodes.length, 'layer')}, ${formatCount(parameters)} parameters (of the model as given), ${formatCount(flops, 'FLOP')}`,
  ];
  sections.push(
    packedBytes === null
      ? `cannot run: ${problem}`
      : `weights take ${formatBytes(packedBytes)} when they are packed, ${(packedBytes / 4 / parameters).toFixed(2)} times their size`,
  );
  if (verbose) sections.push(passText(passes));
  return sections.join('\n\n');
}

const valueText = (what: string, { name, dims }: ValueInfo): string => `${what} ${name}: ${formatDims(dims)}`;

function passText(passes: readonly PassReport[]): string {
  if (passes.length === 0) return 'no optimisation found anything to do';
  return formatTable(
    'llll',
    passes.map(({ pass, node, fired, reason }) => [pass, fired ? 'done' : 'left', node, reason]),
  );
}
