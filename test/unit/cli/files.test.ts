import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkWritable, readBytes, writeWhole } from '../../../src/cli/files.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('writeWhole', () => {
  it('writes the pieces in turn and leaves nothing beside', () => {
    const file = join(folder, 'y.npy');
    writeFileSync(file, 'an older and longer file');
    writeWhole(file, [Buffer.from('ab'), new Uint8Array(0), Buffer.from('cd')]);
    expect(readFileSync(file, 'utf8')).toBe('abcd');
    expect(readdirSync(folder)).toEqual(['y.npy']);
  });

  it('writes through a link', () => {
    const target = join(folder, 'target.npy');
    writeFileSync(target, 'old');
    symlinkSync(target, join(folder, 'link.npy'));
    writeWhole(join(folder, 'link.npy'), [Buffer.from('new')]);
    expect(readFileSync(target, 'utf8')).toBe('new');
  });

  it('leaves nothing where it fails', () => {
    mkdirSync(join(folder, 'y.npy'));
    writeFileSync(join(folder, 'y.npy', 'x'), '');
    expect(() => writeWhole(join(folder, 'y.npy'), [Buffer.from('a')])).toThrow(
      expect.objectContaining({ kind: 'resource' }),
    );
    expect(readdirSync(folder)).toEqual(['y.npy']);
  });
});

describe('checkWritable', () => {
  it('passes a new file and an old one, and changes neither', () => {
    writeFileSync(join(folder, 'old.npy'), 'old');
    checkWritable(join(folder, 'old.npy'));
    checkWritable(join(folder, 'new.npy'));
    expect(readFileSync(join(folder, 'old.npy'), 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['old.npy']);
  });

  it.each([
    ['a folder that is not there', 'none/y.npy', 'there is no folder'],
    ['a folder', '.', 'is a directory'],
    ['a folder that is a file', 'file/y.npy', 'not a folder'],
    ['a name too long', `${'y'.repeat(300)}.npy`, 'too long'],
  ])('refuses %s', (_, name, message) => {
    writeFileSync(join(folder, 'file'), '');
    const check = () => checkWritable(join(folder, name));
    expect(check).toThrow(expect.objectContaining({ kind: 'usage' }));
    expect(check).toThrow(message);
  });

  it.skipIf(process.getuid?.() === 0)('refuses a folder without permission', () => {
    chmodSync(folder, 0o500);
    expect(() => checkWritable(join(folder, 'y.npy'))).toThrow('permission denied');
    chmodSync(folder, 0o700);
  });

  it.skipIf(process.platform !== 'linux')('refuses what only looks like a folder for files', () => {
    expect(() => checkWritable('/proc/y.npy')).toThrow(expect.objectContaining({ kind: 'usage' }));
    expect(() => checkWritable('/dev/null')).toThrow('not a regular file');
  });
});

it('readBytes says why', () => {
  expect(() => readBytes(join(folder, 'none'))).toThrow('none: cannot be read: no such file');
  expect(() => readBytes(folder)).toThrow(
    expect.objectContaining({ kind: 'input', message: expect.stringContaining('directory') }),
  );
});
