import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inferShapes } from '../../../src/graph/infer.js';
import type { Constant } from '../../../src/graph/ir.js';
import { optimize } from '../../../src/passes/optimize.js';
import { checkTypedGraph } from '../../support/check.js';
import { interpret } from '../../support/interpret.js';
import { constantOf, type GraphSpec, graphOf, int64 } from '../../support/ir.js';

const dims = [2, 3, 2, 1, 2];
const kinds = [
  'conv',
  'grouped',
  'norm',
  'bias',
  'scale',
  'sub',
  'add',
  'mul',
  'relu',
  'clip',
  'identity',
  'reshape',
  'turn',
] as const;

interface Step {
  readonly kind: (typeof kinds)[number];
  /** Which of the values so far it reads, counted back from the last. */
  readonly from: number;
  readonly other: number;
  readonly isOutput: boolean;
}

const constants: Record<string, Constant> = {
  w: constantOf([3, 3, 1, 1, 1]),
  g: constantOf([3, 1, 1, 1, 1], [0.5, -1, 2]),
  b: constantOf([3]),
  s: constantOf([3], [0.5, -1.5, 2]),
  mean: constantOf([3], [0.1, -0.2, 3]),
  v: constantOf([3], [1, 0.5, 2]),
  perChannel: constantOf([3, 1, 1, 1], [1, -0.5, 0.75]),
  perWidth: constantOf([2], [0.5, -1]),
  to: int64(0, 3, -1, 1, 2),
};

function nodeFor({ kind, from, other }: Step, index: number): GraphSpec['nodes'][number] {
  const value = (back: number) => (back > index ? 'x' : `v${index - back}`);
  const x = value(from + 1);
  const outputs = [`v${index}`];
  switch (kind) {
    case 'conv':
      return { op: 'Conv', inputs: [x, 'w', ''], outputs };
    case 'grouped':
      return { op: 'Conv', inputs: [x, 'g', 'b'], outputs, groups: 3 };
    case 'norm':
      return { op: 'BatchNormalization', inputs: [x, 's', 'b', 'mean', 'v'], outputs };
    case 'bias':
      return { op: 'Add', inputs: other % 2 ? [x, 'perChannel'] : ['perChannel', x], outputs };
    case 'scale':
      return { op: other % 2 ? 'Mul' : 'Div', inputs: [x, 'perChannel'], outputs };
    case 'sub':
      return { op: 'Sub', inputs: other % 2 ? [x, 'perChannel'] : ['perChannel', x], outputs };
    case 'add':
      return { op: 'Add', inputs: [x, value(other + 1)], outputs };
    case 'mul':
      return { op: 'Mul', inputs: [x, 'perWidth'], outputs };
    case 'relu':
      return { op: 'Activation', inputs: [x], outputs, activation: { kind: 'relu' } };
    case 'clip':
      return { op: 'Activation', inputs: [x], outputs, activation: { kind: 'clip', min: -2, max: 3 } };
    case 'identity':
      return { op: 'Identity', inputs: [x], outputs };
    case 'reshape':
      return { op: 'Reshape', inputs: [x, 'to'], outputs };
    case 'turn':
      return { op: 'Transpose', inputs: [x], outputs, perm: other % 2 ? [0, 1, 2, 3, 4] : [0, 1, 4, 3, 2] };
  }
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...kinds),
  from: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
  other: fc.nat(4),
  isOutput: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

it('any graph of such ops computes the same after optimizing, is valid, and optimizes to itself', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), steps => {
      const outputs = steps.flatMap(({ isOutput }, i) => (isOutput || i === steps.length - 1 ? [`v${i}`] : []));
      const spec = { inputs: { x: dims }, constants, nodes: steps.map(nodeFor), outputs };
      const before = inferShapes(graphOf(spec));
      const { graph, report } = optimize(before);
      checkTypedGraph(graph);
      expect(graph.nodes.length).toBeLessThanOrEqual(before.nodes.length);
      expect(report.every(entry => before.nodes.some(node => node.name === entry.node))).toBe(true);
      const feeds = { x: Float64Array.from({ length: 24 }, (_, i) => Math.sin(1 + 1.3 * i)) };
      const expected = interpret(before, feeds);
      for (const [name, values] of interpret(graph, feeds)) {
        const reference = Array.from(expected.get(name)!);
        const largest = Math.max(1, ...reference.map(Math.abs));
        expect(Math.max(...reference.map((value, i) => Math.abs(value - values[i]!))) / largest).toBeLessThan(1e-4);
      }
      expect(optimize(graph).graph.nodes).toEqual(graph.nodes);
    }),
    { numRuns: 500 },
  );
});
