import { describe, expect, it } from 'vitest';

/** What the tests use of the bench, which is plain JavaScript. */
interface Model {
  readonly source: string;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}
interface Engine {
  readonly name: string;
  readonly engine: string;
  readonly isOurs: boolean;
  readonly options?: object;
  readonly tolerance?: number;
}
interface Outputs {
  readonly sizes: readonly number[];
  readonly output: Float32Array;
}
interface Comparison {
  readonly engine: string;
  readonly difference: number;
  readonly differenceFromExact: number | null;
  readonly void: boolean;
  readonly peers: readonly { readonly engine: string; readonly byMedian: number; readonly byBest: number }[];
}
interface Summary {
  readonly engines: readonly { readonly name: string; readonly bestMs: number; readonly medianMs: number }[];
  readonly comparisons: readonly Comparison[];
}
interface Bench {
  parseBenchArgs(args: readonly string[], options: object): { values: Record<string, unknown>; models: Model[] };
  modelName(model: Model): string;
  parseEngine(name: string, algorithm?: string): Engine;
  largestDifference(actual: Outputs, wanted: Outputs): number;
  summarize(rows: readonly object[]): Summary;
  markdown(report: unknown): string;
}

const load = (name: string) => import(new URL(`../../../bench/${name}.js`, import.meta.url).href);
const parts = await Promise.all(['models', 'peers/engines', 'peers/summary', 'peers/report'].map(load));
const bench: Bench = Object.assign({}, ...parts);

describe('models of a command line', () => {
  it('have the shapes that stand behind them', () => {
    const args = [
      '--runs',
      '3',
      '--model',
      'a.onnx',
      '--model',
      'b/model.onnx',
      '--shape',
      'x=1,2,3',
      '--shape',
      'y=4',
    ];
    const { values, models } = bench.parseBenchArgs(args, { runs: { type: 'string' } });
    expect(values.runs).toBe('3');
    expect(models).toEqual([
      { source: 'a.onnx', shapes: {} },
      { source: 'b/model.onnx', shapes: { x: [1, 2, 3], y: [4] } },
    ]);
  });

  it.each([
    [['--shape', 'x=1'], "--shape 'x=1' stands before any --model"],
    [['--model', 'a', '--shape', 'x=1,b'], "--shape 'x=1,b' is not of the form"],
    [['--modl', 'a'], "Unknown option '--modl'"],
  ])('%j are refused', (args, message) => {
    expect(() => bench.parseBenchArgs(args, {})).toThrow(message);
  });

  it.each<[string, Model['shapes'], string]>([
    ['some/net.onnx', {}, 'net'],
    ['some/net/model.onnx', {}, 'net'],
    ['net/model.onnx', { x: [1, 1, 8, 9, 10] }, 'net 8x9x10'],
  ])('%s is called %s', (source, shapes, name) => {
    expect(bench.modelName({ source, shapes })).toBe(name);
  });
});

describe('engines by name', () => {
  it.each<[string, string | undefined, object]>([
    ['numavox', undefined, { isOurs: true, options: { algorithm: 'auto' }, tolerance: 1e-3 }],
    ['numavox', 'exact', { isOurs: true, options: { algorithm: 'exact' }, tolerance: 1e-4 }],
    ['numavox:simd', 'exact', { options: { algorithm: 'exact', module: 'simd' }, tolerance: 1e-4 }],
    ['numavox:exact:relaxed', undefined, { options: { algorithm: 'exact', module: 'relaxed' }, tolerance: 1e-4 }],
    ['onnxruntime-node', 'exact', { engine: 'onnxruntime-node', isOurs: false }],
  ])('%s with %s', (name, algorithm, wanted) => {
    expect(bench.parseEngine(name, algorithm)).toMatchObject({ name, ...wanted });
  });

  it.each([['numavox:fast'], ['ncnn'], ['onnxruntime-web:exact'], ['numavox', 'quick']])(
    '%s is refused',
    (name, algorithm?: string) => {
      expect(() => bench.parseEngine(name, algorithm)).toThrow(`no engine '${name}'`);
    },
  );
});

