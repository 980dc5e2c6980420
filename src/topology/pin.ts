/**
 * Pins a thread to a CPU, from inside the thread, with util-linux `taskset`. What counts is what the kernel says
 * afterwards: taskset also succeeds where it did nothing.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { statusList } from './allowed.js';
import { formatCpuList } from './cpu_sets.js';

export interface PinResult {
  /** Whether the thread may run on the CPU asked for, and on no other. */
  readonly pinned: boolean;
  /** The CPUs it may run on, as a list; empty where the kernel does not say. */
  readonly allowed: string;
  /** Why it is not pinned, one line. */
  readonly reason?: string;
}

const tasksetLimitMs = 10_000;

/** The calling thread's number in the kernel; null where there is no Linux /proc. */
export function currentThreadId(): number | null {
  try {
    const match = /\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'));
    return match === null ? null : Number(match[1]);
  } catch {
    return null;
  }
}

/** The CPUs that a thread of this process may run on, as a list; null where the kernel does not say. */
export function threadAllowed(threadId: number): string | null {
  try {
    const list = statusList(readFileSync(`/proc/self/task/${threadId}/status`, 'latin1'), 'Cpus_allowed_list');
    return list === null ? null : formatCpuList(list);
  } catch {
    return null;
  }
}

/** Pins the calling thread. Never throws, and prints nothing: without Linux, taskset or permission the reason says so. */
export function pinThisThread(cpu: number): PinResult {
  const threadId = currentThreadId();
  if (threadId === null) return { pinned: false, allowed: '', reason: 'there is no /proc/thread-self to ask' };
  const outcome = spawnSync('taskset', ['-cp', String(cpu), String(threadId)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: tasksetLimitMs,
  });
  const allowed = threadAllowed(threadId) ?? '';
  if (allowed === String(cpu)) return { pinned: true, allowed };
  return { pinned: false, allowed, reason: failure(outcome, cpu, allowed) };
}

function failure(outcome: ReturnType<typeof spawnSync>, cpu: number, allowed: string): string {
  const { code } = (outcome.error ?? {}) as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'taskset (util-linux) is not on PATH';
  if (outcome.error !== undefined) return `taskset did not run: ${outcome.error.message}`;
  const said = String(outcome.stderr).trim().split('\n')[0];
  return said || `taskset asked for CPU ${cpu}, the kernel allows ${allowed || 'an unknown set'}`;
}
