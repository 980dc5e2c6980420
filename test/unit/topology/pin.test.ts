import { execFileSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import {
  currentThreadId,
  hostTopology,
  parseCpuList,
  pinThisThread,
  threadAllowed,
} from '../../../src/topology/index.js';

const threadId = currentThreadId();
const before = threadId === null ? null : threadAllowed(threadId);
const { PATH } = process.env;

// Off Linux there is nothing to pin; the last test holds there too.
describe.skipIf(threadId === null || before === null)('pinning this thread', () => {
  const cpus = hostTopology().allowed.cpus;

  afterEach(() => {
    process.env.PATH = PATH;
    execFileSync('taskset', ['-cp', before!, String(threadId)], { stdio: 'ignore' });
    expect(threadAllowed(threadId!)).toBe(before);
  });

  it('puts it on the CPU, as the kernel confirms', () => {
    const cpu = cpus.at(-1)!;
    expect(pinThisThread(cpu)).toEqual({ pinned: true, allowed: `${cpu}` });
    expect(threadAllowed(threadId!)).toBe(`${cpu}`);
  });

  it('leaves the topology as it was read before', () => {
    pinThisThread(cpus[0]!);
    expect(hostTopology().allowed.cpus).toEqual(cpus);
  });

  it('gives the reason where the machine has no such CPU', () => {
    const { pinned, allowed, reason } = pinThisThread(60_000);
    expect(pinned).toBe(false);
    expect(parseCpuList(allowed)).toEqual(parseCpuList(before!));
    expect(reason).toMatch(/^taskset/);
  });

  it('gives the reason where there is no taskset', () => {
    process.env.PATH = '/no/such/folder';
    expect(pinThisThread(cpus[0]!)).toEqual({
      pinned: false,
      allowed: before,
      reason: 'taskset (util-linux) is not on PATH',
    });
  });
});

it('a thread that does not exist is allowed nothing that we know of', () => {
  expect(threadAllowed(0)).toBeNull();
});
