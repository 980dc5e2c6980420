/**
 * Sizes of the graph's inputs: declared ones, those given by the caller, and symbolic ones that either binds. A size is
 * never guessed.
 */
import { NumavoxError } from '../errors.js';
import type { Dim, Graph, GraphInput } from './ir.js';
import { showDims } from './shape.js';

/** Shapes by input name. */
export type Shapes = Readonly<Record<string, readonly number[]>>;

interface Binding {
  readonly size: number;
  readonly input: string;
}

/**
 * Every input's dimensions as numbers. A given shape binds the symbolic dimensions of its input and replaces declared sizes;
 * symbols bound by one input hold in the others. '', '?' and numbers below 1 say nothing: each occurrence is on its own.
 * @throws NumavoxError `usage` for an unknown input or a size that nothing says, `input` for a wrong rank, a size that is no
 * positive integer, or a symbol bound to two sizes
 */
export function bindInputs(graph: Graph, shapes: Shapes = {}): Map<string, readonly number[]> {
  const bound = bindGiven(graph, shapes);
  return new Map(graph.inputs.map(input => [input.name, givenTo(input, shapes) ?? declaredDims(input, bound)]));
}

/**
 * Whether a size of some input is still open: neither declared nor bound by the given shapes.
 * @throws NumavoxError as `bindInputs` for shapes that do not fit
 */
export function hasOpenSizes(graph: Graph, shapes: Shapes): boolean {
  const bound = bindGiven(graph, shapes);
  return graph.inputs.some(
    input => !givenTo(input, shapes) && input.type.dims.some(dim => sizeOfDim(dim, bound) === null),
  );
}

const givenTo = (input: GraphInput, shapes: Shapes): readonly number[] | null =>
  Object.hasOwn(shapes, input.name) ? shapes[input.name]! : null;

/** The symbols that the given shapes bind. */
function bindGiven(graph: Graph, shapes: Shapes): Map<string, Binding> {
  checkNames(graph, shapes);
  const bound = new Map<string, Binding>();
  for (const input of graph.inputs) {
    const shape = givenTo(input, shapes);
    if (shape) bindSymbols(input, shape, bound);
  }
  return bound;
}

function checkNames(graph: Graph, shapes: Shapes): void {
  const names = graph.inputs.map(input => input.name);
  const unknown = Object.keys(shapes).find(name => !names.includes(name));
  if (unknown !== undefined) {
    throw new NumavoxError(
      'usage',
      `no input '${unknown}': the model's inputs are ${names.map(n => `'${n}'`).join(', ')}`,
    );
  }
}

function bindSymbols(input: GraphInput, shape: readonly number[], bound: Map<string, Binding>): void {
  const declared = input.type.dims;
  const sizes = `input '${input.name}': shape ${showDims(shape)}`;
  if (shape.length !== declared.length) {
    const ranks = `${shape.length} dimensions, the model declares ${declared.length} (${showDims(declared)})`;
    throw new NumavoxError('input', `${sizes} has ${ranks}`);
  }
  if (!shape.every(size => Number.isSafeInteger(size) && size > 0)) {
    throw new NumavoxError('input', `${sizes} must consist of positive integers`);
  }
  for (const [i, dim] of declared.entries()) {
    if (typeof dim === 'number' || saysNothing(dim)) continue;
    const size = shape[i]!;
    const other = bound.get(dim);
    if (other && other.size !== size) {
      throw new NumavoxError(
        'input',
        `${sizes} makes '${dim}' ${size}, but input '${other.input}' makes it ${other.size}`,
      );
    }
    bound.set(dim, { size, input: input.name });
  }
}

function declaredDims(input: GraphInput, bound: ReadonlyMap<string, Binding>): number[] {
  return input.type.dims.map((dim, i) => {
    const size = sizeOfDim(dim, bound);
    if (size !== null) return size;
    const declared = showDims(input.type.dims.map(d => (d === '' ? '?' : d)));
    throw new NumavoxError(
      'usage',
      `input '${input.name}' (${declared}): dimension ${i} ('${dim || '?'}') has no size; give the input's shape (--shape ${input.name}=SIZES, or the option shapes)`,
    );
  });
}

function sizeOfDim(dim: Dim, bound: ReadonlyMap<string, Binding>): number | null {
  if (typeof dim === 'number' && !saysNothing(dim)) return dim;
  return bound.get(String(dim))?.size ?? null;
}

/** Whether the feed decides the size: a symbol, or a number that says nothing. */
export const isOpen = (dim: Dim): boolean => typeof dim === 'string' || saysNothing(dim);

const saysNothing = (dim: Dim): boolean => (typeof dim === 'number' ? dim < 1 : dim === '' || dim === '?');
