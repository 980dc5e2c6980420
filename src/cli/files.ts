/**
 * Files in and out. What is read fails with kind `input`; a place that cannot be written is found by `checkWritable`
 * before the work, kind `usage`; `writeWhole` leaves either the whole file or none.
 */
import { closeSync, openSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type ErrorKind, NumavoxError } from '../index.js';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'part of its path is not a folder',
  ENAMETOOLONG: 'its name is too long',
  ERR_FS_FILE_TOO_LARGE: 'larger than 2 GiB',
};

export function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw fileError('input', file, 'cannot be read', cause);
  }
}

/** Makes a file beside the one to be written and removes it again: no other check sees every reason. */
export function checkWritable(file: string): void {
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new NumavoxError('usage', `${file}: cannot be written: is a directory`);
    if (existing !== undefined && !existing.isFile()) {
      throw new NumavoxError('usage', `${file}: cannot be written: not a regular file`);
    }
    const folder = dirname(file);
    const holder = statSync(folder, { throwIfNoEntry: false });
    if (!holder) throw new NumavoxError('usage', `${file}: cannot be written: there is no folder ${folder}`);
    if (!holder.isDirectory()) throw new NumavoxError('usage', `${file}: cannot be written: ${reasons.ENOTDIR}`);
    const probe = besideName(file);
    if (existing !== undefined) closeSync(openSync(file, 'r+'));
    closeSync(openSync(probe, 'wx'));
    rmSync(probe);
  } catch (cause) {
    throw cause instanceof NumavoxError ? cause : fileError('usage', file, 'cannot be written', cause);
  }
}

/** Writes the pieces in turn to a name beside the file, then renames. Nothing is awaited: no signal comes between. */
export function writeWhole(file: string, pieces: readonly Uint8Array[]): void {
  const temporary = besideName(file);
  try {
    const descriptor = openSync(temporary, 'wx');
    try {
      for (const piece of pieces) writePiece(descriptor, piece);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, realPath(file));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw fileError('resource', file, 'cannot be written', cause);
  }
}

/** One call of writeSync takes less than 2 GiB, and may write less than it was given. */
function writePiece(descriptor: number, piece: Uint8Array): void {
  const mostBytes = 1 << 30;
  for (let at = 0; at < piece.length; ) {
    at += writeSync(descriptor, piece, at, Math.min(mostBytes, piece.length - at));
  }
}

/** The file a link points at, so that the link stays one. */
function realPath(file: string): string {
  return statSync(file, { throwIfNoEntry: false }) === undefined ? file : realpathSync(file);
}

function besideName(file: string): string {
  const target = realPath(file);
  return join(dirname(target), `.${basename(target).slice(0, 200)}.${process.pid}.tmp`);
}

function fileError(kind: ErrorKind, file: string, what: string, cause: unknown): NumavoxError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = reasons[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new NumavoxError(kind, `${file}: ${what}: ${reason}`, { cause });
}
