/** A progress bar on stderr, on a terminal only; `stop` clears it. The terminal's modes stay as they are. */
import { SingleBar } from 'cli-progress';
import type { Cli } from './context.js';

export interface Progress {
  /** Undefined where nobody looks. */
  readonly update: ((done: number, total: number, step: string) => void) | undefined;
  readonly stop: () => void;
}

const longestStep = 32;

export function startProgress(cli: Cli, quiet: boolean): Progress {
  if (quiet || !cli.stderr.isTTY) return { update: undefined, stop: () => {} };
  const bar = new SingleBar({
    stream: cli.stderr,
    format: '{bar} {value}/{total} {step}',
    barCompleteChar: '#',
    barIncompleteChar: '-',
    barsize: 30,
    clearOnComplete: true,
    linewrap: true,
    gracefulExit: false,
  });
  let started = false;
  return {
    update: (done, total, step) => {
      if (!started) bar.start(total, done, { step });
      started = true;
      bar.setTotal(total);
      bar.update(done, { step: step.slice(0, longestStep) });
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}
