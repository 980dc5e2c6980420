/** A session for the length of a command: released whatever happens. */
import type { Cli } from './context.js';
import { printWarning } from './context.js';
import type { OpenOptions, Session, SessionInfo } from './engine.js';
import { formatBytes, formatCount, formatCpus, formatMs, plural } from './text.js';

export async function withSession<T>(
  cli: Cli,
  uri: string,
  options: Omit<OpenOptions, 'onWarning'>,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await cli.engine.open(uri, { ...options, onWarning: message => printWarning(cli, message) });
  try {
    cli.signal.throwIfAborted();
    return await use(session);
  } finally {
    await session.release();
  }
}

/** What ran where, for people. */
export function describeMachine(info: SessionInfo): string {
  const cpus = formatCpus(info.workers.map(worker => worker.cpu));
  const pinned = info.workers.filter(worker => worker.pinned).length;
  const pins =
    pinned === info.workers.length ? 'pinned to' : pinned === 0 ? 'not pinned, meant for' : `${pinned} pinned, on`;
  const forms = new Set(Object.values(info.tileForms));
  const tiles = forms.size > 0 ? ` (tiles: ${[...forms].join(', ')})` : '';
  return (
    `${plural(info.workers.length, 'worker')} on ${plural(info.nodes, info.logical ? 'logical node' : 'node')}, ${plural(info.clusters, 'cluster')}, ` +
    `${pins} CPU ${cpus}; module ${info.module}${tiles}, algorithm ${info.algorithm}${info.weights === 'f32' ? '' : `, weights ${info.weights}`}`
  );
}

export function describeCreation({ timings, memoryBytes, parameters, gflop }: SessionInfo): string {
  const { readMs, planMs, startMs, packMs } = timings;
  return (
    `${formatCount(parameters)} parameters, ${gflop.toFixed(gflop < 10 ? 2 : 1)} GFLOP, ${formatBytes(memoryBytes)}; ` +
    `read ${formatMs(readMs)}, plan ${formatMs(planMs)}, start ${formatMs(startMs)}, pack ${formatMs(packMs)}`
  );
}

/** The same for programs. */
export function machineJson(info: SessionInfo): object {
  const { nodes, clusters, logical, workers, module, tileForms, algorithm, weights } = info;
  return { nodes, clusters, logical, workers, module, tileForms, algorithm, weights };
}
