import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TypedGraph } from '../../../src/graph/ir.js';
import type { PlanarTiles } from '../../../src/lower/planar_winograd.js';
import type { Program } from '../../../src/lower/program.js';
import type { WinogradChoice } from '../../../src/lower/winograd.js';
import { optimizeFor } from '../../../src/session/prepare.js';
import { type ZooName, zooGraph, zooNames } from '../../../src/zoo/index.js';
import { execute } from '../../support/execute.js';
import { interpret } from '../../support/interpret.js';
import { expectSame, feedsOf, oneWorker } from '../lower/compare.js';

/** What the tests use of the bench, which is plain JavaScript. */
interface Layer {
  readonly name: string;
  readonly op: string;
  readonly times: number;
}
interface Method {
  readonly kernel: string;
  readonly winograd: WinogradChoice | null;
  readonly planarTiles: PlanarTiles | null;
}
interface Way {
  readonly name: string;
  readonly isChosen: boolean;
  readonly program: Program;
}
interface Row {
  readonly name: string;
  readonly isChosen: boolean;
  readonly raced: boolean;
  readonly medianMs: number;
  readonly spread: number;
}
interface Bench {
  parseShapes(text: string, file?: string): Layer[];
  formatLayer(layer: Layer): string;
  extractLayers(graph: TypedGraph): Layer[];
  layerGraph(layer: Layer): TypedGraph;
  layerWork(graph: TypedGraph): { readonly flops: number; readonly bytes: number };
  convMethods(layer: Layer, graph: TypedGraph): Method[];
  methodName(method: Method): string;
  waysOf(layer: Layer, graph: TypedGraph, teams: unknown, exact?: boolean): Way[];
  inTheRace(ways: readonly { readonly isChosen: boolean }[], looksMs: readonly number[]): number[];
  verdict(rows: readonly Row[]): { readonly chosen: Row; readonly fastest: Row; readonly lost: boolean };
  markdown(report: unknown, showsWays?: boolean): string;
}

const folder = new URL('../../../bench/kernels/', import.meta.url);
const load = (name: string) => import(new URL(`${name}.js`, folder).href);
const parts = await Promise.all(['shapes', 'extract', 'layer_graph', 'methods', 'race', 'report'].map(load));
const bench: Bench = Object.assign({}, ...parts);

const parseOne = (line: string): Layer => bench.parseShapes(line)[0]!;
const read = (name: string) => readFileSync(new URL(`shapes/${name}.txt`, folder), 'utf8');
const conv = 'a conv x=1x16x4x8x8 out=16 kernel=3x3x3 pad=1x1x1';

describe('shapes', () => {
  it('are one a line, with comments, and say only what is not usual', () => {
    const [first, second, ...rest] = bench.parseShapes(
      `# a\n\n${conv} bias act=relu times=3 # b\nb gemm x=1x8 out=4\n`,
    );
    expect(rest).toEqual([]);
    expect(first).toEqual({
      ...{ name: 'a', op: 'conv', x: [1, 16, 4, 8, 8], out: 16, kernel: [3, 3, 3], stride: [1, 1, 1], pad: [1, 1, 1] },
      ...{ dilation: [1, 1, 1], groups: 1, bias: true, residual: false, pool: null, act: 'relu', times: 3 },
    });
    expect(second).toEqual({ name: 'b', op: 'gemm', x: [1, 8], out: 4, bias: false, act: null, times: 1 });
  });

  it.each<[string, string]>([
    ['a blob x=1', "f:1: 'blob' is none of conv"],
    ['a', "f:1: 'undefined' is none of conv"],
    ['\na conv x=1x2x3x4x5 out=2', 'f:2: conv needs kernel='],
    ['a conv x=1x2 out=2 kernel=3x3', "f:1: '3x3' are not three sizes"],
    ['a add x=1xx2', "f:1: '1xx2' are no sizes"],
    ['a add x=1x2 times=0', "f:1: '0' is no count"],
    ['a add x=1x2 act=swish', "f:1: no activation 'swish'"],
    ['a add x=1x2 out=3', "f:1: add has no 'out'"],
    ['a add x=1x2\na add x=1x2', "f:2: a second 'a'"],
  ])('%j: %s', (text, message) => {
    expect(() => bench.parseShapes(text, 'f')).toThrow(message);
  });

  it.each([...zooNames])('of %s are the layers of the network', name => {
    const layers = bench.extractLayers(optimizeFor(zooGraph(name as ZooName, {}), {}));
    const lines = read(name).split('\n');
    expect(lines.slice(1, -1)).toEqual(layers.map(bench.formatLayer));
  });

  it.each(readdirSync(new URL('shapes', folder)))('%s: every layer is a network', file => {
    for (const layer of bench.parseShapes(read(file.replace('.txt', '')), file)) {
      const graph = bench.layerGraph(layer);
      expect(bench.extractLayers(graph)).toEqual([{ ...layer, name: 'layer', times: 1 }]);
    }
  });
});

