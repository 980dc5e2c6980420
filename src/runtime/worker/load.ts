/**
 * Fills a program's memories, as one worker sees it: writes and packs whatever units it can claim in the memories that it
 * works in, so that a memory's pages are first touched on its own node. Jobs write to separate places, so none waits for another.
 */
import { readFloats } from '../../graph/constant.js';
import { pack } from '../../kernels/pack.js';
import type { Packer } from '../../kernels/pack_stage.js';
import { openControl, stepWord } from '../control.js';
import type { LoadJob, LoadTask } from '../protocol.js';
import { strikeAt } from './fault.js';
import { hold } from './held.js';
import type { Place } from './seat.js';
import { shareOut } from './share_out.js';

const pageWords = 1024;

/** Takes part in a load and holds the program. False where it has been stopped. */
export function loadProgram(task: LoadTask, place: Place): boolean {
  const control = openControl(task.control);
  const { packers } = hold(task.bundle, place);
  for (const [index, job] of task.jobs.entries()) {
    const { memory, ranks } = task.bundle.memories[job.memory]!;
    Atomics.store(control.words, stepWord(place.rank), index);
    if (!ranks.includes(place.rank)) continue;
    const strike = strikeAt(task.fault, place, index, control);
    const range = { counter: index, begin: 0, end: job.units, team: ranks.length };
    const units = { ranges: [range], do: unitsOf(job, packers[job.memory]!, memory.buffer) };
    if (!shareOut(control, units, strike)) return false;
    strike?.();
  }
  return true;
}

function unitsOf(job: LoadJob, packer: Packer, buffer: ArrayBufferLike): (begin: number, end: number) => void {
  switch (job.kind) {
    case 'image':
      return () => {
        for (const { address, words } of job.pieces) new Int32Array(buffer, address, words.length).set(words);
      };
    case 'touch': {
      const words = new Int32Array(buffer, job.address, Math.ceil(job.bytes / 4));
      return () => {
        for (let word = 0; word < words.length; word += pageWords) words[word] = 0;
        // Where the piece begins inside a page, its last page may lie between the steps.
        words[words.length - 1] = 0;
      };
    }
    case 'weights': {
      const { constant, packing, address } = job;
      const read = (start: number, count: number, into: Float32Array) => readFloats(constant, start, count, into);
      return (begin, end) => {
        for (let unit = begin; unit < end; unit++) pack(packing, unit, read, address, packer);
      };
    }
  }
}
