/** From what a command threw to an exit code and lines for stderr. */
import { CommanderError } from 'commander';
import { type ErrorKind, NumavoxError } from '../index.js';

/** 1: it failed while running. 2: what was asked for cannot be run. */
const codes: Readonly<Record<ErrorKind, 1 | 2>> = {
  runtime: 1,
  resource: 1,
  aborted: 1,
  closed: 1,
  usage: 2,
  input: 2,
  model: 2,
  unsupported: 2,
};

/** Signals that end a run, and the code a shell expects after each. */
export const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const;

export function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof NumavoxError ? codes[error.kind] : 1;
}

/** One line; with `verbose`, the stacks of the error and of everything that caused it. */
export function errorText(error: unknown, verbose: boolean): string {
  const lines = [`numavox: ${oneLine(messageOf(error))}`];
  if (verbose) for (let cause = error; cause !== undefined; cause = causeOf(cause)) lines.push(stackOf(cause));
  return lines.join('\n');
}

function messageOf(error: unknown): string {
  if (error instanceof CommanderError) return error.message.replace(/^error: /, '');
  if (error instanceof NumavoxError) return error.message;
  return `internal error: ${error instanceof Error ? error.message : String(error)}`;
}

const oneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, ' ');

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error);
