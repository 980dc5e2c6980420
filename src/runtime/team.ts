/**
 * The worker threads of a session: one piscina pool of fixed size per node team, and the watch over them. A thread that ends
 * gives its rank back; piscina starts another one, which takes the rank, pins itself and says hello as the first one did.
 * Invariant: every seat has a thread, or a thread on its way, until `lost` says otherwise.
 */
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { workerUrl } from '../assets.js';
import { NumavoxError } from '../errors.js';
import { seats as seatsOf, type TeamTree } from '../plan/team.js';
import type { Notice, Seat, Task, TaskResult, WorkerData } from './protocol.js';
import { createSlots, freeSlot, holderOf } from './slots.js';

/** A worker as it reported itself last. */
export interface WorkerInfo {
  readonly rank: number;
  /** The node team's own number, and the cluster's ordinal inside it. */
  readonly node: number;
  readonly cluster: number;
  /** The CPU it is meant to run on. */
  readonly cpu: number;
  readonly pinned: boolean;
  /** The CPUs its thread may run on, as the kernel lists them; empty where it does not say. */
  readonly allowed: string;
  /** Why it is not pinned. */
  readonly reason?: string;
}

/** What the load or run in progress hears about. */
export interface Watcher {
  /** The thread at `rank` has ended; -1 where it had not taken a rank yet. */
  ended(rank: number, cause: Error): void;
  /** A seat will stay empty. */
  lost(error: NumavoxError): void;
  /** A worker's fault asks for an abort. */
  abort(): void;
}

export interface Team {
  /** By rank. */
  readonly workers: readonly WorkerInfo[];
  readonly cpus: ReadonlySet<number>;
  /** One machine barrier, one per node, one per cluster. */
  readonly barriers: number;
  /** Set once a seat cannot be filled again. */
  readonly lost: NumavoxError | null;
  /** One at a time: the gate sees to that. */
  watcher: Watcher | null;
  /** Hands the task to every worker, once each. */
  post(task: Task): Promise<TaskResult>[];
  /** The thread that holds a rank, 0 for none. */
  holder(rank: number): number;
  /** Ends the thread that holds a rank, whatever it is doing; another one takes its place. */
  terminate(rank: number): void;
  /** Ends every thread. */
  destroy(): Promise<void>;
}

export interface TeamOptions {
  readonly teams: TeamTree;
  /** CPUs that the process may use: where there are fewer than workers, barriers do not spin. */
  readonly availableCpus: number;
  /** Limit of a worker's JavaScript heap; V8's own where absent. */
  readonly heapLimitMb?: number;
  /** What workers start with in place of the project's own entry point; for tests. */
  readonly workerEntry?: URL;
}

/** How long a worker spins at a barrier, where every worker has a CPU: with what looking and falling asleep take, 50 us. */
export const spinMs = 0.04;

interface NodePool {
  readonly pool: Piscina;
  readonly seats: readonly Seat[];
}

/**
 * Starts the workers and waits until each has said hello.
 *
 * Call it after an asynchronous fs call has been made on this thread: libuv's own threads inherit the CPU mask of the thread that
 * makes the first one, and a pinned worker must not be that thread.
 * @throws NumavoxError `runtime` where a worker cannot start
 */
