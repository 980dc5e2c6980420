/** The command line as a whole: parses it, runs one command, turns what happens into an exit code. Nothing is thrown. */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { benchCommand } from './commands/bench.js';
import { calibrateCommand } from './commands/calibrate.js';
import { inspectCommand } from './commands/inspect.js';
import { planCommand } from './commands/plan.js';
import { runCommand } from './commands/run.js';
import { topologyCommand } from './commands/topology.js';
import { zooCommand } from './commands/zoo.js';
import { type Cli, printNote } from './context.js';
import { errorText, exitCode } from './exit.js';

const { version } = createRequire(import.meta.url)('numavox/package.json') as { version: string };

/** @param args without node and the script. An abort is the caller's to explain. */
export async function runProgram(cli: Cli, args: readonly string[]): Promise<number> {
  try {
    await buildProgram(cli).parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    const quiet =
      cli.signal.aborted || (error instanceof CommanderError && /^commander\.(help|version)/.test(error.code));
    if (!quiet) printNote(cli, errorText(error, args.includes('--verbose')));
    return exitCode(error);
  }
}

function buildProgram(cli: Cli): Command {
  const program = new Command('numavox')
    .description('Run 3D convolutional networks on many-core CPUs, with kernels in WebAssembly.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: text => cli.stdout.write(text),
      writeErr: text => cli.stderr.write(text),
      outputError: () => {},
    })
    .addHelpText('after', '\nnumavox COMMAND --help tells more, numavox run --help has examples.');
  for (const add of [
    runCommand,
    benchCommand,
    inspectCommand,
    planCommand,
    topologyCommand,
    calibrateCommand,
    zooCommand,
  ])
    add(cli, program);
  return program;
}
