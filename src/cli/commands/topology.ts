/** numavox topology: the machine as the planner sees it. */
import type { Command } from 'commander';
import { type Cli, printResult } from '../context.js';
import { addVerboseOption, readTopologyFlag } from '../options.js';

interface TopologyFlags {
  readonly root?: string;
  readonly topology?: string;
  readonly json?: boolean;
}

export function topologyCommand(cli: Cli, program: Command): void {
  const command = program
    .command('topology')
    .summary('show the machine')
    .description('Show NUMA nodes, cache clusters and cores, distances, caches, and which CPUs may be used and why.')
    .option('--root <folder>', 'read sys/ and proc/ under this folder in place of this machine')
    .option('--topology <shape|file>', 'show the teams of a shape such as 2x1x4 or of a saved topology')
    .option('--json', 'print one JSON object, which --topology reads');
  addVerboseOption(command).action((flags: TopologyFlags) => {
    const { text, json } = cli.engine.topology({
      ...(flags.root !== undefined && { root: flags.root }),
      ...(flags.topology !== undefined && { shape: readTopologyFlag(flags.topology) }),
    });
    printResult(cli, flags.json ? json : text);
  });
}