describe('the comparison', () => {
  const outputs = (...values: readonly number[][]): Outputs => {
    return { sizes: values.map(({ length }) => length), output: Float32Array.from(values.flat()) };
  };

  it('takes differences by the largest value of each output', () => {
    const wanted = outputs([0, -8], [0.5]);
    expect(bench.largestDifference(outputs([1, -8], [0.5]), wanted)).toBe(1 / 8);
    expect(bench.largestDifference(outputs([1, -8], [0.75]), wanted)).toBe(1 / 2);
    expect(bench.largestDifference(outputs([0, 0], [0]), outputs([0, 0], [0]))).toBe(0);
    expect(bench.largestDifference(outputs([0, -8]), wanted)).toBe(Number.POSITIVE_INFINITY);
  });

  const row = (name: string, timesMs: readonly number[], value: number) => {
    const sizes = { ...outputs([100, value]), createMs: 10, loadedMiB: 20, peakMiB: 30 };
    return { ...bench.parseEngine(name), timesMs, ...sizes };
  };
  const rows = [
    row('numavox', [10, 12, 11], 100),
    row('numavox:exact', [20, 20, 20], 100.0625),
    row('onnxruntime-web', [40, 50, 44], 100.03125),
    row('onnxruntime-node', [5, 6, 5.5], 100.03125),
  ];

  it('gives ratios of medians and of bests, beside every peer', () => {
    const { engines, comparisons } = bench.summarize(rows);
    expect(engines[0]).toMatchObject({ name: 'numavox', bestMs: 10, medianMs: 11 });
    const [auto] = comparisons;
    expect(auto!.peers.map(({ engine }) => engine)).toEqual(['onnxruntime-web', 'onnxruntime-node']);
    expect(auto!.peers[0]).toEqual({ engine: 'onnxruntime-web', byMedian: 4, byBest: 4, low: 4, high: 50 / 12 });
  });

  it('is void over the tolerance of each, and tells the distance from our own exact result', () => {
    const [auto, exact] = bench.summarize(rows).comparisons;
    expect([auto!.void, exact!.void]).toEqual([false, true]);
    expect(auto!.differenceFromExact).toBeCloseTo(0.0625 / 100.0625);
    expect(exact!.differenceFromExact).toBeNull();
    expect(bench.summarize([row('numavox', [1], Number.NaN), rows[2]!]).comparisons[0]!.void).toBe(true);
  });

  it('prints void rows as such', () => {
    const host = { cpu: 'C', cores: 2, vectors: 'avx2', node: 'v20', v8: '11', load: '0.10' };
    const more = { loadAfter: '0.20', stealSeconds: 1, stealSecondsAfter: 1.5 };
    const report = (distancesNs: readonly number[]) => {
      const results = [{ name: 'net', gflop: 1, distancesNs, ...bench.summarize(rows) }];
      return bench.markdown({ host: { ...host, ...more }, threads: 2, cpus: [0, 1], runs: 3, results });
    };
    const text = report([250, 45.5]);
    expect(text).toContain('load 0.10 before, 0.20 after; 0.5 s stolen. Threads: 2, on CPU 0,1. Runs: 3.');
    expect(text).toContain('| net | 1.0 | 11.0 (10.0) | 20.0 (20.0) | 44.0 (40.0) | 5.50 (5.00) | 45.5 to 250 |');
    expect(report([])).toContain('44.0 (40.0) | 5.50 (5.00) |\n');
    expect(text).toContain(
      '| net | numavox | 4.00x (4.00x), 4.00 to 4.17 | 0.50x (0.50x), 0.50 to 0.50 | 3.1e-4 | 6.2e-4 |',
    );
    expect(text).toContain('| net | numavox:exact | void | void | 3.1e-4 |  |');
    expect(text).toContain('| net | onnxruntime-node | 10 | 20 | 30 |');
  });
});
