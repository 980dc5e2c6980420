/**
 * Typed reading of a node's attributes. Invariant: an attribute that no converter asked for is an error (`finish`), because
 * ignoring what a model says would give a wrong result.
 */
import { NumavoxError } from '../errors.js';
import type { AttributeProto, NodeProto, TensorProto } from './generated/onnx_pb.js';
import { attributeType } from './types.js';

type AttributeKind = keyof typeof attributeType;

/** Every reader returns its default (or null) where the attribute is absent. */
export interface Attributes {
  has(name: string): boolean;
  int(name: string, byDefault: number): number;
  /** 0 or 1. */
  flag(name: string, byDefault: boolean): boolean;
  float(name: string, byDefault: number): number;
  string(name: string, byDefault: string): string;
  /** One of `choices`, by its ONNX name; another value is an `unsupported` error. */
  choice<T>(name: string, byDefault: string, choices: Readonly<Record<string, T>>): T;
  ints(name: string): readonly number[] | null;
  floats(name: string): readonly number[] | null;
  tensor(name: string): TensorProto | null;
  /** Reads an attribute that has no influence on the result. */
  ignore(...names: readonly string[]): void;
  /** @throws NumavoxError `unsupported` where there is an attribute that was not read. */
  finish(): void;
}

const kindName = (type: number): string =>
  Object.entries(attributeType).find(([, number]) => number === type)?.[0] ?? `type ${type}`;

/** @param where names the node in errors */
export function readAttributes(node: NodeProto, where: string): Attributes {
  const unread = new Map<string, AttributeProto>();
  const attributes = new Map<string, AttributeProto>();
  for (const attribute of node.attribute) {
    if (attributes.has(attribute.name)) {
      throw new NumavoxError('model', `${where}: attribute '${attribute.name}' is given twice`);
    }
    attributes.set(attribute.name, attribute);
    unread.set(attribute.name, attribute);
  }
  const error = (name: string, detail: string) => new NumavoxError('model', `${where}: attribute '${name}' ${detail}`);

  function take(name: string, kind: AttributeKind): AttributeProto | null {
    unread.delete(name);
    const attribute = attributes.get(name);
    if (!attribute) return null;
    if (attribute.type !== attributeType[kind]) {
      throw error(name, `is of kind ${kindName(attribute.type)}, ${kind} is needed`);
    }
    return attribute;
  }

  function whole(name: string, value: bigint): number {
    // Exporters say "to the end" with the largest int64; as a number it is the nearest one, which means the same.
    const number = Number(value);
    if (!Number.isSafeInteger(number) && value < 2n ** 62n && value > -(2n ** 62n)) throw error(name, `is ${value}`);
    return number;
  }

  function string(name: string, byDefault: string): string {
    const bytes = take(name, 'string')?.s;
    return bytes ? new TextDecoder().decode(bytes) : byDefault;
  }

  function int(name: string, byDefault: number): number {
    const attribute = take(name, 'int');
    return attribute ? whole(name, attribute.i ?? 0n) : byDefault;
  }

  function flag(name: string, byDefault: boolean): boolean {
    const value = int(name, byDefault ? 1 : 0);
    if (value !== 0 && value !== 1) throw error(name, `is ${value}, 0 or 1 is needed`);
    return value === 1;
  }

  function choice<T>(name: string, byDefault: string, choices: Readonly<Record<string, T>>): T {
    const value = string(name, byDefault);
    if (!Object.hasOwn(choices, value)) {
      throw new NumavoxError('unsupported', `${where}: ${name} '${value}' is not supported`);
    }
    return choices[value]!;
  }

  function finish(): void {
    const [left] = unread.values();
    if (!left) return;
    const graph = left.type === attributeType.graph || left.type === attributeType.graphs;
    const detail = graph ? 'is a sub-graph' : 'is not supported';
    throw new NumavoxError('unsupported', `${where}: attribute '${left.name}' ${detail}`);
  }

  return {
    has: name => attributes.has(name),
    int,
    flag,
    float: (name, byDefault) => {
      const attribute = take(name, 'float');
      return attribute ? (attribute.f ?? 0) : byDefault;
    },
    string,
    choice,
    ints: name => take(name, 'ints')?.ints.map(value => whole(name, value)) ?? null,
    floats: name => take(name, 'floats')?.floats ?? null,
    tensor: name => take(name, 'tensor')?.t ?? null,
    ignore: (...names) => {
      for (const name of names) unread.delete(name);
    },
    finish,
  };
}
