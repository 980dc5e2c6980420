import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ErrorKind, NumavoxError } from '../../../src/index.js';
import { numavox } from './fake_engine.js';

describe('numavox', () => {
  it('prints its version and help on stdout, code 0', async () => {
    expect(await numavox(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      stderr: '',
    });
    const help = await numavox(['--help']);
    expect([help.code, help.stderr]).toEqual([0, '']);
    for (const command of ['run', 'bench', 'inspect', 'topology', 'zoo'])
      expect(help.stdout).toContain(`  ${command} `);
    const runHelp = await numavox(['run', '--help']);
    expect(runHelp.stdout).toContain('Examples:');
    expect(runHelp.stdout).toContain('neurological');
  });

  it('shows its help on stderr when nothing is asked, code 2', async () => {
    expect(await numavox([])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: numavox') });
  });

  it.each([
    [['rnu'], "numavox: unknown command 'rnu' (Did you mean run?)\n"],
    [
      ['run', 'c3d', '--vectors', '512'],
      "numavox: option '--vectors <bits>' argument '512' is invalid. Allowed choices are 128, 256.\n",
    ],
    [['run', 'c3d', '--inptu', 'x.npy'], "numavox: unknown option '--inptu' (Did you mean --input?)\n"],
    [['run'], "numavox: missing required argument 'model'\n"],
    [['run', 'c3d', 'p3d'], /^numavox: too many arguments for 'run'.*\n$/],
    [['run', 'c3d', '--fit', 'stretch'], /^numavox: option '--fit <how>' argument 'stretch' is invalid.*\n$/],
    [['run', 'c3d', '--workers', '0'], 'numavox: --workers 0: expected a whole number of at least 1\n'],
    [['run', 'c3d', '--workers', '1.5'], 'numavox: --workers 1.5: expected a whole number of at least 1\n'],
    [['run', 'c3d', '--workers', '-1'], 'numavox: --workers -1: expected a whole number of at least 1\n'],
    [['run', 'c3d', '--top', 'many'], /--top many/],
    [['run', 'c3d', '--width', '0'], 'numavox: --width 0: expected a number above 0\n'],
    [['run', 'c3d', '--width', 'NaN'], /--width NaN/],
    [['run', 'c3d', '--shape', '1,2,3'], /--shape 1,2,3: expected INPUT=SIZE/],
    [['run', 'c3d', '--shape', 'x=1,0,3'], /--shape x=1,0,3/],
    [['run', 'c3d', '--shape', 'x=1', '--shape', 'x=2'], /x is given twice/],
    [['run', 'c3d', '--scale', 'bright'], /--scale bright/],
    [['run', 'c3d', '--fit', 'pad'], /--fit needs an --input volume/],
    [['run', 'c3d', '--scale', 'none'], /--scale needs an --input volume/],
    [['run', 'c3d', '--png', 'a.png'], /labels need an --input volume/],
    [['run', 'c3d', '--output', 'a.nii.gz'], /labels need an --input volume/],
    [['run', 'c3d', '--output', 'y.txt'], /--output y.txt: expected a name in .npy, .nii or .nii.gz/],
    [['run', 'c3d', '--output', 'none/y.npy'], /no folder none/],
    [['run', 'c3d', '--labels', 'none.txt'], /none.txt: cannot be read: no such file/],
    [['run', 'c3d', '--input', 'none.npy'], /none.npy: cannot be read: no such file/],
    [['run', 'c3d', '--input', 'x.mat'], /--input x.mat: expected a .npy, .pb, .nii or .nii.gz file/],
    [['run', 'c3d', '--topology', 'none.json'], /none.json: cannot be read: no such file/],
    [['topology', '--workers', '0'], 'numavox: --workers 0: expected a whole number of at least 1\n'],
    [['topology', '--smtt'], "numavox: unknown option '--smtt' (Did you mean --smt?)\n"],
    [['run', 'nothing.onnx'], /nothing.onnx: no such file, and no zoo network \(c3d, p3d\)/],
    [['bench', 'c3d', '--runs', '0'], /--runs 0/],
    [['zoo', 'vgg', '-o', 'v.onnx'], /no zoo network 'vgg'/],
    [['zoo', 'c3d'], /-o FILE/],
    [['zoo', 'c3d', '-o', 'none/c3d.onnx'], /no folder none/],
  ] as [string[], string | RegExp][])(
    '%j is one line on stderr, code 2, before anything runs',
    async (args, expected) => {
      const { code, stdout, stderr, calls } = await numavox(args);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr.split('\n').length).toBe(2);
      if (typeof expected === 'string') expect(stderr).toBe(expected);
      else expect(stderr).toMatch(expected);
      expect([calls.opened, calls.exported]).toEqual([[], []]);
    },
  );

  it.each<[ErrorKind, number]>([
    ['usage', 2],
    ['input', 2],
    ['model', 2],
    ['unsupported', 2],
    ['resource', 1],
    ['runtime', 1],
    ['closed', 1],
    ['aborted', 1],
  ])('answers an error of kind %s with code %i', async (kind, code) => {
    const openError = new NumavoxError(kind, 'it went\nwrong', { cause: new RangeError('deep down') });
    const result = await numavox(['run', 'c3d', '--quiet'], { openError });
    expect(result).toMatchObject({ code, stdout: '', stderr: 'numavox: it went wrong\n' });
  });

  it('shows the chain of causes with --verbose', async () => {
    const cause = new Error('in the middle', { cause: new RangeError('deep down') });
    const openError = new NumavoxError('model', 'on top', { cause });
    const { stderr } = await numavox(['run', 'c3d', '--quiet', '--verbose'], { openError });
    expect(stderr).toMatch(
      /^numavox: on top\nNumavoxError: on top\n {4}at [\s\S]*\nError: in the middle\n[\s\S]*RangeError: deep/,
    );
  });

  it('calls anything else an internal error, code 1', async () => {
    const result = await numavox(['run', 'c3d', '--quiet'], { openError: new TypeError('x is not a function') });
    expect(result).toMatchObject({ code: 1, stderr: 'numavox: internal error: x is not a function\n' });
  });
});

