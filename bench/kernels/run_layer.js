// Layers run alone: one-layer programs through the lowering and the runtime, timed by the runtime's own profile.
import { lower } from '../../dist/src/lower/lower.js';
import { planWhole } from '../../dist/src/plan/plan.js';
import { inputData } from '../input.js';
import { layerName } from './layer_graph.js';

/** The program of a one-layer graph: as the lowering chooses, or as its options say. */
export function layerProgram(graph, teams, options = {}) {
  const plan = planWhole(graph, teams);
  return { program: lower(graph, plan, options), memories: plan.memories };
}

/** What a program does, whatever its addresses: programs of equal signatures of one layer are the same way to compute it. */
export const signature = ({ steps, weights }) =>
  JSON.stringify([
    steps.map(({ shares }) => shares.map(({ kernel, units }) => [kernel, units])),
    weights.map(({ packing }) => packing),
  ]);

/** Kernels of the layer's own steps, each once: not those that change the layout of its input and output. */
export const kernelsOf = ({ steps }) => [
  ...new Set(steps.filter(isOwn).flatMap(({ shares }) => shares.map(({ kernel }) => kernel))),
];

const isOwn = ({ name }) => name === layerName;

/** More than the caches hold. In a network the other layers take their place between two runs of one, so weights come from memory. */
const others = new Uint8Array(96 * 2 ** 20);
let written = 0;

function forgetCaches() {
  written = (written + 1) % 256;
  others.fill(written);
}

/** Loads a layer's program. `run` gives the milliseconds of its own steps, from the first worker's arrival to the last one's leave. */
export async function openLayer(runtime, { program, memories }, feeds) {
  const loaded = await runtime.load(program, memories);
  return {
    async run() {
      let ms = 0;
      forgetCaches();
      const onProfile = ({ steps }) => {
        for (const { busyMs, waitMs } of steps.filter(isOwn))
          ms += Math.max(...busyMs.map((busy, rank) => busy + waitMs[rank]));
      };
      await runtime.run(loaded, feeds, { onProfile });
      return ms;
    },
    outputs: () => runtime.run(loaded, feeds),
    close: () => runtime.unload(loaded),
  };
}

/** Uniform in [-1, 1), for every input. */
export const feedsOf = ({ inputs }) => inputs.map(({ dims }) => inputData(dims, -1));
