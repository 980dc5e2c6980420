/**
 * What went wrong, for callers to switch on.
 *
 * - `usage`: an option or a command line that makes no sense
 * - `input`: a feed, file or volume that does not fit the model
 * - `model`: bytes that are no valid model
 * - `unsupported`: a valid model that asks for something numavox does not have
 * - `resource`: the machine lacks something (memory, a file that cannot be written)
 * - `runtime`: a worker failed in the middle of a run
 * - `aborted`: the caller's signal ended the run
 * - `closed`: the session has been released, or has lost its workers for good
 */
export type ErrorKind = 'usage' | 'input' | 'model' | 'unsupported' | 'resource' | 'runtime' | 'aborted' | 'closed';

/**
 * The one error class of the package: `kind` is for programs, `message` is one line for people, `cause` for debugging.
 * Messages quote names from models and files: their control characters (line breaks, escapes of a terminal) become spaces.
 */
export class NumavoxError extends Error {
  override readonly name = 'NumavoxError';
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message.replace(/\p{Cc}+/gu, ' '), options);
    this.kind = kind;
  }
}
