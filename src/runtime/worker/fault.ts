/** Failures on purpose, for tests: see `Fault`. Nothing here runs unless a task carries one. */
import { type Control, isStopped } from '../control.js';
import type { Fault } from '../protocol.js';
import { notify, type Place } from './seat.js';

const defaultDelayMs = 200;
/** Longer than the main thread takes to do what it has been asked. */
const helplessMs = 10_000;

/** (module (func (export "f") unreachable)) */
const trapModule = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00],
  ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00, 0x0a, 0x05, 0x01, 0x03, 0x00, 0x00, 0x0b],
);

/** What commits the fault, once, where it is due at this place and step. */
export function strikeAt(
  fault: Fault | undefined,
  place: Place,
  step: number,
  control: Control,
): (() => void) | undefined {
  if (fault?.rank !== place.rank || fault.step !== step) return undefined;
  let struck = false;
  return () => {
    if (struck) return;
    struck = true;
    commit(fault, place, control);
  };
}

const sleep = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

function commit(fault: Fault, place: Place, control: Control): void {
  switch (fault.kind) {
    case 'throw':
      throw new Error('failed on purpose');
    case 'trap':
      (new WebAssembly.Instance(new WebAssembly.Module(trapModule)).exports.f as () => void)();
      return;
    case 'exit':
      process.exit(3);
      break;
    case 'terminate':
      notify({ kind: 'fault', request: 'terminate', threadId: place.threadId });
      sleep(helplessMs);
      return;
    case 'abort':
      notify({ kind: 'fault', request: 'abort', threadId: place.threadId });
      while (!isStopped(control)) sleep(1);
      return;
    case 'heap': {
      const hoard: unknown[] = [];
      for (;;) hoard.push(Array.from({ length: 1000 }, () => ({ hoard })));
    }
    case 'delay':
      sleep(fault.delayMs ?? defaultDelayMs);
      return;
  }
}