describe('work of a layer', () => {
  it('counts multiply-adds twice, and each operand once', () => {
    const { flops, bytes } = bench.layerWork(bench.layerGraph(parseOne(`${conv} bias residual`)));
    expect(flops).toBe(2 * 27 * 16 * 16 * 256);
    expect(bytes).toBe(4 * (3 * 16 * 256 + 27 * 256 + 16));
  });
});

describe('ways to compute a convolution', () => {
  const names = (line: string) => {
    const layer = parseOne(line);
    return bench.convMethods(layer, bench.layerGraph(layer)).map(bench.methodName);
  };

  it('are direct ones and the tiles that its shape allows', () => {
    expect(names('a conv x=1x64x4x8x8 out=64 kernel=1x3x3 pad=0x1x1')).toEqual([
      'f32_conv_gemm',
      ...['F(1x2x2)', 'F(1x2x4)', 'F(1x2x5)', 'F(1x4x2)', 'F(1x4x4)', 'F(1x4x5)', 'F(1x5x2)', 'F(1x5x4)', 'F(1x5x5)'],
    ]);
    const deep = names('a conv x=1x64x4x8x8 out=64 kernel=3x3x3');
    expect(deep).toHaveLength(1 + 3 * 3 * 3);
    expect(deep).toContain('F(4x4x4)');
    expect(names('a conv x=1x512x4x8x8 out=512 kernel=3x3x3')).not.toContain('F(4x4x4)');
    expect(names('a conv x=1x64x4x8x8 out=64 kernel=3x3x3 stride=2x2x2')).toEqual(['f32_conv_gemm']);
    expect(names('a conv x=1x3x4x16x16 out=64 kernel=1x7x7 stride=1x2x2 pad=0x3x3')).toEqual([
      ...['f32_conv_gemm', 'F(1x4x4)'],
    ]);
    const few = names('a conv x=1x5x4x8x8 out=5 kernel=3x3x3');
    expect(few.filter(name => name.includes('planar'))).toEqual([
      ...['f32_conv_planar', 'planar F(2x2x1)', 'planar F(2x4x1)', 'planar F(4x2x1)', 'planar F(4x4x1)'],
    ]);
    expect(names('a conv x=1x8x4x8x8 out=8 kernel=3x3x3 groups=8')).toEqual(['f32_conv_depthwise', 'f32_conv_gemm']);
    expect(names('a conv x=1x64x4x8x8 out=64 kernel=1x1x1')).toEqual(['f32_conv_gemm', 'f32_conv_pointwise']);
    expect(names('a conv x=1x64x1x8x8 out=64 kernel=3x1x1 pad=1x0x0')).toContain('f32_conv_pointwise');
    expect(names('a conv x=1x64x4x8x8 out=64 kernel=1x1x1 stride=1x2x2')).toEqual(['f32_conv_gemm']);
    expect(names('a maxpool x=1x8x4x8x8 kernel=2x2x2')).toEqual([]);
  });

  it.each([
    conv,
    'a conv x=1x5x4x8x32 out=5 kernel=3x3x3',
    'a conv x=1x3x4x16x16 out=8 kernel=3x7x7 stride=1x2x2 pad=1x3x3',
    'a conv x=1x8x4x8x8 out=8 kernel=3x3x3 groups=8',
    'a conv x=1x8x4x8x8 out=8 kernel=3x3x3 groups=2',
    'a conv x=1x24x2x5x8 out=40 kernel=1x1x1',
    'a conv x=1x24x2x5x8 out=40 kernel=1x1x1 groups=2',
    'a maxpool x=1x8x4x8x8 kernel=2x2x2',
    'a gemm x=1x8 out=8',
    'a concat x=1x8x4x8x8 with=1x4x4x8x8',
  ])('%s: each is another program with the same result, and exactly one is the chosen one', line => {
    const layer = parseOne(line);
    const graph = bench.layerGraph(layer);
    const ways = bench.waysOf(layer, graph, oneWorker);
    expect(ways.filter(({ isChosen }) => isChosen)).toHaveLength(1);
    expect(new Set(ways.map(({ name }) => name)).size).toBe(ways.length);
    const programs = ways.map(({ program }) => JSON.stringify([program.steps, program.weights]));
    expect(new Set(programs).size).toBe(ways.length);
    const feeds = feedsOf(graph);
    const wanted = interpret(graph, feeds).get('y')!;
    for (const { name, program } of ways) {
      // The largest tiles lose more digits than any other way.
      const tolerance = /^F\(4x[45]x[45]\)$/.test(name) ? 4e-5 : 1e-5;
      expectSame(execute(program, feeds).get('y')!, wanted, name, tolerance);
    }
  });
});

