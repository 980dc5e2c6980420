import { expect, test } from 'vitest';
import type { Graph, Node } from '../../src/graph/ir.js';
import { decodeModel, importModel } from '../../src/onnx/index.js';
import { zooGraph, zooNames } from '../../src/zoo/index.js';
import { dataPath } from './data.js';

/** One line per node: op, attributes, shapes of its constants, and which earlier nodes it reads. */
function structure({ nodes, constants, inputs }: Graph): string[] {
  const producers = new Map<string, number | string>(inputs.map(({ name }) => [name, 'input']));
  const lines: string[] = [];
  for (const node of nodes) {
    const read = node.inputs.filter(input => input !== '' && !constants.has(input));
    const sources = read.map(input => producers.get(input)!);
    if (node.op === 'BatchNormalization') {
      producers.set(node.outputs[0]!, sources[0]!);
      continue;
    }
    producers.set(node.outputs[0]!, lines.length);
    const weight = constants.get(node.inputs[1]!)?.dims ?? [];
    lines.push(`${node.op} ${JSON.stringify(attributes(node))} w[${weight}] reads ${sources}`);
  }
  return lines;
}

/** What a node says beside its values; the names are each file's own. */
function attributes(node: Node): Omit<Node, 'name' | 'inputs' | 'outputs'> {
  const { name: _name, inputs: _inputs, outputs: _outputs, ...rest } = node;
  return Object.fromEntries(Object.entries(rest).sort()) as typeof rest;
}

test.each(zooNames)('%s has the structure of PyTorch’s version', name => {
  const golden = importModel(decodeModel(dataPath('golden', `${name}.onnx`)));
  const ours = zooGraph(name, { width: 0.125 });
  expect(structure(ours)).toEqual(structure(golden));
  expect(ours.inputs[0]!.type).toEqual(golden.inputs[0]!.type);
});
