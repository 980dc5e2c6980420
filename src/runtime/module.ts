/**
 * The kernels' WebAssembly module: which of the two builds this host can run, and its one compiled copy per process.
 */
import { readFile } from 'node:fs/promises';
import { setFlagsFromString } from 'node:v8';
import { type ModuleName, type VectorBits, wasmUrl } from '../assets.js';
import { NumavoxError } from '../errors.js';

/**
 * (module (func (result v128)
 *   (f32x4.relaxed_madd (i8x16.splat (i32.const 0)) (i8x16.splat (i32.const 0)) (i8x16.splat (i32.const 0)))))
 */
const relaxedProbe = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type: () -> v128
  ...[0x03, 0x02, 0x01, 0x00], // function 0 has type 0
  ...[0x0a, 0x13, 0x01, 0x11, 0x00], // code: one body, no locals
  ...[0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f], // three splats
  ...[0xfd, 0x85, 0x02, 0x0b], // f32x4.relaxed_madd, end
);

/**
 * The module to run: the wanted one, or `relaxed` where the host has it. Where V8 hides the instructions behind a flag,
 * the flag is set for the process; workers started later see it.
 * @throws NumavoxError `unsupported` where `relaxed` is wanted and missing
 */
export function chooseModule(wanted?: ModuleName): ModuleName {
  if (wanted === 'simd') return 'simd';
  if (!WebAssembly.validate(relaxedProbe)) setFlagsFromString('--experimental-wasm-relaxed-simd');
  if (WebAssembly.validate(relaxedProbe)) return 'relaxed';
  if (wanted === 'relaxed') {
    throw new NumavoxError(
      'unsupported',
      `module "relaxed" needs WebAssembly relaxed SIMD, which Node.js ${process.version} does not have here; use "simd"`,
    );
  }
  return 'simd';
}

/**
 * Has V8 fuse neighbouring vectors of 128 bits to one of 256 in what it compiles from now on, for the process, on CPUs with AVX2. The
 * bits of results stay. False, and nothing is done, where that is not wanted or V8 does not know how to.
 */
export function fuseVectors(wanted?: VectorBits): boolean {
  if (!fuses(wanted, process.versions.v8, process.arch)) return false;
  setFlagsFromString('--experimental-wasm-revectorize');
  return true;
}

/** Whether vectors of so many bits, 256 unless given, are for that version of V8 to fuse. Exported for tests. */
export function fuses(wanted: VectorBits | undefined, v8: string, arch: string): boolean {
  const [major = 0, minor = 0] = v8.split('.').map(Number);
  return wanted !== 128 && arch === 'x64' && (major > 13 || (major === 13 && minor >= 6));
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** The bytes are read by an asynchronous call: see `startTeam` for why that matters. */
export const readModule = (name: ModuleName): Promise<Buffer> =>
  readFile(wasmUrl(name)).catch((cause: unknown) => {
    throw new NumavoxError('resource', `cannot read the kernels: ${wasmUrl(name).pathname} (is the package built?)`, {
      cause,
    });
  });

/**
 * Compiles a module, once per process, and once more for those who want V8 to fuse vectors: functions that it has compiled well before
 * stay as they are.
 */
export function compileModule(name: ModuleName, bytes: Buffer, fused = false): Promise<WebAssembly.Module> {
  const key = `${name} ${fused}`;
  let module = compiled.get(key);
  if (!module) {
    module = WebAssembly.compile(bytes).catch((cause: unknown) => {
      compiled.delete(key);
      throw new NumavoxError('unsupported', `this host cannot run the kernels (module "${name}"): ${String(cause)}`, {
        cause,
      });
    });
    compiled.set(key, module);
  }
  return module;
}
