/** numavox zoo: a network of the zoo as an ONNX file. */
import type { Command } from 'commander';
import { NumavoxError } from '../../index.js';
import { type Cli, printNote, printResult } from '../context.js';
import type { ZooOptions } from '../engine.js';
import { checkWritable } from '../files.js';
import { addVerboseOption, addZooOptions, zooOptions } from '../options.js';

interface ZooFlags extends ZooOptions {
  readonly output?: string;
  readonly quiet?: boolean;
}

export function zooCommand(cli: Cli, program: Command): void {
  const command = program
    .command('zoo')
    .summary('write a zoo network as ONNX')
    .description('Write a zoo network with random weights as an ONNX file; without a name, list the networks.')
    .argument('[name]', cli.engine.zooNames.join(', '))
    .option('-o, --output <file>', 'the ONNX file to write');
  addZooOptions(command).option('--quiet', 'print nothing');
  addVerboseOption(command).action((name: string | undefined, flags: ZooFlags) => writeZoo(cli, name, flags));
}

async function writeZoo(cli: Cli, name: string | undefined, flags: ZooFlags): Promise<void> {
  if (name === undefined && flags.output === undefined) {
    printResult(cli, cli.engine.zooNames.join('\n'));
    return;
  }
  if (name === undefined || !cli.engine.zooNames.includes(name)) {
    throw new NumavoxError('usage', `no zoo network '${name ?? ''}': there are ${cli.engine.zooNames.join(', ')}`);
  }
  if (flags.output === undefined) throw new NumavoxError('usage', `zoo ${name}: say where to write it with -o FILE`);
  checkWritable(flags.output);
  await cli.engine.exportZoo(name, zooOptions(flags), flags.output);
  if (!flags.quiet) printNote(cli, `wrote ${flags.output}`);
}
