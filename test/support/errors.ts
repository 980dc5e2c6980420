/** Catching what a call throws, to look at its kind and message. */
import { type ErrorKind, NumavoxError } from '../../src/errors.js';

/** The NumavoxError that `call` throws; anything else fails the test. */
export function errorOf(call: () => unknown): NumavoxError {
  try {
    call();
  } catch (error) {
    if (error instanceof NumavoxError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** "kind: message" of the NumavoxError that `call` throws. */
export function failureOf(call: () => unknown): `${ErrorKind}: ${string}` {
  const { kind, message } = errorOf(call);
  return `${kind}: ${message}`;
}