describe('the other commands', () => {
  it('bench prints times, gflops and the host', async () => {
    const { code, stdout, calls } = await numavox([
      'bench',
      'p3d',
      '--runs',
      '3',
      '--warmup',
      '1',
      '--json',
      '--quiet',
    ]);
    expect(code).toBe(0);
    expect([calls.fed.length, calls.releases]).toEqual([4, 1]);
    const result = JSON.parse(stdout);
    expect(result.timesMs).toHaveLength(3);
    const sorted = [...result.timesMs].sort((a: number, b: number) => a - b);
    expect([result.bestMs, result.medianMs]).toEqual([sorted[0], sorted[1]]);
    expect(result.gflops).toBeCloseTo(1.5 / (result.bestMs / 1000), 6);
    expect(result.host).toMatchObject({ node: process.versions.node, v8: process.versions.v8 });
    expect((await numavox(['bench', 'p3d', '--runs', '2'])).stdout).toMatch(
      /^best .*, median .* of 2; .* GFLOP\/s at best\n$/,
    );
  });

  it('inspect prints layers, and reports of passes when verbose', async () => {
    const { stdout, calls } = await numavox(['inspect', 'c3d', '--shape', 'x=1,3', '--weight-growth', '2.5']);
    expect(calls.inspected).toMatchObject([{ name: 'zoo:c3d', shapes: { x: [1, 3] }, weightGrowth: 2.5 }]);
    expect(stdout).toContain('input x: 1x3\noutput y: 1x4\n');
    expect(stdout).toMatch(/fc +Gemm +x +1x4 +16 +96 B +24 k\n/);
    expect(stdout).toContain('weights take 96 B when they are packed, 1.50 times their size\n');
    expect(stdout).toContain('1 layer, 16 parameters (of the model as given), 24 kFLOP\n');
    expect(stdout).not.toContain('foldConstants');
    expect((await numavox(['inspect', 'c3d', '--verbose'])).stdout).toContain(
      'foldConstants  left  fc  its input is fed',
    );
    expect(JSON.parse((await numavox(['inspect', 'c3d', '--json'])).stdout)).toMatchObject({
      model: 'c3d',
      flops: 24_000,
    });
  });

  it('topology prints text or JSON', async () => {
    expect((await numavox(['topology'])).stdout).toBe('one node\n');
    const { stdout, calls } = await numavox(['topology', '--json', '--root', '/some', '--topology', '2x2']);
    expect(JSON.parse(stdout)).toEqual({ online: [0, 1] });
    expect(calls.topologies).toEqual([{ root: '/some', topology: '2x2' }]);
    const workers = await numavox(['topology', '--workers', '3', '--smt']);
    expect(workers.calls.topologies).toEqual([{ workers: 3, smt: true }]);
  });

  it.each(['run', 'bench'])('%s takes --smt, and what looks like a shape for one', async command => {
    const options = async (...args: string[]) => (await numavox([command, 'c3d', ...args])).calls.opened[0]?.options;
    expect(await options('--smt')).toMatchObject({ smt: true });
    expect(await options()).not.toHaveProperty('smt');
    for (const shape of ['4x2x', '4*2*4', '4,2,4', '4 2 4', '-1x2x2', '']) {
      expect(await options(`--topology=${shape}`)).toMatchObject({ topology: shape });
    }
  });

  it('zoo lists its networks and writes one', async () => {
    expect((await numavox(['zoo'])).stdout).toBe('c3d\np3d\n');
    const file = join(tmpdir(), 'c3d.onnx');
    const { code, stdout, stderr, calls } = await numavox(['zoo', 'c3d', '-o', file, '--classes', '5']);
    expect([code, stdout, stderr]).toEqual([0, '', `wrote ${file}\n`]);
    expect(calls.exported).toEqual([['c3d', { classes: 5 }, file]]);
  });
});
