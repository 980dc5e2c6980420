// The checks, run inside a guest: `node inside.js MACHINE` prints one line `CHECK JSON` for each of them, JSON =
// { name, ok, detail }. What a check needs is observed once, in a process of its own, as a user would start it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual, promisify } from 'node:util';
import { machines, nodesOf } from './machines.js';

/** Channels enough for cuts along them, and residuals. */
const models = ['zoo:c3d?width=0.125&classes=16', 'zoo:resnet34?width=0.125&classes=16'];
const runArgs = ['run', 'c3d', '--width', '0.125', '--classes', '16', '--json', '--quiet'];
const pagesBar = 0.95;
const wasmPageBytes = 65536;

// All kernels are compiled before a worker starts: where they are compiled beside code that runs, Node now and then dies of
// illegal instructions under QEMU with several emulated CPUs.
const nodeFlags = ['--no-wasm-lazy-compilation', '--no-wasm-dynamic-tiering', '--no-liftoff'];

const at = path => fileURLToPath(new URL(path, import.meta.url));
const machine = machines[process.argv[2]];
const nodes = nodesOf(machine);
const allCpus = nodes.flatMap(({ cpus }) => cpus);
const cpusOf = wanted => nodes.filter(({ node }) => wanted.includes(node)).flatMap(({ cpus }) => cpus);

/** Runs a script of the project with Node, under `prefix`; resolves with what it prints. Rejects where it fails. */
async function node(prefix, script, args) {
  const [command, ...rest] = [...prefix, process.execPath, ...nodeFlags, at(script), ...args];
  const { stdout } = await promisify(execFile)(command, rest, { maxBuffer: 2 ** 26 });
  return stdout;
}

const numactl = wanted => ['numactl', `--cpunodebind=${wanted}`, `--membind=${wanted}`];
const cli = (prefix, ...args) => node(prefix, '../../dist/src/cli/main.js', args);
const observe = async (prefix, options) =>
  JSON.parse(await node(prefix, './observe.js', [JSON.stringify({ models, options })]));

async function check(name, test) {
  try {
    print({ name, ok: true, detail: (await test()) ?? '' });
  } catch (error) {
    const { message, signal } = error;
    print({ name, ok: false, detail: `${message.trim()}${signal ? ` (${signal})` : ''}` });
  }
}

function same(what, found, expected) {
  if (isDeepStrictEqual(found, expected)) return;
  throw new Error(`${what}: ${JSON.stringify(found)} in place of ${JSON.stringify(expected)}`);
}

function must(holds, what) {
  if (!holds) throw new Error(what);
}

const print = line => console.log(`CHECK ${JSON.stringify(line)}`);

/** Makes it when it is first asked for, and only then; a failure is every caller's. */
function once(make) {
  let made;
  return () => {
    made ??= make();
    return made;
  };
}

const one = once(() => observe([], { workers: 1 }));
const all = once(() => observe([], {}));
const kept = once(() => observe(['numactl', '--localalloc'], {}));
const bound = once(() => observe(numactl('2,3'), {}));

/** One worker on each of the CPUs, and no thread that is pinned elsewhere or twice. */
function checkWorkers({ workers, threads }, cpus) {
  const placed = workers.map(({ cpu, allowed }) => [cpu, allowed]);
  const wanted = cpus.map(cpu => [cpu, String(cpu)]);
  same('CPU and mask of each worker', placed, wanted);
  const pinned = threads.filter(list => /^\d+$/.test(list)).map(Number);
  pinned.sort((a, b) => a - b);
  same('CPUs that a thread is pinned to', pinned, cpus);
}

/** The memories are the session's, one for each node, and each has its pages there. `when`: `loaded` or `ran`. */
function checkMemories({ model, memories, memoryBytes }, when, wanted) {
  const found = memories[when];
  const mapped = found.reduce((sum, { bytes }) => sum + bytes, 0);
  const spare = mapped - memoryBytes;
  must(spare >= 0 && spare < found.length * wasmPageBytes, `${mapped} bytes are mapped for ${memoryBytes}`);
  const homes = homesOf(found);
  const text = homes.map(({ node, part, total }) => `${percent(part)} of ${total} on node ${node}`).join(', ');
  const homeNodes = homes.map(({ node }) => node);
  same(`${model}: nodes of the memories (${text})`, homeNodes, wanted);
  const least = Math.min(...homes.map(({ part }) => part));
  must(least > pagesBar, `${model}: pages: ${text}`);
  return `${percent(least)} or more in ${found.length} memories`;
}

