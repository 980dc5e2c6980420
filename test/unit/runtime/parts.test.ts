/** The parts that need no pool: gate, slot table, control block, sharing out, memories, choice of module. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { meet } from '../../../src/runtime/barrier.js';
import { forEachRun } from '../../../src/runtime/box_runs.js';
import { clustersOf, rangesOf } from '../../../src/runtime/clusters.js';
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
  sleepersWord,
  slowestStep,
  stepWord,
  stop,
} from '../../../src/runtime/control.js';
import { enterGate } from '../../../src/runtime/gate.js';
import { allocateMemory, elementsOf, readOutputs, writeInputs } from '../../../src/runtime/memory.js';
import { chooseModule, compileModule, readModule } from '../../../src/runtime/module.js';
import { createSlots, freeSlot, holderOf, takeSlot } from '../../../src/runtime/slots.js';
import { copyOf } from '../../../src/runtime/worker/exchange.js';
import { shareOut, type UnitRange } from '../../../src/runtime/worker/share_out.js';
import { tree } from './chain.js';

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
      .concat(
        [0, 1].flatMap(barrier => [arrivedWord, generationWord, sleepersWord].map(word => word(control, barrier))),
      )
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
    words[arrivedWord(control, 1)] = words[sleepersWord(control, 1)] = 2;
    words[counterWord(control, 3)] = 9;
    expect([slowestStep(control), furthestStep(control)]).toEqual([5, 7]);
    stop(control);
    expect(isStopped(control)).toBe(true);
    reset(control);
    expect(isStopped(control)).toBe(false);
    expect(slowestStep(control)).toBe(0);
    expect([words[arrivedWord(control, 1)], words[sleepersWord(control, 1)]]).toEqual([0, 0]);
    expect([words[counterWord(control, 3)], words[heldWord(2)]]).toEqual([0, 77]);
  });

  test('a barrier of a stopped task lets nobody through and keeps nobody', () => {
    const control = createControl(shape);
    expect(meet(control, { index: 0, size: 1 }, 0)).toBe(true);
    stop(control);
    expect(meet(control, { index: 0, size: 1 }, 0)).toBe(false);
    expect(meet(control, { index: 1, size: 3 }, 0.05)).toBe(false);
  });

  test('the last one to come lets the others through, and clears the barrier for the next meeting', () => {
    const control = createControl(shape);
    const { words } = control;
    for (const round of [1, 2, 3]) {
      words[arrivedWord(control, 1)] = 2;
      expect(meet(control, { index: 1, size: 3 }, 0)).toBe(true);
      expect([words[arrivedWord(control, 1)], words[generationWord(control, 1)]]).toEqual([0, round]);
    }
  });
});

describe('sharing out', () => {
  test.each([0, 1, 2, 7, 64, 10_007])('%i units, each once, the last one alone', count => {
    const control = createControl({ ranks: 1, barriers: 0, counters: 2 });
    const done: [number, number][] = [];
    const ranges = [{ counter: 1, begin: 0, end: count, team: 2 }];
    const units = { ranges, do: (begin: number, end: number) => done.push([begin, end]) };
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
    const ranges = [{ counter: 0, begin: 0, end: 100, team: 1 }];
    const units = { ranges, do: (begin: number) => done.push(begin) };
    expect(shareOut(control, units, () => stop(control))).toBe(false);
    expect(done).toEqual([0]);
  });
});

describe('clusters', () => {
  const teams = tree([[2, 1], [3]]);

  test('a memory has those of its ranks, in order', () => {
    expect(clustersOf(teams, [0, 1, 2])).toEqual([[0, 1], [2]]);
    expect(clustersOf(teams, [5, 1, 3])).toEqual([[1], [3, 5]]);
    expect(clustersOf(teams, [0, 1, 2, 3, 4, 5])).toEqual([[0, 1], [2], [3, 4, 5]]);
  });

  test.each([0, 1, 2, 5, 6, 1000])('%i units are divided without gap or overlap, by workers', count => {
    const clusters = [[0, 1], [2], [3, 4, 5]];
    const ranges = rangesOf(count, clusters);
    expect(ranges.map(({ begin }) => begin)).toEqual([0, ...ranges.slice(0, -1).map(({ end }) => end)]);
    expect(ranges.at(-1)!.end).toBe(count);
    ranges.forEach(({ begin, end }, index) => {
      expect(Math.abs(end - begin - (count * clusters[index]!.length) / 6)).toBeLessThan(1);
    });
    expect(rangesOf(count, [[3, 4]])).toEqual([{ begin: 0, end: count }]);
  });

  test('whoever has done its own range helps with the others; every unit is done once', () => {
    const control = createControl({ ranks: 2, barriers: 0, counters: 2 });
    const [first, second] = [
      { counter: 0, begin: 0, end: 5, team: 1 },
      { counter: 1, begin: 5, end: 12, team: 1 },
    ];
    const done: number[][] = [[], []];
    const unitsOf = (who: number, ranges: UnitRange[]) => ({
      ranges,
      do: (begin: number, end: number) => {
        for (let unit = begin; unit < end; unit++) done[who]!.push(unit);
      },
    });
    let claims = 0;
    const other = () => {
      // The second worker comes when the first one has made two claims, and leaves nothing.
      if (++claims === 2) expect(shareOut(control, unitsOf(1, [second!, first!]))).toBe(true);
    };
    expect(shareOut(control, unitsOf(0, [first!, second!]), other)).toBe(true);
    expect(done[0]![0]).toBe(0);
    expect(done[1]!.slice(0, 7)).toEqual([5, 6, 7, 8, 9, 10, 11]);
    expect(done.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, unit) => unit));
  });
});

describe('copies between memories', () => {
  const bufferOf = (start: number): SharedArrayBuffer => {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    new Float32Array(buffer).forEach((_, i, all) => {
      all[i] = start + i;
    });
    return buffer;
  };

  test.each([
    { bytes: 4, runs: 7, fromPitch: 12, toPitch: 20 },
    { bytes: 60, runs: 3, fromPitch: 60, toPitch: 68 },
    { bytes: 64, runs: 5, fromPitch: 132, toPitch: 64 },
    { bytes: 1028, runs: 2, fromPitch: 1036, toPitch: 1032 },
    { bytes: 2048, runs: 1, fromPitch: 0, toPitch: 0 },
  ])('$runs runs of $bytes bytes, and nothing beside them', ({ bytes, runs, fromPitch, toPitch }) => {
    const [from, to] = [bufferOf(0), bufferOf(100_000)];
    const wanted = new Float32Array(to.slice(0));
    const piece = { from: 0, fromAddress: 64, fromPitch, toAddress: 128, toPitch, runs, bytes };
    for (let run = 0; run < runs; run++)
      for (let i = 0; i < bytes / 4; i++) wanted[32 + (run * toPitch) / 4 + i] = 16 + (run * fromPitch) / 4 + i;
    const copy = copyOf(piece, from, to);
    for (const _ of [1, 2]) {
      copy();
      expect(new Float32Array(to)).toEqual(wanted);
    }
  });
});

describe('memory', () => {
  const plan = { nodeIndex: 0, weightBytes: 2 ** 20, arenaBytes: 0, image: [], scratchAddress: 0, scratchBytes: 0 };

  test('sizes are rounded up to pages, up to 4 GiB', () => {
    expect(allocateMemory({ ...plan, bytes: 1 }, 2).buffer.byteLength).toBe(65536);
    expect(allocateMemory({ ...plan, bytes: 65537 }, 2).buffer.byteLength).toBe(131072);
    expect(allocateMemory({ ...plan, bytes: 2 ** 32 }, 2).buffer.byteLength).toBe(2 ** 32);
    expect(() => allocateMemory({ ...plan, bytes: 2 ** 32 + 1 }, 2)).toThrow(
      'node 2 needs 4096.0 MiB (weights 1.0, activations 0.0); a WebAssembly memory holds 4096 MiB',
    );
  });

  test('ports in the last bytes of 4 GiB', () => {
    const memory = allocateMemory({ ...plan, bytes: 2 ** 32 }, 2);
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
