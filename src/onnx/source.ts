/** The two places a model's bytes can be: memory, and a file of which only a small window is in memory. */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { NumavoxError } from '../errors.js';
import type { Bytes } from './wire.js';

const windowBytes = 0x10000;

export function bytesInMemory(label: string, data: Uint8Array): Bytes {
  return { label, size: data.length, byte: at => data[at]!, read: (start, end) => data.subarray(start, end) };
}

function inputError(path: string, cause: unknown): NumavoxError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
  };
  return new NumavoxError('input', `${path} cannot be read: ${reasons[code] ?? String(cause)}`, { cause });
}

/**
 * Size of a regular file.
 *
 * @throws NumavoxError `input` where there is none (a directory, a pipe, nothing).
 */
export function fileSize(path: string): number {
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(path);
  } catch (cause) {
    throw inputError(path, cause);
  }
  if (stats.isDirectory()) throw new NumavoxError('input', `${path} cannot be read: it is a directory`);
  if (!stats.isFile()) throw new NumavoxError('input', `${path} cannot be read: it is no regular file`);
  return stats.size;
}

/** Fills `into` from byte `position` on; less than asked for only where the file has become shorter. */
function readFully(path: string, descriptor: number, into: Uint8Array, position: number): void {
  for (let at = 0; at < into.length; ) {
    // One call moves less than 2 GiB.
    const count = readSync(descriptor, into, at, Math.min(into.length - at, 0x40000000), position + at);
    if (count === 0) throw new NumavoxError('input', `${path} became shorter while it was read`);
    at += count;
  }
}

/**
 * Calls `use` with the file's bytes, of which at most a window and what `use` asks for are in memory.
 *
 * @throws NumavoxError `input` where the file cannot be read.
 */
export function withFile<T>(path: string, use: (bytes: Bytes) => T): T {
  fileSize(path);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (cause) {
    throw inputError(path, cause);
  }
  try {
    const { size } = fstatSync(descriptor);
    const window = new Uint8Array(windowBytes);
    let windowStart = 0;
    let windowEnd = 0;
    const read = (start: number, end: number): Uint8Array => {
      const bytes = new Uint8Array(end - start);
      readFully(path, descriptor, bytes, start);
      return bytes;
    };
    const byte = (at: number): number => {
      if (at < windowStart || at >= windowEnd) {
        windowStart = at;
        windowEnd = Math.min(size, at + windowBytes);
        readFully(path, descriptor, window.subarray(0, windowEnd - windowStart), windowStart);
      }
      return window[at - windowStart]!;
    };
    return use({ label: path, size, byte, read });
  } catch (cause) {
    throw cause instanceof NumavoxError ? cause : inputError(path, cause);
  } finally {
    closeSync(descriptor);
  }
}
