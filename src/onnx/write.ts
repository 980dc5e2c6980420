/** Writing a model to a file. Invariant: under the file's own name there is the whole model, or what was there before. */
import { randomUUID } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { NumavoxError } from '../errors.js';
import { readFloats } from '../graph/constant.js';
import type { Graph } from '../graph/ir.js';
import { type FloatReader, prepareModel } from './encode.js';

function failure(path: string, cause: unknown): NumavoxError {
  const message = cause instanceof Error ? cause.message : String(cause);
  // A system error goes on with the call and the temporary file's name.
  const detail = message.replace(/, \w+ '.*$/s, '');
  return new NumavoxError('resource', `${path} cannot be written: ${detail}`, { cause });
}

/** The file that is to be replaced: behind links where there is one. A device or folder is never replaced. */
function targetOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return path;
  if (!stats.isFile()) throw new Error(stats.isDirectory() ? 'it is a directory' : 'it is no regular file');
  accessSync(path, constants.W_OK);
  return realpathSync(path);
}

function writeChunks(path: string, chunks: Iterable<Uint8Array>): void {
  const descriptor = openSync(path, 'wx');
  try {
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a graph as an ONNX file of opset 13; its weights are read and written piece by piece.
 *
 * @param read brings the elements of float32 constants, wherever they are
 * @throws NumavoxError `resource` where the file cannot be written, `unsupported` for a graph that opset 13 cannot say;
 * nothing is left behind then.
 */
export function writeModel(graph: Graph, path: string, read: FloatReader = readFloats): void {
  const { chunks } = prepareModel(graph, read);
  let temporary = '';
  try {
    const target = targetOf(path);
    temporary = `${target}.${randomUUID()}.part`;
    writeChunks(temporary, chunks());
    renameSync(temporary, target);
  } catch (cause) {
    if (temporary !== '') rmSync(temporary, { force: true });
    throw cause instanceof NumavoxError ? cause : failure(path, cause);
  }
}
