import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { npyPieces, readNpy } from '../../../src/cli/formats/npy.js';
import { NumavoxError } from '../../../src/index.js';
import { classifier, type FakeModel, numavox } from './fake_engine.js';

let folder: string;
let model: string;
const at = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-'));
  model = at('model.onnx');
  writeFileSync(model, 'onnx');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const writeNpy = (name: string, dims: readonly number[], value = 1): string => {
  const data = new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(value);
  writeFileSync(at(name), Buffer.concat(npyPieces({ dims, data })));
  return at(name);
};

describe('numavox run', () => {
  it('runs a zoo network on a synthetic clip and says that its classes mean nothing', async () => {
    const { code, stdout, stderr, calls } = await numavox([
      'run',
      'c3d',
      '--width',
      '0.125',
      '--seed',
      '3',
      '--top',
      '2',
    ]);
    expect(code).toBe(0);
    expect(calls.opened[0]?.model).toBe('zoo:c3d?width=0.125&seed=3');
    expect(calls.fed[0]?.x).toEqual({ dims: [1, 3, 4, 8, 8], data: new Float32Array(768).fill(0.25) });
    expect(stdout).toBe('rank  class  probability\n   1      1      50.00 %\n   2      0      25.00 %\n');
    expect(stderr).toContain('its classes mean nothing');
    expect(stderr).toContain('2 workers on 1 node, 1 cluster, pinned to CPU 0-1; module relaxed, algorithm auto');
    expect(stderr).toContain('78.41 M parameters, 1.50 GFLOP, 512 MiB');
    expect(stderr).toMatch(/ran in .* GFLOP\/s/);
    expect(calls.releases).toBe(1);
  });

  it('prints one JSON object', async () => {
    writeFileSync(at('names.txt'), 'ant\nbee\ncat\ndog\n');
    const { stdout, stderr, calls } = await numavox([
      'run',
      'c3d',
      '--json',
      '--quiet',
      '--labels',
      at('names.txt'),
      '--workers',
      '3',
      '--topology',
      '2x1x2',
      '--module',
      'simd',
      '--vectors',
      '128',
      '--algorithm',
      'exact',
      '--weights',
      'bf16',
      '--weight-growth',
      '3',
      '--shape',
      'x=1,3,4,8,8',
    ]);
    expect(stderr).toBe('');
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({
      model: 'c3d',
      untrained: true,
      inputs: [{ name: 'x', dims: [1, 3, 4, 8, 8], source: 'synthetic clip' }],
      outputs: [{ name: 'y', dims: [1, 4], notFinite: 0 }],
      files: { npy: null, labels: null, png: null },
      gflop: 1.5,
      machine: { nodes: 1, clusters: 1, module: 'relaxed', tileForms: {}, algorithm: 'auto', weights: 'f32' },
    });
    expect(result.top[0]).toEqual({ item: 0, class: 1, label: 'bee', probability: expect.closeTo(0.5, 6) });
    expect(result.top).toHaveLength(4);
    expect(result.gflops).toBeCloseTo(1.5 / (result.elapsedMs / 1000), 6);
    expect(calls.opened[0]?.options).toMatchObject({
      workers: 3,
      topology: '2x1x2',
      module: 'simd',
      vectors: 128,
      algorithm: 'exact',
      weights: 'bf16',
      weightGrowth: 3,
      shapes: { x: [1, 3, 4, 8, 8] },
    });
  });

  it.each([
    [{ f32_conv_gemm: 'wide', f32_winograd_products: 'wide' }, 'module relaxed (tiles: wide), algorithm auto'],
    [{ f32_conv_gemm: 'lanes' }, 'module relaxed (tiles: lanes), algorithm auto'],
  ])('says which tiles the host has got: %o', async (tileForms, text) => {
    const { stderr } = await numavox(['run', 'c3d'], { ...classifier, tileForms });
    expect(stderr).toContain(text);
  });

  it('feeds arrays and tensors, in order or by name', async () => {
    const two: FakeModel = {
      ...classifier,
      inputs: [
        { name: 'a', dims: [2] },
        { name: 'b', dims: [3] },
      ],
    };
    const three = writeNpy('three.npy', [3], 3);
    const odd = writeNpy('b=2.npy', [2], 2);
    const { calls } = await numavox(['run', model, '--input', odd, '--input', `b=${three}`], two);
    expect(calls.fed[0]).toEqual({
      a: { dims: [2], data: new Float32Array(2).fill(2) },
      b: { dims: [3], data: new Float32Array(3).fill(3) },
    });
    const swapped = await numavox(['run', model, '--input', `b=${three}`, '--input', odd], two);
    expect(Object.keys(swapped.calls.fed[0] ?? {})).toEqual(['a', 'b']);
    expect(swapped.calls.fed[0]?.b?.dims).toEqual([3]);
    writeFileSync(at('x.pb'), 'tensor');
    const tensor = await numavox(['run', model, '--input', at('x.pb')]);
    expect(tensor.calls.fed[0]?.x?.data[0]).toBe(2);
    expect(tensor.stderr).not.toContain('untrained');

    for (const [args, message] of [
      [['--input', three], "no --input for the model's input b"],
      [['--input', `c=${three}`], "the model's inputs are a, b"],
      [['--input', `a=${three}`, '--input', `a=${three}`], 'a is given twice'],
      [['--input', three, '--input', three, '--input', three], 'the model has 2 (a, b)'],
    ] as const) {
      const result = await numavox(['run', model, '--quiet', ...args], two);
      expect([result.code, result.stdout, result.calls.fed]).toEqual([2, '', []]);
      expect(result.stderr).toContain(message);
      expect(result.calls.releases).toBe(1);
    }
  });

  it('needs sizes for a clip', async () => {
    const open: FakeModel = { ...classifier, inputs: [{ name: 'x', dims: ['N', 3, 4, 'H', 8] }], outputs: null };
    const result = await numavox(['run', model, '--quiet'], open);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toBe(
      'numavox: input x has sizes [N, 3, 4, H, 8]: give --shape x=SIZE,3,4,SIZE,8, or an --input to run on\n',
    );
  });

  it('writes the first output, and warns of the others', async () => {
    const data = Float32Array.of(0.5, 1.5);
    const run = () => [
      { name: '12', dims: [1, 2], data },
      { name: '7', dims: [1], data: Float32Array.of(9) },
    ];
    const result = await numavox(['run', model, '--output', at('y.npy')], { ...classifier, outputs: null, run });
    expect(result.code).toBe(0);
    expect(readNpy(readFileSync(at('y.npy')), 'y')).toEqual({ dims: [1, 2], data });
    expect(result.stderr).toMatch(/numavox: warning: .*y\.npy holds 12 only; not written: 7\n/);
    expect(result.stderr).toContain(`wrote ${at('y.npy')}\n`);
  });

  it('describes outputs that are no classes', async () => {
    const run = () => [{ name: 'y', dims: [1, 1, 2, 2], data: Float32Array.of(1, 2, 6, Number.NaN) }];
    const { stdout } = await numavox(['run', model, '--quiet'], { ...classifier, outputs: null, run });
    expect(stdout).toMatch(/^output +size +min +max +mean +not finite\ny +1x1x2x2 +1\.00000 +6\.00000 +3\.00000 +1\n$/);
  });

  it('warns of NaN in an input once, and runs', async () => {
    const file = writeNpy('nan.npy', [1, 3, 4, 8, 8], Number.NaN);
    const { code, stderr } = await numavox(['run', model, '--quiet', '--input', file]);
    expect(code).toBe(0);
    expect(stderr).toBe(`numavox: warning: ${file}: 768 values are NaN or infinite\n`);
  });

  it('finds out before the run what the result cannot be', async () => {
    writeFileSync(at('names.txt'), 'a\nb\nc\n');
    const wrongCount = await numavox(['run', model, '--quiet', '--labels', at('names.txt')]);
    expect(wrongCount).toMatchObject({ code: 2, stdout: '', calls: { fed: [], releases: 1 } });
    expect(wrongCount.stderr).toContain('names.txt has 3 names, the model has 4 classes');
    const maps: FakeModel = { ...classifier, outputs: [{ name: 'y', dims: [1, 3, 2, 2, 2] }] };
    const noClasses = await numavox(['run', model, '--quiet', '--labels', at('names.txt')], maps);
    expect(noClasses).toMatchObject({ code: 2, calls: { fed: [] } });
    expect(noClasses.stderr).toContain('1x3x2x2x2 has no classes');
  });

  it('does not write over what it reads', async () => {
    const file = writeNpy('x.npy', [1, 3, 4, 8, 8]);
    const before = readFileSync(file);
    const result = await numavox(['run', model, '--input', file, '--output', join(folder, '.', 'x.npy')]);
    expect(result).toMatchObject({ code: 2, calls: { opened: [] } });
    expect(readFileSync(file)).toEqual(before);
  });

  it('refuses zoo options for a file, and takes ./c3d for a file', async () => {
    expect((await numavox(['run', model, '--width', '0.5'])).stderr).toContain('--width is for zoo networks');
    expect((await numavox(['run', './c3d'])).stderr).toContain('./c3d: no such file');
    const uri = await numavox(['run', 'zoo:c3d?width=0.5', '--classes', '7']);
    expect(uri.calls.opened[0]?.model).toBe('zoo:c3d?width=0.5&classes=7');
  });

  it('reads a topology from a file', async () => {
    writeFileSync(at('machine.json'), '{"online": [0]}');
    const { calls } = await numavox(['run', 'c3d', '--topology', at('machine.json')]);
    expect(calls.opened[0]?.options.topology).toEqual({ online: [0] });
    for (const text of ['{', '[1]', '7']) {
      writeFileSync(at('machine.json'), text);
      const result = await numavox(['run', 'c3d', '--topology', at('machine.json')]);
      expect(result).toMatchObject({ code: 2, stderr: expect.stringContaining('machine.json: not ') });
    }
  });

  it("prints the engine's warnings, one line each, even when quiet", async () => {
    const result = await numavox(['run', model, '--quiet'], { ...classifier, warning: 'no taskset on PATH' });
    expect(result).toMatchObject({ code: 0, stderr: 'numavox: warning: no taskset on PATH\n' });
  });

  it('releases after a failed run, and writes nothing then', async () => {
    const run = () => {
      throw new NumavoxError('runtime', 'worker 1 failed in conv1');
    };
    const result = await numavox(['run', model, '--output', at('y.npy')], { ...classifier, run });
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: 'numavox: worker 1 failed in conv1\n' });
    expect(result.calls.releases).toBe(1);
    expect(readdirSync(folder)).toEqual(['model.onnx']);
  });

  it('says nothing of an abort and writes nothing after it', async () => {
    const controller = new AbortController();
    const run = async (_feeds: unknown, signal: AbortSignal) => {
      controller.abort();
      signal.throwIfAborted();
      return [];
    };
    const options = { signal: controller.signal };
    const result = await numavox(['run', model, '--output', at('y.npy')], { ...classifier, run }, options);
    expect(result).toMatchObject({ stdout: '', stderr: '', calls: { releases: 1 } });
    expect(readdirSync(folder)).toEqual(['model.onnx']);
    // An abort that comes when the outputs are there.
    const late = async () => {
      controller.abort();
      return classifier.run?.({}, controller.signal) ?? [];
    };
    await numavox(['run', model, '--output', at('y.npy')], { ...classifier, run: late }, options);
    expect(readdirSync(folder)).toEqual(['model.onnx']);
  });

  it('draws a progress bar on a terminal only, and not when quiet', async () => {
    const visible = /conv1/;
    expect((await numavox(['run', 'c3d'], classifier, { tty: true })).stderr).toMatch(visible);
    expect((await numavox(['run', 'c3d'], classifier)).stderr).not.toMatch(visible);
    expect((await numavox(['run', 'c3d', '--quiet'], classifier, { tty: true })).stderr).not.toMatch(visible);
  });
});
