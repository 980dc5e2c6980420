import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ValueInfo } from '../../../src/cli/engine.js';
import { readNifti } from '../../../src/cli/formats/nifti.js';
import { readNpy } from '../../../src/cli/formats/npy.js';
import { type FakeModel, numavox } from './fake_engine.js';
import { byteVolume } from './volumes.js';

let folder: string;
let model: string;
let volume: string;
const at = (name: string): string => join(folder, name);

/** 5 x 4 x 3 (x, y, z); every voxel has an intensity of its own. */
const size = [5, 4, 3] as const;
const intensity = (x: number, y: number, z: number): number => x + 5 * y + 20 * z;
const voxels = 60;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-'));
  model = at('model.onnx');
  writeFileSync(model, 'onnx');
  volume = at('t1.nii');
  writeFileSync(volume, byteVolume(size, intensity, { sform: 1, pixdim: [1, 2, 2, 3, 1, 1, 1, 1], units: 2 }));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/**
 * A network of three classes that takes [1, 1, D, H, W] and finds class 2 where the intensity is above `cut`, class 1
 * elsewhere, and 0 where the volume was padded (intensities of `background`).
 */
function segmenter(
  dims: readonly (number | string)[],
  cut = 0.5,
  outputs: readonly ValueInfo[] | null = null,
): FakeModel {
  return {
    inputs: [{ name: 'x', dims }],
    outputs,
    run: feeds => {
      const { dims: fed, data } = feeds.x!;
      const scores = new Float32Array(3 * data.length);
      data.forEach((value, i) => {
        const label = value === 0 ? 0 : value > cut ? 2 : 1;
        scores[label * data.length + i] = 1;
      });
      return [{ name: 'y', dims: [1, 3, ...fed.slice(2)], data: scores }];
    },
  };
}

const own = [1, 1, 3, 4, 5];
const labelOf = (i: number): number => (i === 0 ? 0 : i / 59 > 0.5 ? 2 : 1);

