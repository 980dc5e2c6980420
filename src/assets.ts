/** Where the built files lie, whether this module runs compiled (from dist/src) or as source (in tests). */
const dist = new URL(import.meta.url.endsWith('.ts') ? '../dist/' : '../', import.meta.url);

/** The worker's entry point, always the compiled one: a worker thread has no TypeScript loader. */
export const workerUrl = new URL('workers/worker.js', dist);

/** The two builds of the kernels: `relaxed` has fused multiply-add. */
export type ModuleName = 'simd' | 'relaxed';

/** Bits of the vectors that V8 is asked for. */
export type VectorBits = 128 | 256;

export const wasmUrl = (module: ModuleName): URL => new URL(`wasm/${module}.wasm`, dist);
