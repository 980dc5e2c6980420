/** numavox bench: the time of repeated inferences on a synthetic clip. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import type { Command } from 'commander';
import type { InferenceProfile } from '../../index.js';
import { type Cli, printNote, printResult, printWarning } from '../context.js';
import type { Session, SessionInfo, Shapes, ZooOptions } from '../engine.js';
import { makeFeeds } from '../feeds.js';
import { writeWhole } from '../files.js';
import { resolveModel } from '../model.js';
import * as options from '../options.js';
import { checkOutput } from '../outputs.js';
import { profileJson, profileText } from '../profile/report.js';
import { traceBytes } from '../profile/trace.js';
import { startProgress } from '../progress.js';
import { describeCreation, describeMachine, machineJson, withSession } from '../session.js';
import { formatMs } from '../text.js';

interface BenchFlags extends options.MachineFlags, options.ProfileFlags, ZooOptions {
  readonly runs: number;
  readonly warmup: number;
  readonly shape?: Shapes;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function benchCommand(cli: Cli, program: Command): void {
  const command = program
    .command('bench')
    .summary('time a network')
    .description('Time repeated inferences on a synthetic clip.')
    .argument('<model>', `ONNX file, or zoo network: ${cli.engine.zooNames.join(', ')}`)
    .option('--runs <n>', 'runs that count', options.wholeNumber('--runs', 1), 10)
    .option('--warmup <n>', 'runs before them', options.wholeNumber('--warmup', 0), 2);
  options.addZooOptions(options.addMachineOptions(options.addShapeOption(command)));
  options.addProfileOptions(command, ' in the last run');
  command.option('--json', 'print one JSON object').option('--quiet', 'print only the result and warnings');
  options.addVerboseOption(command).action((model: string, flags: BenchFlags) => bench(cli, model, flags));
}

async function bench(cli: Cli, model: string, flags: BenchFlags): Promise<void> {
  const target = resolveModel(cli.engine, model, options.zooOptions(flags));
  const machine = options.machineOptions(flags);
  if (flags.trace !== undefined) checkOutput(flags.trace, target.untrained ? [] : [model]);
  await withSession(cli, target.uri, { ...machine, shapes: flags.shape ?? {} }, async session => {
    const load = loadavg()[0]!;
    const { timesMs, profile } = await timeRuns(cli, session, flags);
    const info = session.info();
    const bestMs = Math.min(...timesMs);
    const medianMs = median(timesMs);
    const gflops = info.gflop / (bestMs / 1000);
    if (flags.trace !== undefined) writeWhole(flags.trace, [traceBytes(profile!, info.workers)]);
    const shown = flags.profile ? profile : null;
    if (flags.json) {
      const { gflop, parameters, memoryBytes, timings } = info;
      printResult(cli, {
        model,
        bestMs,
        medianMs,
        timesMs,
        runs: flags.runs,
        warmup: flags.warmup,
        gflop,
        gflops,
        parameters,
        memoryBytes,
        timings,
        machine: machineJson(info),
        host: host(load),
        ...(shown !== null && { profile: profileJson(shown, info.workers) }),
      });
      return;
    }
    if (!flags.quiet) noteSession(cli, model, info, flags.trace);
    printResult(
      cli,
      `best ${formatMs(bestMs)}, median ${formatMs(medianMs)} of ${flags.runs}; ${gflops.toFixed(1)} GFLOP/s at best`,
    );
    if (shown !== null) printResult(cli, `\n${profileText(shown, info.workers)}`);
  });
}

function noteSession(cli: Cli, model: string, info: SessionInfo, trace: string | undefined): void {
  printNote(cli, `${model}: ${describeCreation(info)}`);
  printNote(cli, describeMachine(info));
  if (trace !== undefined) printNote(cli, `wrote ${trace}`);
}

interface TimedRuns {
  readonly timesMs: readonly number[];
  /** Of the last run; null unless a flag asks for it. */
  readonly profile: InferenceProfile | null;
}

async function timeRuns(cli: Cli, session: Session, flags: BenchFlags): Promise<TimedRuns> {
  const { tensors } = makeFeeds(cli.engine, session.info().inputs, [], {
    scale: { kind: 'none' },
    fit: null,
    onWarning: message => printWarning(cli, message),
  });
  const progress = startProgress(cli, flags.quiet ?? false);
  const total = flags.warmup + flags.runs;
  const timesMs: number[] = [];
  let profile: InferenceProfile | null = null;
  const keep = (own: InferenceProfile): void => {
    profile = own;
  };
  try {
    for (let run = 0; run < total; run++) {
      progress.update?.(run, total, run < flags.warmup ? 'warm-up' : 'run');
      const isProfiled = run === total - 1 && options.wantsProfile(flags);
      const startMs = performance.now();
      await session.run(tensors, { signal: cli.signal, ...(isProfiled && { onProfile: keep }) });
      if (run >= flags.warmup) timesMs.push(performance.now() - startMs);
    }
  } finally {
    progress.stop();
  }
  return { timesMs, profile };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** @param load the machine's load average over a minute before the runs */
function host(load: number): object {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    node: process.versions.node,
    v8: process.versions.v8,
    flags: simdFlags(),
    load,
  };
}

/** Instruction sets that decide how fast vector code is, as Linux names them; none where it does not say. */
function simdFlags(): string[] {
  const telling = /^(avx|avx2|avx512f|fma|sse4_1|asimd|asimddp|sve|sve2)$/;
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'));
    return (line?.[1] ?? '').split(' ').filter(flag => telling.test(flag));
  } catch {
    return [];
  }
}