describe('exact ways', () => {
  it('are the direct ones', () => {
    const layer = parseOne(conv);
    const ways = bench.waysOf(layer, bench.layerGraph(layer), oneWorker, true);
    expect(ways.map(({ name, isChosen }) => [name, isChosen])).toEqual([
      ['f32_conv_gemm', true],
      ['f32_conv_planar', false],
    ]);
  });
});

describe('the race', () => {
  const ways = (count: number, chosen: number) => Array.from({ length: count }, (_, i) => ({ isChosen: i === chosen }));

  it('goes on with those near the best, and with the chosen one', () => {
    expect(bench.inTheRace(ways(3, 0), [10, 12, 14])).toEqual([0, 1]);
    expect(bench.inTheRace(ways(3, 2), [10, 12, 14])).toEqual([0, 1, 2]);
    expect(bench.inTheRace(ways(6, 5), [6, 5, 4.9, 4.8, 4.7, 99])).toEqual([4, 3, 2, 1, 5]);
    expect(bench.inTheRace(ways(1, 0), [0])).toEqual([0]);
  });

  const row = (name: string, medianMs: number, spread: number, isChosen = false): Row => {
    return { name, isChosen, raced: true, medianMs, spread };
  };

  it('is lost by more than the spread of both alone', () => {
    expect(bench.verdict([row('a', 100, 0.01), row('b', 103, 0.02, true)]).lost).toBe(false);
    const { chosen, fastest, lost } = bench.verdict([row('a', 100, 0.01), row('b', 104, 0.02, true)]);
    expect([chosen.name, fastest.name, lost]).toEqual(['b', 'a', true]);
    expect(bench.verdict([row('a', 1, 0, true)]).lost).toBe(false);
  });

  it('does not count what was only looked at', () => {
    const look = { ...row('a', 1, 0), raced: false };
    expect(bench.verdict([look, row('b', 2, 0, true)]).fastest.name).toBe('b');
  });

  it('marks what is lost in its table', () => {
    const layer = parseOne(conv);
    const verdict = bench.verdict([row('F(2x2x2)', 1, 0), row('f32_conv_gemm', 2, 0, true)]);
    const limits = { gflops: 50, gigabytesPerSecond: 10 };
    const rows = [row('f32_conv_gemm', 2, 0, true), row('F(2x2x2)', 1, 0), { ...row('F(4x1x1)', 3, 0), raced: false }];
    const networks = [{ name: 'net', layers: [{ layer, flops: 5e7, bytes: 1e6, rows, verdict }] }];
    const text = bench.markdown({ limits, workers: 1, networks }, true);
    expect(text).toContain(
      '| a | 1 | 1x16x4x8x8 | f32_conv_gemm | 2.00 ± 0 % | 25.0 | 50 % |  |  | F(2x2x2) | 1.00 ± 0 % | **lost** |',
    );
    expect(text).toContain('All layers: 2.00 ms as chosen, 1.00 ms by the fastest ways; 1 lost.');
    expect(text).toContain('- a: F(2x2x2) **1.00**, f32_conv_gemm **2.00**, F(4x1x1) 3.00');
  });
});
