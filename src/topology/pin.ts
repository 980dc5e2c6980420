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
  const complaint = runTaskset(cpu, threadId);
  const allowed = threadAllowed(threadId) ?? '';
  if (allowed === String(cpu)) return { pinned: true, allowed };
  const unheeded = `taskset asked for CPU ${cpu}, the kernel allows ${allowed === '' ? 'an unknown set' : allowed}`;
  return { pinned: false, allowed, reason: complaint ?? unheeded };
}

/** What went wrong, as far as taskset knows; null when nothing did. */
function runTaskset(cpu: number, threadId: number): string | null {
  try {
    const { error, stderr } = spawnSync('taskset', ['-cp', String(cpu), String(threadId)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: tasksetLimitMs,
    });
    if (error !== undefined) throw error;
    return stderr.trim().split('\n')[0] || null;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'taskset (util-linux) is not on PATH' : `taskset did not run: ${message}`;
  }
}
