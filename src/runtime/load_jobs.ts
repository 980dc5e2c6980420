/**
 * What has to be written before a program's first run, as jobs whose units workers share out. Bytes that a constant holds
 * in this thread are put where every worker can read them, each once, until the load is over.
 */
import type { ByteSource, Constant } from '../graph/ir.js';
import { packUnits } from '../kernels/packing.js';
import type { Program } from '../lower/program.js';
import { elementsOf } from './memory.js';
import type { LoadJob } from './protocol.js';

/** Images, then the pieces of input ports (so that their pages lie on the workers' node), then weights. */
export function loadJobs(program: Program): LoadJob[] {
  const share = sharer();
  const images = program.memories.map(({ image }, memory): LoadJob => {
    const pieces = image.map(({ address, words }) => ({ address, words: words.slice() }));
    return { kind: 'image', name: 'image', memory, units: 1, pieces };
  });
  const touches = program.inputs.flatMap(({ name, pieces }) =>
    pieces.map((piece): LoadJob => {
      const { memory, address } = piece;
      return { kind: 'touch', name, memory, units: 1, address: address >>> 0, bytes: elementsOf(piece) * 4 };
    }),
  );
  const weights = program.weights.map((task): LoadJob => {
    const { name, memory, address, bytes, packing } = task;
    const units = packUnits(packing);
    return { kind: 'weights', name, memory, units, address, bytes, packing, constant: share(task.constant) };
  });
  return [...images, ...touches, ...weights];
}

/** A constant that is cheap to send: of a view, the structured clone would copy the whole buffer behind it, per worker. */
function sharer(): (constant: Constant) => Constant {
  const shared = new Map<Uint8Array, ByteSource>();
  return constant => {
    const { source, scale } = constant;
    const scaled = scale ? { ...constant, scale: { ...scale, factors: scale.factors.slice() } } : constant;
    if (source.kind !== 'bytes' || source.bytes.buffer instanceof SharedArrayBuffer) return scaled;
    let copy = shared.get(source.bytes);
    if (!copy) {
      const bytes = new Uint8Array(new SharedArrayBuffer(source.bytes.length));
      bytes.set(source.bytes);
      copy = { kind: 'bytes', bytes };
      shared.set(source.bytes, copy);
    }
    return { ...scaled, source: copy };
  };
}
