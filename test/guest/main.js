// `npm run test:guest -- [MACHINE...] [--verbose]`: the placement on real NUMA nodes, in emulated guests that are booted one
// after another. Needs a script that boots them (NUMAVOX_GUEST) and QEMU; without them the test is skipped. Exits 1 where a
// check fails or a guest ends early.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machines } from './machines.js';
import { packProject } from './pack.js';

const memoryPerNodeMib = 768;
const limitSeconds = 1800;

const root = fileURLToPath(new URL('../..', import.meta.url));
const tool = process.env.NUMAVOX_GUEST ?? join(root, '../shared/tools/numa-guest.sh');

const { values, positionals } = parseArgs({ allowPositionals: true, options: { verbose: { type: 'boolean' } } });
const unknown = positionals.find(name => !Object.hasOwn(machines, name));
if (unknown !== undefined) {
  console.error(`no guest '${unknown}'; there are ${Object.keys(machines).join(', ')}`);
  process.exit(2);
}
const missing = whatIsMissing();
if (missing !== null) {
  console.log(`SKIPPED: no guest to test in: ${missing}`);
  process.exit(0);
}

const rows = (positionals.length > 0 ? positionals : Object.keys(machines)).flatMap(testIn);
printTable(rows);
process.exit(rows.every(({ ok }) => ok) ? 0 : 1);

function whatIsMissing() {
  if (!existsSync(tool)) return `${tool} is not there (set NUMAVOX_GUEST)`;
  const programs = ['qemu-system-x86_64', 'busybox', 'numactl', 'taskset'];
  const folders = (process.env.PATH ?? '').split(':');
  const absent = programs.find(program => !folders.some(folder => existsSync(join(folder, program))));
  return absent === undefined ? null : `${absent} is not on PATH`;
}

/** Boots one guest and runs the checks in it; and returns the rows of the table. */
function testIn(name) {
  console.error(`${name}: booting; this takes minutes`);
  const folder = mkdtempSync(join(tmpdir(), 'numavox-guest-'));
  try {
    packProject(root, folder);
    const command = `node test/guest/inside.js ${name}`;
    const args = ['-t', name, '-p', folder, '-m', String(memoryPerNodeMib), '-T', String(limitSeconds), '--', command];
    const { stdout, stderr, status } = spawnSync('bash', [tool, ...args], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (values.verbose) process.stderr.write(`${stdout}${stderr}`);
    const checks = [...stdout.matchAll(/^CHECK (.*)$/gm)].map(([, json]) => ({ guest: name, ...JSON.parse(json) }));
    if (status === 0 && checks.length > 0) return checks;
    const detail = `exit status ${status}: ${lastLines(`${stdout}${stderr}`)}`;
    return [...checks, { guest: name, name: 'to the end', ok: false, detail }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const lastLines = text => text.trim().split('\n').slice(-5).join('\n');

function printTable(rows) {
  const widths = ['guest', 'name'].map(key => Math.max(...rows.map(row => row[key].length)));
  for (const { guest, name, ok, detail } of rows) {
    const head = `${guest.padEnd(widths[0])}  ${name.padEnd(widths[1])}  ${ok ? 'ok    ' : 'FAILED'}  `;
    console.log(head + detail.replaceAll('\n', `\n${' '.repeat(head.length)}`));
  }
}
