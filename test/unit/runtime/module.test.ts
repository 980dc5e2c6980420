import { describe, expect, it } from 'vitest';
import { buildTeams } from '../../../src/plan/build_teams.js';
import { startRuntime } from '../../../src/runtime/index.js';
import { chooseModule, compileModule, fuses, readModule } from '../../../src/runtime/module.js';
import { hostTopology } from '../../../src/topology/index.js';

const { versions, arch: hostArch } = process;

describe('fused vectors', () => {
  it.each([
    ['11.3.244.8-node.38', 'x64', false],
    ['12.4.254.21-node.33', 'x64', false],
    ['13.5.999', 'x64', false],
    ['13.6.233.17-node.44', 'x64', true],
    ['13.12.1', 'x64', true],
    ['14.0.1', 'x64', true],
    ['14.6.202.34-node.34', 'arm64', false],
  ])('of V8 %s on %s: %s', (v8, arch, can) => {
    expect(fuses(undefined, v8, arch)).toBe(can);
    expect(fuses(256, v8, arch)).toBe(can);
    expect(fuses(128, v8, arch)).toBe(false);
  });

  it('have a module of their own, compiled once', async () => {
    const name = chooseModule();
    const bytes = await readModule(name);
    const [plain, fused] = await Promise.all([compileModule(name, bytes), compileModule(name, bytes, true)]);
    expect(fused).not.toBe(plain);
    expect(await compileModule(name, bytes, true)).toBe(fused);
    expect(await compileModule(name, bytes)).toBe(plain);
  });

  // Elsewhere nothing could be.
  it.runIf(fuses(256, versions.v8, hostArch))('are not asked for with vectors of 128 bits', async () => {
    const { teams } = buildTeams(hostTopology(), { workers: 1 });
    const runtime = await startRuntime({ teams, onWarning: () => {}, vectors: 128 });
    await runtime.close();
    expect(Object.values(runtime.tileForms)).not.toContain('wide');
  });
});
