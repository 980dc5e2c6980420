/** Reads what --input names, by the file's extension: an array (.npy), an ONNX tensor (.pb) or a volume (.nii, .nii.gz). */
import { existsSync } from 'node:fs';
import { NumavoxError } from '../index.js';
import type { Engine } from './engine.js';
import { readBytes } from './files.js';
import { type NiftiVolume, readNifti } from './formats/nifti.js';
import { type FloatTensor, readNpy } from './formats/npy.js';

interface Named {
  readonly file: string;
  /** The model's input that it is for; null for the next one in order. */
  readonly name: string | null;
}

export type Input =
  | (Named & { readonly kind: 'tensor'; readonly tensor: FloatTensor })
  | (Named & { readonly kind: 'volume'; readonly volume: NiftiVolume });

export const isNiftiName = (file: string): boolean => /\.nii(\.gz)?$/i.test(file);

/** `FILE` or `NAME=FILE`; a file whose whole name contains "=" is taken for the file. */
export function readInput(engine: Engine, argument: string): Input {
  const split = existsSync(argument) ? -1 : argument.indexOf('=');
  const name = split > 0 ? argument.slice(0, split) : null;
  const file = split > 0 ? argument.slice(split + 1) : argument;
  if (isNiftiName(file)) return { kind: 'volume', file, name, volume: readNifti(readBytes(file), file) };
  if (/\.npy$/i.test(file)) return { kind: 'tensor', file, name, tensor: readNpy(readBytes(file), file) };
  if (/\.pb$/i.test(file)) return { kind: 'tensor', file, name, tensor: engine.decodeTensor(readBytes(file), file) };
  throw new NumavoxError('usage', `--input ${file}: expected a .npy, .pb, .nii or .nii.gz file`);
}
