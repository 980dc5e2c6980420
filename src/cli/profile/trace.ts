/**
 * A profile as Chrome trace events, which Perfetto opens: a process per node, a thread per worker, a slice for each step's work
 * and for each wait. Slices of a thread never overlap.
 *
 * Trace Event Format: complete events (ph X) and metadata (ph M), times in microseconds.
 */
import type { InferenceProfile } from '../../index.js';
import type { WorkerInfo } from '../engine.js';

interface TraceEvent {
  readonly ph: 'X' | 'M';
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly cat?: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The JSON of the trace, in bytes. */
export function traceBytes(profile: InferenceProfile, workers: readonly WorkerInfo[]): Uint8Array {
  const traceEvents = [...workers.flatMap(worker => namesOf(worker)), ...sliceEvents(profile, workers)];
  return Buffer.from(JSON.stringify({ displayTimeUnit: 'ms', traceEvents }));
}

/** What the viewer calls the worker and its node, and in which order it shows them. */
function namesOf({ rank, node, cpu }: WorkerInfo): TraceEvent[] {
  const about = (name: string, args: TraceEvent['args']): TraceEvent => ({ ph: 'M', name, pid: node, tid: rank, args });
  return [
    about('process_name', { name: `node ${node}` }),
    about('process_sort_index', { sort_index: node }),
    about('thread_name', { name: `worker ${rank} (CPU ${cpu})` }),
    about('thread_sort_index', { sort_index: rank }),
  ];
}

function sliceEvents({ steps }: InferenceProfile, workers: readonly WorkerInfo[]): TraceEvent[] {
  return workers.flatMap(({ rank, node }) =>
    steps.flatMap(({ name, layer, op, kernels, twin, flops, startMs, busyMs, waitMs }) => {
      const begin = startMs[rank]!;
      const done = begin + busyMs[rank]!;
      const slice = (cat: string, title: string, fromMs: number, ms: number, args: TraceEvent['args']): TraceEvent => {
        return { ph: 'X', name: title, cat, pid: node, tid: rank, ts: fromMs * 1000, dur: ms * 1000, args };
      };
      return [
        slice('step', name, begin, busyMs[rank]!, { layer, op, kernels, twin, flops }),
        ...(waitMs[rank]! > 0 ? [slice('wait', 'wait', done, waitMs[rank]!, { after: name })] : []),
      ];
    }),
  );
}
