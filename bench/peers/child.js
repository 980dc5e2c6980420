// Starts an engine's process on its CPUs and talks to it.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('engine.js', import.meta.url));

const hasTaskset = spawnSync('taskset', ['--version'], { stdio: 'ignore' }).status === 0;

/** On the same CPUs for every engine, from its first instruction on; wherever the system likes where there is no `taskset`. */
export function startEngine({ name, engine }, { node, threads, cpus }) {
  const command = [node, script, engine, `${threads}`];
  const [program, ...args] = hasTaskset ? ['taskset', '-c', cpus.join(','), ...command] : command;
  const child = spawn(program, args, { stdio: ['ignore', 2, 2, 'ipc'] });
  const ask = message =>
    new Promise((resolve, reject) => {
      const ended = code => reject(new Error(`${name} ended with exit code ${code}`));
      child.once('exit', ended);
      child.once('error', reject);
      child.once('message', ({ result, error }) => {
        child.off('exit', ended);
        child.off('error', reject);
        if (error) reject(new Error(`${name}: ${error}`));
        else resolve(result);
      });
      child.send(message);
    });
  return { ask, kill: () => child.kill() };
}

/** One CPU per thread, as a session's workers have theirs; all that are allowed where there are more threads than CPUs. */
export async function cpusFor(threads) {
  const { buildTeams, hostTopology } = await import('../../dist/src/index.js');
  const { teams } = buildTeams(hostTopology(), { workers: threads });
  const cpus = teams.nodes.flatMap(({ clusters }) => clusters.flatMap(({ workers }) => workers.map(({ cpu }) => cpu)));
  return [...new Set(cpus)].sort((a, b) => a - b);
}
