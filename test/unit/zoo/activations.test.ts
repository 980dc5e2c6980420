/** The untrained networks give results worth comparing: activations neither explode nor vanish on the way down. */
import { expect, test } from 'vitest';
import { readFloats } from '../../../src/graph/constant.js';
import { syntheticClip } from '../../../src/zoo/clip.js';
import { zooGraph, zooNames } from '../../../src/zoo/zoo.js';
import { evaluate } from './evaluate.js';

test.each(zooNames)('%s: logits of an untrained network are finite, spread and no certainty', name => {
  const graph = zooGraph(name, { width: 1 / 32 });
  const logits = evaluate(graph, syntheticClip(graph.inputs[0]!.type.dims as number[]));
  expect(logits.every(Number.isFinite)).toBe(true);
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const topProbability = 1 / logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  expect(topProbability).toBeLessThan(0.5);

  // Without the last bias, what is left comes from the clip.
  const bias = readFloats(graph.constants.get(graph.nodes.at(-1)!.inputs[2]!)!, 0, logits.length);
  const ofClip = logits.map((value, i) => value - bias[i]!);
  const mean = ofClip.reduce((a, b) => a + b) / ofClip.length;
  expect(Math.sqrt(ofClip.reduce((sum, value) => sum + (value - mean) ** 2, 0) / ofClip.length)).toBeGreaterThan(0.05);
});
