/**
 * The control block: the words in shared memory through which the main thread and the workers steer one load or the
 * runs of one program. It lies outside of every WebAssembly memory, so that no kernel can reach it.
 *
 *     line 0          lines per rank    lines per barrier               lines per counter
 *     | stop, shape | step, held, busy | arrived, generation, sleepers | next unit |
 *
 * A line is 64 bytes, so that words of different workers do not share one. Invariant: it is reset only while no worker
 * has a task, and `stop` stays set until then.
 */

const lineWords = 16;
const stopWord = 0;
const unloadedWord = 1;
const ranksWord = 2;
const barriersWord = 3;
const countersWord = 4;

export interface ControlShape {
  readonly ranks: number;
  readonly barriers: number;
  readonly counters: number;
}

export interface Control extends ControlShape {
  readonly words: Int32Array<SharedArrayBuffer>;
}

export function createControl(shape: ControlShape): Control {
  const lines = 1 + shape.ranks + shape.barriers + shape.counters;
  const words = new Int32Array(new SharedArrayBuffer(lines * lineWords * 4));
  words[ranksWord] = shape.ranks;
  words[barriersWord] = shape.barriers;
  words[countersWord] = shape.counters;
  return { ...shape, words };
}

/** The control block that another thread has made. */
export function openControl(buffer: SharedArrayBuffer): Control {
  const words = new Int32Array(buffer);
  return { words, ranks: words[ranksWord]!, barriers: words[barriersWord]!, counters: words[countersWord]! };
}

const rankLine = (rank: number): number => (1 + rank) * lineWords;
const barrierLine = (control: Control, barrier: number): number => (1 + control.ranks + barrier) * lineWords;

/** Index of the word that holds the step a worker is in. */
export const stepWord = (rank: number): number => rankLine(rank);
/** Index of the word that holds the id of the thread which has the program at this rank. */
export const heldWord = (rank: number): number => rankLine(rank) + 1;
/** Index of the word that is 1 while the worker has a task. */
export const busyWord = (rank: number): number => rankLine(rank) + 2;
export const arrivedWord = (control: Control, barrier: number): number => barrierLine(control, barrier);
export const generationWord = (control: Control, barrier: number): number => barrierLine(control, barrier) + 1;
/** Index of the word that counts those who sleep at a barrier, or are about to. */
export const sleepersWord = (control: Control, barrier: number): number => barrierLine(control, barrier) + 2;
export const counterWord = (control: Control, counter: number): number =>
  (1 + control.ranks + control.barriers + counter) * lineWords;

/** Readies the block for another run: call it only while no worker has a task of it. `held` outlives the reset. */
export function reset(control: Control): void {
  const { words } = control;
  for (let rank = 0; rank < control.ranks; rank++) words[stepWord(rank)] = words[busyWord(rank)] = 0;
  for (let barrier = 0; barrier < control.barriers; barrier++) {
    words[arrivedWord(control, barrier)] = words[sleepersWord(control, barrier)] = 0;
  }
  for (let counter = 0; counter < control.counters; counter++) words[counterWord(control, counter)] = 0;
  Atomics.store(words, stopWord, 0);
}

/** Ends the task of every worker: at its next claim, or at once where it waits at a barrier. */
export function stop(control: Control): void {
  const { words } = control;
  Atomics.store(words, stopWord, 1);
  for (let barrier = 0; barrier < control.barriers; barrier++) {
    const generation = generationWord(control, barrier);
    Atomics.add(words, generation, 1);
    Atomics.notify(words, generation);
  }
}

export const isStopped = (control: Control): boolean => Atomics.load(control.words, stopWord) !== 0;

/** Lets workers drop the program that the block belongs to. */
export function markUnloaded(control: Control): void {
  Atomics.store(control.words, unloadedWord, 1);
}

export const isUnloaded = (control: Control): boolean => Atomics.load(control.words, unloadedWord) !== 0;

const stepsOf = (control: Control): number[] =>
  Array.from({ length: control.ranks }, (_, rank) => Atomics.load(control.words, stepWord(rank)));

/** The step that no worker has left behind yet: those before it are done. */
export const slowestStep = (control: Control): number => Math.min(...stepsOf(control));

/** The step that some worker is in and none is beyond: what is going on. */
export const furthestStep = (control: Control): number => Math.max(...stepsOf(control));
