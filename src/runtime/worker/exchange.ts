/**
 * Exchange shares as a worker does them: copies from other memories into one that it works in. The views are made when the
 * program is first held, so that nothing is allocated per run.
 *
 * `set` between views made beforehand copies a run at memory speed; only where runs are a few elements is its call dearer
 * than a loop, and a pair of views larger than the run.
 */
import type { ExchangePiece, ExchangeShare } from '../../lower/program.js';
import type { BundleMemory } from '../protocol.js';
import type { Units } from './share_out.js';

const shortRunBytes = 64;

/** The share's pieces as units. */
export function exchangeUnits({ memory, pieces }: ExchangeShare, memories: readonly BundleMemory[]): Units['do'] {
  const bufferOf = (index: number): SharedArrayBuffer => memories[index]!.memory.buffer;
  const copies = pieces.map(piece => copyOf(piece, bufferOf(piece.from), bufferOf(memory)));
  return (begin, end) => {
    for (let unit = begin; unit < end; unit++) copies[unit]!();
  };
}

/** Does one piece. Exported for tests. */
export function copyOf(piece: ExchangePiece, from: SharedArrayBuffer, to: SharedArrayBuffer): () => void {
  const { fromPitch, toPitch, runs, bytes } = piece;
  const [fromAddress, toAddress] = [piece.fromAddress >>> 0, piece.toAddress >>> 0];
  const count = bytes / 4;
  if (bytes < shortRunBytes) {
    const source = new Float32Array(from, fromAddress, ((runs - 1) * fromPitch) / 4 + count);
    const target = new Float32Array(to, toAddress, ((runs - 1) * toPitch) / 4 + count);
    return () => {
      for (let run = 0; run < runs; run++) {
        const sourceAt = (run * fromPitch) / 4;
        const targetAt = (run * toPitch) / 4;
        for (let i = 0; i < count; i++) target[targetAt + i] = source[sourceAt + i]!;
      }
    };
  }
  const sources: Float32Array[] = [];
  const targets: Float32Array[] = [];
  for (let run = 0; run < runs; run++) {
    sources.push(new Float32Array(from, fromAddress + run * fromPitch, count));
    targets.push(new Float32Array(to, toAddress + run * toPitch, count));
  }
  return () => {
    for (let run = 0; run < runs; run++) targets[run]!.set(sources[run]!);
  };
}