export async function startTeam(options: TeamOptions): Promise<Team> {
  const { teams } = options;
  const bySeat = seatsOf(teams);
  const slots = createSlots(bySeat.length);
  const known = new WeakSet<Worker>();
  const pools: NodePool[] = [];
  const workers: WorkerInfo[] = [];
  let lost: NumavoxError | null = null;
  let closing = false;
  let greeted = (_error?: NumavoxError): void => {};

  const cpus = new Set(bySeat.map(seat => seat.cpu));
  const spins = bySeat.length <= Math.min(cpus.size, options.availableCpus);

  const lose = (cause: unknown): void => {
    lost ??= new NumavoxError('closed', `a worker cannot be started again: ${describe(cause)}`, { cause });
    greeted(lost);
    team.watcher?.lost(lost);
    // Tasks that wait for the seat would wait for ever.
    void team.destroy();
  };

  const watch = (nodePool: NodePool): void => {
    for (const thread of nodePool.pool.threads) {
      if (known.has(thread)) continue;
      known.add(thread);
      const { threadId } = thread;
      let over = false;
      const end = (cause: Error): void => {
        if (over || closing) return;
        over = true;
        const rank = freeSlot(slots, threadId);
        team.watcher?.ended(rank, cause);
        watch(nodePool);
        if (nodePool.pool.threads.length < nodePool.seats.length) lose(cause);
      };
      thread.on('error', end);
      thread.on('exit', code => end(new Error(`exited with code ${code}`)));
    }
  };

  const hear = (notice: Notice): void => {
    if (notice.kind === 'hello') {
      const { rank, pinned, allowed, reason } = notice;
      const seat = bySeat[rank]!;
      const node = teams.nodes[seat.nodeIndex]!.node;
      const info = { rank, node, cluster: seat.clusterIndex, cpu: seat.cpu, pinned, allowed };
      workers[rank] = reason === undefined ? info : { ...info, reason };
      if (bySeat.every(other => workers[other.rank])) greeted();
    } else if (notice.request === 'terminate') {
      threadOf(notice.threadId)?.terminate();
    } else {
      team.watcher?.abort();
    }
  };

  const threadOf = (threadId: number): Worker | undefined =>
    pools.flatMap(({ pool }) => pool.threads).find(thread => thread.threadId === threadId);

  const team: Team = {
    workers,
    cpus,
    barriers: barrierCount(teams),
    get lost() {
      return lost;
    },
    watcher: null,
    post: task => pools.flatMap(({ pool, seats }) => seats.map(() => pool.run(task) as Promise<TaskResult>)),
    holder: rank => holderOf(slots, rank),
    terminate(rank) {
      const threadId = holderOf(slots, rank);
      if (threadId !== 0) threadOf(threadId)?.terminate();
    },
    async destroy() {
      closing = true;
      await Promise.all(pools.map(({ pool }) => pool.destroy()));
    },
  };

  const started = new Promise<void>((resolve, reject) => {
    greeted = error => (error ? reject(error) : resolve());
  });
  for (const seats of seatsByNode(teams)) {
    const workerData: WorkerData = { seats, slots: slots.buffer, spinMs: spins ? spinMs : 0 };
    const pool = new Piscina({
      filename: (options.workerEntry ?? workerUrl).href,
      workerData,
      minThreads: seats.length,
      maxThreads: seats.length,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      recordTiming: false,
      ...(options.heapLimitMb ? { resourceLimits: { maxOldGenerationSizeMb: options.heapLimitMb } } : {}),
    });
    const nodePool = { pool, seats };
    pools.push(nodePool);
    // Without a listener, the error of a worker that has no task would end the process.
    pool.on('error', () => watch(nodePool));
    pool.on('message', (notice: Notice) => hear(notice));
    watch(nodePool);
  }
  try {
    await started;
  } catch (cause) {
    await team.destroy();
    throw new NumavoxError('runtime', `workers do not start: ${describe((cause as Error).cause)}`, { cause });
  }
  return team;
}

const describe = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!;

const barrierCount = (teams: TeamTree): number =>
  1 + teams.nodes.length + teams.nodes.reduce((count, node) => count + node.clusters.length, 0);

/** The seats of each node, with the barriers numbered: machine, nodes, clusters. */
function seatsByNode(teams: TeamTree): Seat[][] {
  const sizeOf = (clusters: readonly { readonly workers: readonly unknown[] }[]): number =>
    clusters.reduce((count, cluster) => count + cluster.workers.length, 0);
  const machine = { index: 0, size: sizeOf(teams.nodes.flatMap(node => node.clusters)) };
  let clusterIndex = 1 + teams.nodes.length;
  return teams.nodes.map(({ clusters }, nodeIndex) => {
    const node = { index: 1 + nodeIndex, size: sizeOf(clusters) };
    return clusters.flatMap(({ workers }) => {
      const cluster = { index: clusterIndex++, size: workers.length };
      return workers.map(({ rank, cpu }) => ({ rank, cpu, barriers: { machine, node, cluster } }));
    });
  });
}
