/** numavox topology: the machine as the planner sees it. */
import type { Command } from 'commander';
import { type Cli, printResult } from '../context.js';
import * as options from '../options.js';

interface TopologyFlags extends options.TeamFlags {
  readonly root?: string;
  readonly json?: boolean;
}

const help = `
The workers that it shows are those that run and bench would start with the same
options, here and now: under taskset, numactl, a cgroup.

Examples:
  numavox topology
  numactl --cpunodebind=2,3 --membind=2,3 numavox topology
  numavox topology --json > machine.json       on one machine, and on another
  numavox run c3d --topology machine.json      a run in its nodes and clusters
`;

export function topologyCommand(cli: Cli, program: Command): void {
  const command = program
    .command('topology')
    .summary('show the machine')
    .description('Show NUMA nodes, cache clusters and cores, distances, caches, and which CPUs may be used and why.')
    .option('--root <folder>', 'read sys/ and proc/ under this folder in place of this machine');
  options.addTeamOptions(command).option('--json', 'print one JSON object, which --topology reads');
  options.addVerboseOption(command).addHelpText('after', help);
  command.action((flags: TopologyFlags) => {
    const { text, json } = cli.engine.topology({
      ...(flags.root !== undefined && { root: flags.root }),
      ...options.teamOptions(flags),
    });
    printResult(cli, flags.json ? json : text);
  });
}
