import { types } from 'node:util';
import { InferenceSession as Ort, registerBackend, Tensor } from 'onnxruntime-common';
import { NumavoxError } from '../errors.js';
import { type Array32, createEngine, type Engine, type SessionDescription } from './engine.js';
import { providerName, type RunOptions, resolveOptions, type SessionOptions } from './options.js';

/** onnxruntime's session; `run` also takes a signal and callbacks for progress and a profile. */
export interface InferenceSession extends Omit<Ort, 'run'> {
  run(feeds: Ort.FeedsType, options?: RunOptions): Promise<Ort.ReturnType>;
  run(feeds: Ort.FeedsType, fetches: Ort.FetchesType, options?: RunOptions): Promise<Ort.ReturnType>;
}

/** Where `create` finds the engine behind the session that onnxruntime-common makes: a symbol-keyed option passed through to us. */
const engineSink = Symbol('engine');
type SinkOptions = SessionOptions & { [engineSink]?: (engine: Engine) => void };

const engines = new WeakMap<object, Engine>();

interface InferenceSessionFactory {
  /** From a path, a model's bytes, or a zoo network's name (`zoo:c3d?width=0.125&classes=10&seed=3`). */
  create(source: string | Uint8Array | ArrayBufferLike, options?: SessionOptions): Promise<InferenceSession>;
  /** From a part of a buffer. */
  create(
    buffer: ArrayBufferLike,
    byteOffset: number,
    byteLength?: number,
    options?: SessionOptions,
  ): Promise<InferenceSession>;
}

/**
 * Runs models as onnxruntime does: a program written for onnxruntime-node or -web changes one import. What numavox
 * refuses is a `NumavoxError`, whose `kind` says whether the caller, the model or the machine is to blame.
 */
export const InferenceSession: InferenceSessionFactory = {
  async create(source: string | Uint8Array | ArrayBufferLike, ...rest: readonly unknown[]) {
    const [byteOffset, byteLength] = rest.filter(value => typeof value === 'number');
    const options = (rest.find(value => typeof value !== 'number' && value !== undefined) ?? {}) as SessionOptions;
    let engine: Engine | undefined;
    const ours: SinkOptions = {
      ...options,
      ...resolveOptions(options),
      executionProviders: [providerName],
      [engineSink]: created => {
        engine = created;
      },
    };
    const model = modelOf(source, byteOffset, byteLength);
    const session = (await Ort.create(model as string, ours)) as InferenceSession;
    engines.set(session, engine!);
    return session;
  },
};

function modelOf(source: unknown, byteOffset?: number, byteLength?: number): string | Uint8Array {
  if (typeof source === 'string' || types.isUint8Array(source)) return source;
  if (types.isAnyArrayBuffer(source)) {
    try {
      return new Uint8Array(source, byteOffset, byteLength);
    } catch {
      const part = `${byteLength ?? 'all'} bytes from byte ${byteOffset}`;
      throw new NumavoxError('usage', `the model's buffer has ${source.byteLength} bytes, not ${part}`);
    }
  }
  throw new NumavoxError('usage', `a model is a path, bytes or the name of a zoo network, not '${source}'`);
}

/** What a session made by `InferenceSession.create` is and where it runs. */
export function describeSession(session: InferenceSession): SessionDescription {
  const engine = engines.get(session);
  if (!engine) throw new NumavoxError('usage', 'not a session of numavox');
  return engine.describe();
}

function handlerOf(engine: Engine) {
  const metadata = (ports: SessionDescription['inputs']) =>
    ports.map(({ name, dims }) => ({ name, isTensor: true as const, type: 'float32' as const, shape: [...dims] }));
  const inputNames = engine.graph.inputs.map(({ name }) => name);
  return {
    inputNames,
    outputNames: engine.graph.outputs,
    get inputMetadata() {
      return metadata(engine.describe().inputs);
    },
    get outputMetadata() {
      return metadata(engine.describe().outputs);
    },
    startProfiling: () => undefined,
    endProfiling: () => undefined,
    dispose: () => engine.release(),
    async run(
      feeds: Readonly<Record<string, unknown>>,
      fetches: Readonly<Record<string, unknown>>,
      options: RunOptions,
    ) {
      for (const name of Object.keys(feeds)) {
        if (inputNames.includes(name)) continue;
        throw new NumavoxError('input', `'${name}' is fed, but is no input; inputs: ${inputNames.join(', ')}`);
      }
      const arrays = Object.fromEntries(inputNames.map(name => [name, asArray32(name, feeds[name])]));
      const results = await engine.run(arrays, options);
      return Object.fromEntries(
        Object.keys(fetches).map(name => {
          const { data, dims } = results[name]!;
          return [name, intoTensor(name, fetches[name], data, dims)];
        }),
      );
    },
  };
}

/** Of whatever copy of onnxruntime-common: a caller's own has another class. */
function isTensor(value: unknown): value is Tensor {
  if (typeof value !== 'object' || value === null) return false;
  const { type, dims, data } = value as Partial<Tensor>;
  return typeof type === 'string' && Array.isArray(dims) && (ArrayBuffer.isView(data) || Array.isArray(data));
}

/** The output, in the caller's own tensor where one is given for it. */
function intoTensor(name: string, given: unknown, data: Float32Array, dims: readonly number[]): Tensor {
  if (!isTensor(given)) return new Tensor('float32', data, dims);
  const into = asArray32(name, given);
  if (String(into.dims) !== String(dims)) {
    throw new NumavoxError('input', `the tensor for output '${name}' has sizes [${into.dims}]; it is [${dims}]`);
  }
  into.data.set(data);
  return given;
}

function asArray32(name: string, value: unknown): Array32 {
  if (!isTensor(value)) throw new NumavoxError('input', `'${name}' is no Tensor`);
  if (value.type !== 'float32') {
    throw new NumavoxError('input', `'${name}' has type ${value.type}; numavox computes in float32`);
  }
  return { dims: value.dims, data: value.data as Float32Array };
}

// Priority -1: chosen only by name, so that it never takes over another engine in the same process.
registerBackend(
  providerName,
  {
    init: async () => undefined,
    async createInferenceSessionHandler(source: string | Uint8Array, options: SinkOptions = {}) {
      const engine = await createEngine(source, resolveOptions(options));
      options[engineSink]?.(engine);
      return handlerOf(engine);
    },
  },
  -1,
);