describe('numavox run on a volume', () => {
  it('feeds it as [1, 1, z, y, x], scaled to 0..1, and writes labels on its grid with a picture beside', async () => {
    const { code, stdout, stderr, calls } = await numavox(
      ['run', model, '--input', volume, '--output', at('labels.nii.gz')],
      segmenter(own),
    );
    expect(code).toBe(0);
    const fed = calls.fed[0]?.x;
    expect(fed?.dims).toEqual(own);
    expect(Array.from(fed?.data ?? [])).toEqual(Array.from({ length: voxels }, (_, i) => Math.fround(i / 59)));

    const labels = readNifti(readFileSync(at('labels.nii.gz')), 'labels');
    expect(labels.grid).toEqual(readNifti(readFileSync(volume), 'v').grid);
    expect(Array.from(labels.data)).toEqual(Array.from({ length: voxels }, (_, i) => labelOf(i)));
    const png = PNG.sync.read(readFileSync(at('labels.png')));
    expect(png.height).toBeGreaterThan(100);
    expect(stdout).toBe(
      'label  voxels    share\n    0       1   1.67 %\n    1      29  48.33 %\n    2      30  50.00 %\n',
    );
    expect(stderr).toContain(`wrote ${at('labels.nii.gz')}\nwrote ${at('labels.png')}\n`);
    expect(readdirSync(folder).sort()).toEqual(['labels.nii.gz', 'labels.png', 'model.onnx', 't1.nii']);
  });

  it('writes uncompressed labels, a picture by name, and names of labels', async () => {
    writeFileSync(at('names.txt'), 'air\nwhite\ngrey\n');
    const args = ['run', model, '--input', volume, '--output', at('l.NII'), '--png', at('p.png'), '--json', '--quiet'];
    const { code, stdout } = await numavox([...args, '--labels', at('names.txt')], segmenter(own));
    expect(code).toBe(0);
    expect(readFileSync(at('l.NII')).length).toBe(352 + voxels);
    expect(JSON.parse(stdout)).toMatchObject({
      labels: [
        { label: 0, name: 'air', voxels: 1 },
        { label: 1, name: 'white', voxels: 29 },
        { label: 2, name: 'grey', voxels: 30 },
      ],
      files: { npy: null, labels: at('l.NII'), png: at('p.png') },
    });
    expect(readdirSync(folder)).toContain('p.png');
  });

  it('writes scores as an array, on request', async () => {
    await numavox(['run', model, '--input', volume, '--output', at('y.npy')], segmenter(own));
    expect(readNpy(readFileSync(at('y.npy')), 'y').dims).toEqual([1, 3, 3, 4, 5]);
    expect(readdirSync(folder)).not.toContain('y.png');
  });

  it('takes the scaling that is asked for', async () => {
    const fed = async (scale: string) =>
      (await numavox(['run', model, '--input', volume, '--scale', scale], segmenter(own))).calls.fed[0]?.x?.data;
    expect((await fed('none'))?.[59]).toBe(59);
    expect((await fed('-10,10'))?.[5]).toBe(0.75);
    expect((await fed('zscore'))?.[0]).toBeCloseTo(-29.5 / Math.sqrt((60 * 60 - 1) / 12), 5);
  });

  it('names both sizes where they differ', async () => {
    const result = await numavox(['run', model, '--input', volume, '--quiet'], segmenter([1, 1, 6, 6, 6]));
    expect(result).toMatchObject({ code: 2, stdout: '', calls: { fed: [], releases: 1 } });
    expect(result.stderr).toBe(
      `numavox: ${volume} is 5x4x3 (x, y, z), the model's input x is 6x6x6: use --fit pad or --fit crop, ` +
        'or --shape x=1,1,3,4,5 where the network takes any size\n',
    );
  });

  it('pads into a larger model with the background, and brings the labels home', async () => {
    const args = ['run', model, '--input', volume, '--fit', 'pad', '--output', at('l.nii')];
    const { code, calls } = await numavox(args, segmenter([1, 1, 6, 6, 6]));
    expect(code).toBe(0);
    const data = calls.fed[0]?.x?.data ?? new Float32Array(0);
    expect(data.length).toBe(216);
    expect(data.filter(value => value !== 0).length).toBe(voxels - 1);
    // (x, y, z) = (0, 0, 1) of the volume lies one voxel in from each of y and z.
    expect(data[(2 * 6 + 1) * 6]).toBe(Math.fround(20 / 59));
    const labels = readNifti(readFileSync(at('l.nii')), 'l').data;
    expect(Array.from(labels)).toEqual(Array.from({ length: voxels }, (_, i) => labelOf(i)));
  });

  it('crops into a smaller model, and labels what was cut 0', async () => {
    const args = ['run', model, '--input', volume, '--fit', 'crop', '--output', at('l.nii')];
    const { code } = await numavox(args, segmenter([1, 1, 5, 2, 3]));
    expect(code).toBe(0);
    const labels = readNifti(readFileSync(at('l.nii')), 'l').data;
    labels.forEach((label, i) => {
      const [x, y] = [i % 5, Math.floor(i / 5) % 4];
      expect(label).toBe(x >= 1 && x < 4 && y >= 1 && y < 3 ? labelOf(i) : 0);
    });
    const pad = await numavox(['run', model, '--input', volume, '--fit', 'pad'], segmenter([1, 1, 5, 2, 3]));
    expect(pad).toMatchObject({ code: 2, stderr: expect.stringContaining('5x4x3 into 3x2x5') });
  });

  it('lets a model of open sizes take the volume as it is', async () => {
    const result = await numavox(
      ['run', model, '--input', volume, '--output', at('l.nii')],
      segmenter(['N', 1, 'D', 'H', 'W']),
    );
    expect(result).toMatchObject({ code: 0 });
    expect(result.calls.fed[0]?.x?.dims).toEqual(own);
  });

  it('cuts a single channel at 0.5', async () => {
    const mask: FakeModel = {
      ...segmenter(own),
      run: feeds => [{ name: 'y', dims: own, data: feeds.x!.data.slice() }],
    };
    const { stdout } = await numavox(['run', model, '--input', volume, '--quiet'], mask);
    expect(stdout).toBe('label  voxels    share\n    0      30  50.00 %\n    1      30  50.00 %\n');
  });

  it.each<[string, readonly (number | string)[], readonly number[], string]>([
    [
      'inputs of several channels',
      [1, 3, 3, 4, 5],
      [1, 3, 3, 4, 5],
      'a volume is fed as 1x1xDxHxW, input x is 1x3x3x4x5',
    ],
    ['inputs of several clips', [2, 1, 3, 4, 5], [2, 3, 3, 4, 5], 'input x is 2x1x3x4x5'],
    ['flat inputs', [1, 60], [1, 3], 'input x is 1x60'],
    [
      'outputs of another size',
      own,
      [1, 3, 1, 2, 2],
      "output of the input's size, 5x4x3 (x, y, z), the model's is 2x2x1",
    ],
    ['outputs that are scores', own, [1, 3], "labels need an output of 1xCxDxHxW, the model's is 1x3"],
    ['outputs of too many classes', own, [1, 300, 3, 4, 5], '300 classes do not fit'],
  ])('refuses %s before the run, where sizes are known, or after it', async (_, input, output, message) => {
    const data = new Float32Array(output.reduce((a, b) => a * b, 1));
    const args = ['run', model, '--input', volume, '--output', at('l.nii'), '--quiet'];
    const run = () => [{ name: 'y', dims: output, data }];
    const early = await numavox(args, { ...segmenter(input), outputs: [{ name: 'y', dims: output }], run });
    expect(early).toMatchObject({ code: 2, stdout: '', calls: { fed: [], releases: 1 } });
    expect(early.stderr).toContain(message);
    const late = await numavox(args, { ...segmenter(input), run });
    expect(late).toMatchObject({ code: 2, stdout: '' });
    expect(late.stderr).toContain(message);
    expect(readdirSync(folder).sort()).toEqual(['model.onnx', 't1.nii']);
  });

  it('classifies a volume where the output is classes', async () => {
    const run = () => [{ name: 'y', dims: [1, 2], data: Float32Array.of(0, 1) }];
    const { stdout } = await numavox(['run', model, '--input', volume, '--quiet'], { ...segmenter(own), run });
    expect(stdout).toContain('rank  class  probability\n');
  });

  it('warns of a volume without contrast and of NaN', async () => {
    writeFileSync(
      volume,
      byteVolume(size, () => 7),
    );
    const flat = await numavox(['run', model, '--input', volume, '--quiet'], segmenter(own));
    expect(flat).toMatchObject({
      code: 0,
      stderr: `numavox: warning: ${volume}: every voxel has the same intensity\n`,
    });
    const write = (view: DataView, offset: number, i: number) =>
      view.setFloat32(offset, i === 3 ? Number.NaN : i, true);
    writeFileSync(
      volume,
      byteVolume(size, () => 0, { datatype: 16, bytesPerVoxel: 4, write }),
    );
    const odd = await numavox(['run', model, '--input', volume, '--quiet', '--png', at('p.png')], segmenter(own));
    expect(odd).toMatchObject({ code: 0, stderr: `numavox: warning: ${volume}: 1 voxel is NaN or infinite\n` });
    expect(readdirSync(folder)).toContain('p.png');
  });
});
