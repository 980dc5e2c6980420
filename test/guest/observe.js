// Runs networks in sessions, one after another, and prints what was seen as one JSON line: where workers and pages are, and
// a digest of the results. `node observe.js JSON`, JSON = { models: [...], options: {...} } with the options of `create`.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describeSession, InferenceSession, syntheticClip, Tensor } from '../../dist/src/index.js';
import { processPages, wasmMemories } from './pages.js';

/** Enough for a page that a run moves away to be seen. */
const runsPerModel = 3;

/** The CPUs that each thread of this process may run on, as the kernel lists them. */
function threadLists() {
  return readdirSync('/proc/self/task').flatMap(thread => {
    try {
      return [/^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync(`/proc/self/task/${thread}/status`, 'latin1'))[1]];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

async function observe(model, options) {
  const before = new Set(wasmMemories().map(({ address }) => address));
  const own = () => wasmMemories().filter(({ address }) => !before.has(address));
  const session = await InferenceSession.create(model, options);
  const loaded = own();
  const [input] = session.inputMetadata;
  const feeds = { [input.name]: new Tensor('float32', syntheticClip(input.shape), input.shape) };
  const digests = [];
  for (let run = 0; run < runsPerModel; run++) {
    const hash = createHash('sha256');
    for (const { data } of Object.values(await session.run(feeds))) hash.update(new Uint8Array(data.buffer));
    digests.push(hash.digest('hex'));
  }
  const { nodes, clusters, workers, memoryBytes } = describeSession(session);
  const memories = { loaded, ran: own() };
  const seen = { model, nodes, clusters, workers, memoryBytes, memories, digests, threads: threadLists() };
  await session.release();
  return seen;
}

const { models, options } = JSON.parse(process.argv[2]);
const sessions = [];
for (const model of models) sessions.push(await observe(model, options));
console.log(JSON.stringify({ sessions, pages: processPages() }));
