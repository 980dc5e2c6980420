/**
 * Exchange shares as a worker does them: copies from other memories into one that it works in. The views are made when the
 * program is first held, so that nothing is allocated per run.
 */
import type { ExchangePiece, ExchangeShare } from '../../lower/program.js';
import type { BundleMemory } from '../protocol.js';
import type { Units } from './share_out.js';

/** The share's pieces as units. */
export function exchangeUnits({ memory, pieces }: ExchangeShare, memories: readonly BundleMemory[]): Units['do'] {
  const bufferOf = (index: number): SharedArrayBuffer => memories[index]!.memory.buffer;
  const copies = pieces.map(piece => copyOf(piece, bufferOf(piece.from), bufferOf(memory)));
  return (begin, end) => {
    for (let unit = begin; unit < end; unit++) copies[unit]!();
  };
}

function copyOf(piece: ExchangePiece, from: SharedArrayBuffer, to: SharedArrayBuffer): () => void {
  const { fromAddress, fromPitch, toAddress, toPitch, runs, bytes } = piece;
  const view = (buffer: SharedArrayBuffer, address: number) => new Float32Array(buffer, address >>> 0, bytes / 4);
  const pairs = Array.from({ length: runs }, (_, run) => ({
    source: view(from, fromAddress + run * fromPitch),
    target: view(to, toAddress + run * toPitch),
  }));
  return () => {
    for (const { source, target } of pairs) target.set(source);
  };
}
