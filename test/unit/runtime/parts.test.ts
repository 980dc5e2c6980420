/** The parts that need no pool: gate, slot table, control block, sharing out, memories, choice of module. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { meet } from '../../../src/runtime/barrier.js';
import { forEachRun } from '../../../src/runtime/box_runs.js';
import {
  arrivedWord,
  counterWord,
  createControl,
  furthestStep,
  generationWord,
  heldWord,
  isStopped,
  openControl,
  reset,
  slowestStep,
  stepWord,
  stop,
} from '../../../src/runtime/control.js';
import { enterGate } from '../../../src/runtime/gate.js';
import { allocateMemory, elementsOf, readOutputs, writeInputs } from '../../../src/runtime/memory.js';
import { chooseModule, compileModule, readModule } from '../../../src/runtime/module.js';
import { createSlots, freeSlot, holderOf, takeSlot } from '../../../src/runtime/slots.js';
import { shareOut } from '../../../src/runtime/worker/share_out.js';

describe('gate', () => {
  test('whoever overlaps waits, whoever does not enters, nobody is overtaken', async () => {
    const order: string[] = [];
    const enter = (name: string, ...cpus: number[]) => {
      const pass = enterGate(new Set(cpus));
      pass.ready.then(() => order.push(name));
      return pass;
    };
    const a = enter('a', 100, 101);
    const b = enter('b', 101, 102);
    const c = enter('c', 103);
    // d's CPU is free, but b came first and wants it too.
    const d = enter('d', 102);
    expect([a, b, c, d].map(pass => pass.admitted)).toEqual([true, false, true, false]);
    await sleep(1);
    expect(order).toEqual(['a', 'c']);
    a.leave();
    a.leave();
    await sleep(1);
    expect(order).toEqual(['a', 'c', 'b']);
    b.leave();
    await sleep(1);
    expect(order).toEqual(['a', 'c', 'b', 'd']);
    const e = enter('e', 102);
    const f = enter('f', 102);
    e.leave();
    d.leave();
    await sleep(1);
    expect(order).toEqual(['a', 'c', 'b', 'd', 'f']);
    for (const pass of [c, f]) pass.leave();
    const again = enter('again', 100, 101, 102, 103);
    expect(again.admitted).toBe(true);
    again.leave();
  });
});

describe('slot table', () => {
  test('ranks are taken once, freed once, and only among those offered', () => {
    const slots = createSlots(4);
    expect(takeSlot(slots, [1, 3], 11, 0)).toBe(1);
    expect(takeSlot(slots, [1, 3], 12, 0)).toBe(3);
    expect(() => takeSlot(slots, [1, 3], 13, 5)).toThrow('no free slot among ranks 1, 3 within 5 ms');
    expect(freeSlot(slots, 11)).toBe(1);
    expect(freeSlot(slots, 11)).toBe(-1);
    expect(takeSlot(slots, [1, 3], 14, 0)).toBe(1);
    expect([0, 1, 2, 3].map(rank => holderOf(slots, rank))).toEqual([0, 14, 0, 12]);
  });

  test('the count of changes is not taken for a thread', () => {
    const slots = createSlots(1);
    for (let round = 0; round < 5; round++) {
      takeSlot(slots, [0], 3, 0);
      expect(freeSlot(slots, 3)).toBe(0);
    }
    expect(freeSlot(slots, 5)).toBe(-1);
  });
});

describe('control block', () => {
  const shape = { ranks: 3, barriers: 2, counters: 4 };

  test('no two words are the same, and another thread sees the same shape', () => {
    const control = createControl(shape);
    const words = [0, 1, 2]
      .flatMap(rank => [stepWord(rank), heldWord(rank)])
      .concat([0, 1].flatMap(barrier => [arrivedWord(control, barrier), generationWord(control, barrier)]))
      .concat([0, 1, 2, 3].map(counter => counterWord(control, counter)));
    expect(new Set(words).size).toBe(words.length);
    expect(Math.max(...words)).toBeLessThan(control.words.length);
    expect(Math.min(...words)).toBeGreaterThanOrEqual(16);
    expect(openControl(control.words.buffer)).toMatchObject(shape);
  });

  test('a reset clears what a run has left and keeps who holds the program', () => {
    const control = createControl(shape);
    const { words } = control;
    for (const rank of [0, 1, 2]) words[stepWord(rank)] = 5 + rank;
    words[heldWord(2)] = 77;
    words[arrivedWord(control, 1)] = 2;
    words[counterWord(control, 3)] = 9;
    expect([slowestStep(control), furthestStep(control)]).toEqual([5, 7]);
    stop(control);
    expect(isStopped(control)).toBe(true);
    reset(control);
    expect(isStopped(control)).toBe(false);
    expect(slowestStep(control)).toBe(0);
    expect([words[arrivedWord(control, 1)], words[counterWord(control, 3)], words[heldWord(2)]]).toEqual([0, 0, 77]);
  });

  test('a barrier of a stopped task lets nobody through and keeps nobody', () => {
    const control = createControl(shape);
    expect(meet(control, { index: 0, size: 1 }, 0)).toBe(true);
    stop(control);
    expect(meet(control, { index: 0, size: 1 }, 0)).toBe(false);
    expect(meet(control, { index: 1, size: 3 }, 0.05)).toBe(false);
  });
});

describe('sharing out', () => {
  test.each([0, 1, 2, 7, 64, 10_007])('%i units, each once, the last one alone', count => {
    const control = createControl({ ranks: 1, barriers: 0, counters: 2 });
    const done: [number, number][] = [];
    const units = { count, counter: 1, team: 2, do: (begin: number, end: number) => done.push([begin, end]) };
    expect(shareOut(control, units)).toBe(true);
    expect(shareOut(control, units)).toBe(true);
    const all = done.flatMap(([begin, end]) => Array.from({ length: end - begin }, (_, i) => begin + i));
    expect(all).toEqual(Array.from({ length: count }, (_, i) => i));
    if (count > 0) expect(done.at(-1)).toEqual([count - 1, count]);
    if (count > 10_000) expect(done.length).toBeLessThan(1000);
  });

  test('a stop is seen before the next claim', () => {
    const control = createControl({ ranks: 1, barriers: 0, counters: 1 });
    const done: number[] = [];
    const units = { count: 100, counter: 0, team: 1, do: (begin: number) => done.push(begin) };
    expect(shareOut(control, units, () => stop(control))).toBe(false);
    expect(done).toEqual([0]);
  });
});

describe('memory', () => {
  const plan = { nodeIndex: 2, weightBytes: 2 ** 20, arenaBytes: 0, image: [], scratchAddress: 0, scratchBytes: 0 };

  test('sizes are rounded up to pages, up to 4 GiB', () => {
    expect(allocateMemory({ ...plan, bytes: 1 }).buffer.byteLength).toBe(65536);
    expect(allocateMemory({ ...plan, bytes: 65537 }).buffer.byteLength).toBe(131072);
    expect(allocateMemory({ ...plan, bytes: 2 ** 32 }).buffer.byteLength).toBe(2 ** 32);
    expect(() => allocateMemory({ ...plan, bytes: 2 ** 32 + 1 })).toThrow(
      'node 2 needs 4096.0 MiB (weights 1.0, activations 0.0); a WebAssembly memory holds 4096 MiB',
    );
  });

  test('ports in the last bytes of 4 GiB', () => {
    const memory = allocateMemory({ ...plan, bytes: 2 ** 32 });
    const portAt = (address: number) => ({
      name: 'p',
      dims: [2, 3],
      pieces: [{ memory: 0, address, begin: [0, 0], dims: [2, 3] }],
    });
    const port = portAt(2 ** 32 - 24);
    writeInputs([memory], [port], [Float32Array.of(1, 2, 3, 4, 5, 6)]);
    expect(readOutputs([memory], [port])).toEqual([Float32Array.of(1, 2, 3, 4, 5, 6)]);
    // An address that has been through a signed word is the same address.
    expect(readOutputs([memory], [portAt(-24)])).toEqual([Float32Array.of(1, 2, 3, 4, 5, 6)]);
  });
});

describe('pieces of ports', () => {
  const memories = [0, 1, 2].map(() => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
  const dims = [2, 3, 4];
  const tensor = Float32Array.from({ length: 24 }, (_, i) => i);
  const piece = (memory: number, begin: number[], sizes: number[]) => ({ memory, address: 64, begin, dims: sizes });
  const cuts = {
    'one scalar': { dims: [], pieces: [piece(0, [], [])], runs: [1] },
    whole: { dims, pieces: [piece(1, [0, 0, 0], dims)], runs: [24] },
    'the outermost axis': {
      dims,
      pieces: [piece(0, [0, 0, 0], [1, 3, 4]), piece(1, [1, 0, 0], [1, 3, 4])],
      runs: [12, 12],
    },
    'a middle axis': {
      dims,
      pieces: [piece(2, [0, 0, 0], [2, 1, 4]), piece(0, [0, 1, 0], [2, 2, 4])],
      runs: [4, 4, 8, 8],
    },
    'the innermost axis': {
      dims,
      pieces: [piece(0, [0, 0, 0], [2, 3, 1]), piece(1, [0, 0, 1], [2, 3, 3])],
      runs: [1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 3],
    },
  };

  test.each(Object.entries(cuts))('%s', (_, { dims: sizes, pieces, runs }) => {
    const seen: number[] = [];
    for (const part of pieces) forEachRun(sizes, part, (_from, _to, count) => seen.push(count));
    expect(seen).toEqual(runs);
    const port = { name: 'p', dims: sizes, pieces };
    const feed = tensor.slice(0, elementsOf(port));
    writeInputs(memories, [port], [feed]);
    expect(readOutputs(memories, [port])).toEqual([feed]);
  });

  test('an input may lie in several memories, whole and in part', () => {
    const pieces = [piece(0, [0, 0, 0], dims), piece(1, [1, 1, 2], [1, 2, 2])];
    writeInputs(memories, [{ name: 'p', dims, pieces }], [tensor]);
    expect(readOutputs(memories, [{ name: 'p', dims, pieces: [pieces[0]!] }])).toEqual([tensor]);
    const inner = { name: 'p', dims: [1, 2, 2], pieces: [piece(1, [0, 0, 0], [1, 2, 2])] };
    expect(readOutputs(memories, [inner])).toEqual([Float32Array.of(18, 19, 22, 23)]);
  });
});

describe('module', () => {
  test('the choice', () => {
    expect(chooseModule('simd')).toBe('simd');
    expect(chooseModule('relaxed')).toBe('relaxed');
    expect(chooseModule()).toBe('relaxed');
  });

  test('is compiled once, and again after a failure', async () => {
    await expect(compileModule('simd', Buffer.from('no module'))).rejects.toMatchObject({ kind: 'unsupported' });
    const bytes = await readModule('simd');
    expect(await compileModule('simd', bytes)).toBe(await compileModule('simd', bytes));
  });
});
