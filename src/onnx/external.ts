/**
 * External data: tensors whose bytes are in files of their own beside the model (TensorProto.external_data). Invariant: no
 * model, however it is made, reads a file outside of its own folder.
 */
import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, sep, win32 } from 'node:path';
import { NumavoxError } from '../errors.js';
import type { FileRange, TensorPlaces } from './decode.js';
import type { TensorProto } from './generated/onnx_pb.js';
import { fileSize } from './source.js';

function realPath(path: string, what: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    throw new NumavoxError('input', `${what}: ${path} cannot be read: there is no such file`, { cause });
  }
}

function wholeNumber(value: string, key: string, what: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw new NumavoxError('model', `${what}: '${value}' is no ${key} of external data`);
  }
  return number;
}

/** Absolute path, with no link in it, of a file in the model's folder or below it. */
function pathInside(modelPath: string, location: string, what: string): string {
  const refuse = () => new NumavoxError('model', `${what}: external data at '${location}' leave the model's folder`);
  if (isAbsolute(location) || win32.isAbsolute(location)) throw refuse();
  if (location.split(/[/\\]/).includes('..')) throw refuse();
  const folder = realPath(dirname(modelPath), what);
  const path = realPath(join(folder, location), what);
  if (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) throw refuse();
  return path;
}

/**
 * Where the external data of a tensor are.
 *
 * @param byteLength what the tensor's type and shape need
 * @param what names the tensor in errors
 * @throws NumavoxError `model` for a location outside of the model's folder or a length that does not fit, `input` for a file
 * that is missing.
 */
export function externalRange(model: TensorPlaces, tensor: TensorProto, byteLength: number, what: string): FileRange {
  const entries = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get('location');
  if (!location) throw new NumavoxError('model', `${what}: its external data have no location`);
  if (model.path === null) {
    const detail = `external data at '${location}' need the model's path, this model was given as bytes`;
    throw new NumavoxError('model', `${what}: ${detail}`);
  }
  const offset = wholeNumber(entries.get('offset') ?? '0', 'offset', what);
  const length = wholeNumber(entries.get('length') ?? String(byteLength), 'length', what);
  if (length !== byteLength) {
    throw new NumavoxError('model', `${what}: its external data have ${length} bytes, its shape needs ${byteLength}`);
  }
  const path = pathInside(model.path, location, what);
  const size = fileSize(path);
  if (offset + length > size) {
    const detail = `external data go on to byte ${offset + length} of ${path}, which has ${size} bytes`;
    throw new NumavoxError('model', `${what}: ${detail}`);
  }
  return { path, offset, length };
}
