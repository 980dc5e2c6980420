import { describe, expect, it } from 'vitest';
import { defaultRates } from '../../../src/index.js';
import { numavox } from './fake_engine.js';

describe('numavox calibrate', () => {
  it('prints the rates and where they are kept, and says when they are not of today', async () => {
    const { code, stdout, stderr, calls } = await numavox(['calibrate']);
    expect(code).toBe(0);
    expect(stdout).toContain('kept in /cache/rates.json');
    expect(stdout).toMatch(/1 worker +2 workers/);
    expect(stdout).toMatch(/register tile +[\d.]+ GFLOP\/s/);
    expect(stdout).toMatch(/from memory +28\.0 GB\/s +42\.0 GB\/s/);
    expect(stdout).toMatch(/barrier of all +0\.50 us/);
    for (const piece of Object.keys(defaultRates.pieceNs)) expect(stdout).toContain(`\n${piece} `);
    expect(stderr).toBe('measured earlier; --force measures again\n');
    expect(calls.calibrations[0]).toMatchObject({ force: false });
  });

  it('measures again with --force, for the workers and the module that are asked for', async () => {
    const { stderr, calls } = await numavox(['calibrate', '--force', '--workers', '3', '--module', 'simd']);
    expect(stderr).toBe('');
    expect(calls.calibrations[0]).toMatchObject({ force: true, workers: 3, module: 'simd' });
    expect((await numavox(['calibrate', '--workers', '0'])).code).toBe(2);
  });

  it('prints one JSON object, and warnings on stderr', async () => {
    const { stdout, stderr } = await numavox(['calibrate', '--json'], { warning: 'rates cannot be kept' });
    expect(JSON.parse(stdout)).toEqual({ ...defaultRates, path: '/cache/rates.json', measured: false });
    expect(stderr).toBe('numavox: warning: rates cannot be kept\n');
  });
});
