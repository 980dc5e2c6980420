#!/usr/bin/env node
/**
 * The process around the command line: streams, signals, exit code. SIGINT and SIGTERM end the run and release its
 * session; a second one, or a release that takes too long, ends the process at once. A reader that closes the pipe has
 * seen enough: that is no error.
 */
import { NumavoxError } from '../index.js';
import { errorText, signalCodes } from './exit.js';
import { engine } from './numavox.js';
import { runProgram } from './program.js';

const releaseLimitMs = 3000;

const controller = new AbortController();
let interruptedCode: number | null = null;
for (const [signal, code] of Object.entries(signalCodes)) {
  process.on(signal, () => {
    if (interruptedCode !== null) process.exit(interruptedCode);
    interruptedCode = code;
    controller.abort();
    setTimeout(() => process.exit(code), releaseLimitMs).unref();
  });
}
const { stdout, stderr } = process;
const fail = (error: unknown): never => {
  stderr.write(`${errorText(error, process.argv.includes('--verbose'))}\n`);
  process.exit(1);
};
process.on('uncaughtException', fail);
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(interruptedCode ?? 0);
  fail(new NumavoxError('resource', `the result cannot be written to stdout: ${error.message}`, { cause: error }));
});
// Nobody is left to be told.
stderr.on('error', () => process.exit(interruptedCode ?? 0));

const code = await runProgram({ engine, stdout, stderr, signal: controller.signal }, process.argv.slice(2));
// What is written last may still be on its way into a pipe.
await new Promise<void>(resolve => {
  stdout.write('', () => resolve());
});
// A signal that came while the command kept the thread is heard now.
await new Promise(resolve => setTimeout(resolve, 1));
await new Promise(resolve => setImmediate(resolve));
process.exit(interruptedCode ?? code);