/** Per memory, in the order of nodes: the node that has most of its pages, which part of them, and how many there are. */
function homesOf(memories) {
  const homes = memories.map(({ pages }) => {
    const counts = Object.entries(pages);
    const [home, most] = counts.reduce((a, b) => (b[1] > a[1] ? b : a), ['none', 0]);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    return { node: Number(home), part: most / total, total };
  });
  return homes.sort((a, b) => a.node - b.node);
}

const percent = part => `${(part * 100).toFixed(1)} %`;

const digestsOf = ({ sessions }) => sessions.map(({ digests }) => digests);

/** SHA-256 of a .npy file's values: those behind its header. */
function npyDigest(path) {
  const file = readFileSync(path);
  return createHash('sha256')
    .update(file.subarray(10 + file.readUInt16LE(8)))
    .digest('hex');
}

/** Runs the command line as the README does; what it says of its machine, and its results. */
async function recipe(prefix, file) {
  const ran = JSON.parse(await cli(prefix, ...runArgs, '--output', file));
  const cpus = ran.machine.workers.map(({ cpu }) => cpu);
  return { nodes: ran.machine.nodes, cpus, digest: npyDigest(file) };
}

async function checkPages(observation, when, expected) {
  const { sessions } = await observation();
  const wanted = expected.map(({ node }) => node);
  return sessions.map(session => checkMemories(session, when, wanted)).join('; ');
}

await check('topology', async () => {
  const found = JSON.parse(await cli([], 'topology', '--json'));
  const foundNodes = found.nodes.map(({ id, cpus, distances }) => ({ id, cpus, distances }));
  const wantedNodes = nodes.map(({ node, cpus }) => ({ id: node, cpus, distances: machine.distances[node] }));
  same('nodes', foundNodes, wantedNodes);
  const foundTree = found.hierarchyAllowed.map(({ clusters }) => clusters.map(({ cores }) => cores));
  const wantedTree = nodes.map(({ clusters }) => clusters.map(cpus => cpus.map(cpu => [cpu])));
  same('cores by node and cluster', foundTree, wantedTree);
  return `${nodes.length} nodes x ${machine.clustersPerNode} clusters x ${machine.coresPerCluster} cores`;
});
await check('workers on their CPUs', async () => {
  const { sessions } = await all();
  for (const session of sessions) {
    checkWorkers(session, allCpus);
    same('nodes', session.nodes, nodes.length);
    same('clusters', session.clusters, nodes.length * machine.clustersPerNode);
  }
  return `${allCpus.length} workers`;
});
// A kernel that balances nodes by itself may move pages to whoever reads them; --localalloc tells it not to.
await check('pages, loaded', () => checkPages(all, 'loaded', nodes));
await check('pages, ran with --localalloc', () => checkPages(kept, 'ran', nodes));
await check('numactl: CPUs', async () => {
  const cpus = cpusOf([2, 3]);
  const { sessions } = await bound();
  for (const session of sessions) checkWorkers(session, cpus);
  const together = `${cpus[0]}-${cpus.at(-1)}`;
  const lists = new Set(sessions.flatMap(({ threads }) => threads));
  for (const list of lists) must(list === together || cpus.includes(Number(list)), `a thread may run on ${list}`);
  return `${cpus.length} workers, every thread on ${together}`;
});
await check('numactl: nodes', async () => {
  const { pages } = await bound();
  same('nodes with pages of the process', Object.keys(pages), ['2', '3']);
  return checkPages(bound, 'ran', nodes.slice(2));
});
await check('same bits as one worker', async () => {
  const alone = digestsOf(await one());
  for (const runs of alone) same('runs of one worker', runs, Array(runs.length).fill(runs[0]));
  same('all nodes', digestsOf(await all()), alone);
  same('all nodes, --localalloc', digestsOf(await kept()), alone);
  same('two nodes', digestsOf(await bound()), alone);
  return models.join(', ');
});
await check('recipe: over all nodes', async () => {
  const [[digest]] = digestsOf(await one());
  same('run', await recipe([], '/tmp/all.npy'), { nodes: nodes.length, cpus: allCpus, digest });
  return `${allCpus.length} workers`;
});
await check('recipe: one per node', async () => {
  const [[digest]] = digestsOf(await one());
  const runs = await Promise.all(nodes.map(({ node }) => recipe(numactl(node), `/tmp/${node}.npy`)));
  const wanted = nodes.map(({ cpus }) => ({ nodes: 1, cpus, digest }));
  same('runs', runs, wanted);
  return `${runs.length} at the same time`;
});
