/** What a command works with: the engine, the two streams and the signal that ends it. Only results go to stdout. */
import type { Engine } from './engine.js';

export interface Cli {
  readonly engine: Engine;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Aborted on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** The result: text as it is, an object as one JSON document. */
export function printResult(cli: Cli, result: string | object): void {
  cli.stdout.write(`${typeof result === 'string' ? result : JSON.stringify(result, null, 2)}\n`);
}

export const printNote = (cli: Cli, text: string): void => {
  cli.stderr.write(`${text}\n`);
};

export const printWarning = (cli: Cli, message: string): void => printNote(cli, `numavox: warning: ${message}`);
