/** The engine that the commands use, from the public entry point of the package. */

import {
  buildTeams,
  calibrated,
  decodeTensor,
  describeSession,
  exportZoo,
  filesUnder,
  formatTopology,
  hostTopology,
  InferenceSession,
  inspectModel,
  isZooName,
  NumavoxError,
  planModel,
  readTopology,
  syntheticClip,
  Tensor,
  topologyToJson,
  zooNames,
} from '../index.js';
import type { Engine, NamedTensor, OpenOptions, Session } from './engine.js';

export const engine: Engine = {
  zooNames,
  open,
  inspect: async (model, options) => inspectModel(model, options),
  exportZoo: async (name, options, path) => {
    if (!isZooName(name)) throw new NumavoxError('usage', `no zoo network '${name}': there are ${zooNames.join(', ')}`);
    exportZoo(name, options, path);
  },
  topology: ({ root, topology: shape, workers, smt }) => {
    const topology = root === undefined ? hostTopology() : readTopology(filesUnder(root));
    const seating = { shape, workers, smt };
    const { teams } = buildTeams(topology, seating);
    return { text: formatTopology(topology, seating), json: { ...topologyToJson(topology, seating), teams } };
  },
  calibrate: calibrated,
  plan: planModel,
  decodeTensor: (bytes, file) => {
    const { dims, data } = decodeTensor(bytes, file);
    return { dims, data: data instanceof Float32Array ? data : Float32Array.from(data, Number) };
  },
  syntheticClip,
};

async function open(model: string, options: OpenOptions): Promise<Session> {
  const session = await InferenceSession.create(model, options);
  return {
    info: () => {
      const description = describeSession(session);
      const open = description.inputs.some(input => input.dims.some(dim => typeof dim === 'string'));
      return { ...description, outputs: open ? null : description.outputs };
    },
    run: async (feeds, runOptions) => {
      const tensors = Object.entries(feeds).map(([name, { data, dims }]) => [name, new Tensor('float32', data, dims)]);
      const results = await session.run(Object.fromEntries(tensors), runOptions);
      return session.outputNames.map(name => floats(name, results[name]));
    },
    release: () => session.release(),
  };
}

function floats(name: string, value: unknown): NamedTensor {
  if (value instanceof Tensor && value.data instanceof Float32Array)
    return { name, dims: value.dims, data: value.data };
  throw new NumavoxError('unsupported', `output ${name} is no float32 tensor`);
}
