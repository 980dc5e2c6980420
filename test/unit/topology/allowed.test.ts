import { describe, expect, it } from 'vitest';
import { parseMemoryPolicy } from '../../../src/topology/allowed.js';
import { excludedCpus, filesFromRecord, readTopology } from '../../../src/topology/index.js';
import { epyc, filesOf, type Machine, span } from './machine.js';

const eight: Machine = {
  online: span(0, 8),
  nodes: [
    { id: 0, cpus: span(0, 4) },
    { id: 1, cpus: span(4, 8) },
  ],
};

const read = (files: Record<string, string>, machine = eight) =>
  readTopology(filesFromRecord(filesOf({ ...machine, files })));

const mask = (cpus: string, mems = '0-1') =>
  `Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${cpus}\nMems_allowed_list:\t${mems}\n`;

describe('allowed', () => {
  it('is the process mask, within what is online', () => {
    const { allowed, hierarchyAllowed } = read({ '/proc/self/status': mask('2-5,9', '1') });
    expect(allowed).toEqual({ kind: 'proc/self/status', cpus: [2, 3, 4, 5], mems: [1], restricts: true });
    expect(hierarchyAllowed.map(({ node }) => node)).toEqual([0, 1]);
  });

  it('passes over a mask of another machine', () => {
    const { allowed } = read({ '/proc/self/status': mask('64-127') });
    expect(allowed).toMatchObject({ kind: 'none', cpus: span(0, 8), restricts: false });
    expect(read({ '/proc/self/status': mask('0-1', '7') }).allowed).toMatchObject({ cpus: [0, 1], mems: [0, 1] });
  });

  it('is the cgroup where there is no mask: v1, effective before configured', () => {
    const files = {
      '/proc/self/cgroup': '4:cpu,cpuacct:/\n3:cpuset:/jobs/a\n0::/\n',
      '/sys/fs/cgroup/cpuset/cpuset.cpus': '0-7\n',
      '/sys/fs/cgroup/cpuset/jobs/a/cpuset.cpus': '0-5\n',
      '/sys/fs/cgroup/cpuset/jobs/a/cpuset.effective_cpus': '0-1\n',
      '/sys/fs/cgroup/cpuset/jobs/a/cpuset.mems': '0\n',
    };
    const dir = '/sys/fs/cgroup/cpuset/jobs/a';
    expect(read(files).allowed).toEqual({ kind: 'v1', dir, cpus: [0, 1], mems: [0], restricts: true });
  });

  it('is the nearest v2 group that has a cpuset', () => {
    const files = {
      '/proc/self/cgroup': '0::/slice/job\n',
      '/sys/fs/cgroup/slice/cpuset.cpus.effective': '4-7\n',
      '/sys/fs/cgroup/slice/cpuset.mems.effective': '1\n',
      '/sys/fs/cgroup/cpuset.cpus.effective': '0-7\n',
    };
    expect(read(files).allowed).toMatchObject({
      kind: 'v2',
      dir: '/sys/fs/cgroup/slice',
      cpus: [4, 5, 6, 7],
      mems: [1],
    });
  });

  it('is the root of the mount in a container that sees the path of the host', () => {
    const files = {
      '/proc/self/cgroup': '3:cpuset:/docker/0123\n',
      '/sys/fs/cgroup/cpuset/cpuset.cpus': '2-3\n',
    };
    expect(read(files).allowed.cpus).toEqual([2, 3]);
  });
});

