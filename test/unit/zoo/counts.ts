/** Counting of its own for the zoo's tests: shapes are walked here anew, so that the builder cannot vouch for itself. */
import type { Graph, Window } from '../../../src/graph/ir.js';

export interface Counts {
  readonly parameters: number;
  /** 2 per multiply-add of convolutions and fully connected layers. */
  readonly flops: number;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

export function countGraph(graph: Graph): Counts {
  const shapes = new Map<string, readonly number[]>(
    graph.inputs.map(({ name, type }) => [name, type.dims as readonly number[]]),
  );
  const constantDims = (name: string) => graph.constants.get(name)!.dims;
  let parameters = 0;
  let flops = 0;
  for (const node of graph.nodes) {
    const x = shapes.get(node.inputs[0]!);
    if (x === undefined) throw new Error(`${node.name} reads ${node.inputs[0]} before it is made`);
    let y = x;
    switch (node.op) {
      case 'Conv': {
        const [outC, inC, ...kernel] = constantDims(node.inputs[1]!);
        if (inC !== x[1]) throw new Error(`${node.name}: weight for ${inC} channels, input has ${x[1]}`);
        if (kernel.join() !== node.window.kernel.join()) throw new Error(`${node.name}: kernel is not its weight's`);
        y = [x[0]!, outC!, ...windowed(x, node.window)];
        parameters += outC! * inC * product(kernel) + (node.inputs[2] === '' ? 0 : outC!);
        flops += 2 * product(y) * inC * product(kernel);
        break;
      }
      case 'Gemm': {
        const [outputs, features] = constantDims(node.inputs[1]!);
        if (features !== x[1]) throw new Error(`${node.name}: weight for ${features} features, input has ${x[1]}`);
        y = [x[0]!, outputs!];
        parameters += outputs! * features + outputs!;
        flops += 2 * product(y) * features;
        break;
      }
      case 'BatchNormalization':
        for (const input of node.inputs.slice(1)) {
          if (product(constantDims(input)) !== x[1]) throw new Error(`${node.name}: ${input} is not one per channel`);
        }
        parameters += 2 * x[1]!;
        break;
      case 'MaxPool':
        y = [x[0]!, x[1]!, ...windowed(x, node.window)];
        break;
      case 'Add':
        if (shapes.get(node.inputs[1]!)?.join() !== x.join()) throw new Error(`${node.name}: shapes differ`);
        break;
      case 'Flatten':
        y = [x[0]!, product(x.slice(1))];
        break;
      case 'ReduceMean':
        y = x.slice(0, 2);
        break;
      case 'Activation':
        break;
      default:
        throw new Error(`${node.name}: the zoo has no ${node.op}`);
    }
    shapes.set(node.outputs[0]!, y);
  }
  return { parameters, flops, shapes };
}

const windowed = (x: readonly number[], { kernel, strides, padsBegin, padsEnd }: Window): number[] =>
  x.slice(2).map((size, i) => Math.floor((size + padsBegin[i]! + padsEnd[i]! - kernel[i]!) / strides[i]!) + 1);

const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
