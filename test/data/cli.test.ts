/** The compiled command line on a real model and a real volume. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { PNG } from 'pngjs';
import { afterAll, expect, it } from 'vitest';
import { readNifti } from '../../src/cli/formats/nifti.js';
import { dataPath } from './data.js';

const main = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'numavox-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const numavox = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' });

it('segments a brain as PyTorch does, on the grid of its volume', () => {
  const volume = dataPath('volumes', 't1_crop.nii.gz');
  const model = dataPath('models', 'meshnet5', 'model.onnx');
  const { status, stdout, stderr } = numavox(
    'run',
    model,
    '--input',
    volume,
    '--output',
    'labels.nii.gz',
    '--json',
    '--quiet',
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(readdirSync(folder).sort()).toEqual(['labels.nii.gz', 'labels.png']);

  const labels = readNifti(readFileSync(join(folder, 'labels.nii.gz')), 'labels');
  expect(labels.grid).toEqual(readNifti(readFileSync(volume), volume).grid);
  const expected = gunzipSync(readFileSync(dataPath('models', 'meshnet5', 't1_crop.labels.u8.gz')));
  const differing = expected.reduce((count, label, i) => count + (label === labels.data[i] ? 0 : 1), 0);
  expect(differing / expected.length).toBeLessThanOrEqual(1e-5);
  const counted = JSON.parse(stdout).labels.map((label: { voxels: number }) => label.voxels);
  expect(counted.reduce((a: number, b: number) => a + b, 0)).toBe(expected.length);
  expect(counted).toHaveLength(3);
  const png = PNG.sync.read(readFileSync(join(folder, 'labels.png')));
  expect([png.width, png.height]).toEqual([3 * 256 + 16, 256]);
});