describe('the CPU quota', () => {
  const v2 = (limits: Record<string, string>) =>
    read({
      '/proc/self/cgroup': '0::/a/b\n',
      ...Object.fromEntries(Object.entries(limits).map(([dir, text]) => [`/sys/fs/cgroup${dir}/cpu.max`, text])),
    }).quotaCpus;

  it.each([
    ['max 100000\n', null],
    ['350000 100000\n', 3],
    ['50000 100000\n', 1],
    ['200000\n', 2],
    ['0 100000\n', null],
    ['garbage', null],
    ['', null],
    ['100000 0', null],
  ])('cpu.max %j is %j', (text, quota) => {
    expect(v2({ '/a/b': text })).toBe(quota);
  });

  it('is the least of all ancestors', () => {
    expect(v2({ '/a/b': '800000 100000', '/a': '250000 100000', '': 'max 100000' })).toBe(2);
  });

  it.each([
    ['-1', '100000', null],
    ['250000', '100000', 2],
    ['10000', '100000', 1],
  ])('cfs_quota_us %s of %s is %j', (quota, period, cpus) => {
    const files = {
      '/proc/self/cgroup': '2:cpu,cpuacct:/x\n0::/\n',
      '/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us': `${quota}\n`,
      '/sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us': `${period}\n`,
    };
    expect(read(files).quotaCpus).toBe(cpus);
  });
});

describe('the memory policy', () => {
  const lines = (policy: string) =>
    [
      `563bb0696000 ${policy} file=/usr/bin/node mapped=2 N0=2 kernelpagesize_kB=4`,
      `7ffd0000 ${policy} stack anon=3`,
    ].join('\n');

  it.each([
    ['default', null],
    ['bind:0', { mode: 'bind', nodes: [0] }],
    ['bind=static:0-1,3', { mode: 'bind', nodes: [0, 1, 3] }],
    ['interleave:0-3', { mode: 'interleave', nodes: [0, 1, 2, 3] }],
    ['prefer:1', { mode: 'prefer', nodes: [1] }],
    ['prefer (many):0-1', { mode: 'prefer (many)', nodes: [0, 1] }],
    ['weighted interleave:0-1', { mode: 'weighted interleave', nodes: [0, 1] }],
    ['local', { mode: 'local', nodes: [] }],
  ])('%s', (text, policy) => {
    expect(parseMemoryPolicy(lines(text))).toEqual(policy);
  });

  it("is the process's, not that of a single mapping", () => {
    expect(parseMemoryPolicy(`1000 bind:1 anon=1\n${lines('default')}`)).toBeNull();
    expect(parseMemoryPolicy('')).toBeNull();
  });
});

describe('left out', () => {
  const reasons = (files: Record<string, string>, options = {}, machine = eight) =>
    Object.fromEntries(excludedCpus(read(files, machine), options).map(({ cpu, reason }) => [cpu, reason]));

  it('says whether the mask or the cgroup did it', () => {
    const files = {
      '/proc/self/status': mask('2-3'),
      '/proc/self/cgroup': '3:cpuset:/\n',
      '/sys/fs/cgroup/cpuset/cpuset.cpus': '0-3\n',
    };
    expect(reasons(files)).toEqual({
      0: 'process mask',
      1: 'process mask',
      4: 'cgroup cpuset',
      5: 'cgroup cpuset',
      6: 'cgroup cpuset',
      7: 'cgroup cpuset',
    });
  });

  it('names the first allowed CPU of the core', () => {
    expect(reasons({}, {}, epyc)[48]).toBe('SMT sibling of CPU 0');
    expect(reasons({ '/proc/self/status': mask('48-95') }, {}, epyc)).toMatchObject({ 0: 'process mask' });
    expect(reasons({ '/proc/self/status': mask('48-95') }, {}, epyc)).not.toHaveProperty('48');
    expect(reasons({}, { smt: true }, epyc)).toEqual({});
  });

  it('says what is offline', () => {
    const files = { '/sys/devices/system/cpu/present': '0-9\n', '/proc/self/status': mask('0-6') };
    expect(reasons(files)).toEqual({ 7: 'process mask', 8: 'offline', 9: 'offline' });
  });

  it('says the quota, or the number of workers', () => {
    const files = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '600000 100000\n' };
    expect(new Set(Object.values(reasons(files)))).toEqual(new Set(['CPU quota']));
    expect(Object.keys(reasons(files))).toHaveLength(2);
    expect(Object.keys(reasons(files, { quota: null }))).toHaveLength(0);
    expect(new Set(Object.values(reasons({}, { workers: 3 })))).toEqual(new Set(['more CPUs than workers']));
  });
});
