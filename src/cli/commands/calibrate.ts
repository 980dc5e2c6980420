/** numavox calibrate: how fast this machine is, piece by piece, for the planner's predictions. */
import { type Command, Option } from 'commander';
import { type Cli, printNote, printResult, printWarning } from '../context.js';
import type { Calibration, MachineOptions } from '../engine.js';
import { addVerboseOption, wholeNumber } from '../options.js';
import { formatBytes, formatTable, plural } from '../text.js';

interface CalibrateFlags extends Pick<MachineOptions, 'workers' | 'module'> {
  readonly json?: boolean;
  readonly force?: boolean;
}

export function calibrateCommand(cli: Cli, program: Command): void {
  const command = program
    .command('calibrate')
    .summary('measure how fast this machine is')
    .description(
      'Measure what kernels, memory, copies and barriers take on this machine, once on one worker and once on all workers of a ' +
        'node (about 20 seconds), and keep it for the planner. What was kept before is shown again. Results never depend on it.',
    )
    .option('--workers <n>', 'number of workers to measure together', wholeNumber('--workers', 1))
    .addOption(new Option('--module <name>', 'kernels with or without fused multiply-add').choices(['simd', 'relaxed']))
    .option('--force', 'measure again')
    .option('--json', 'print one JSON object');
  addVerboseOption(command).action(async ({ workers, module, json, force = false }: CalibrateFlags) => {
    const calibration = await cli.engine.calibrate({
      ...(workers !== undefined && { workers }),
      ...(module !== undefined && { module }),
      force,
      signal: cli.signal,
      onWarning: message => printWarning(cli, message),
    });
    const { rates, path, measured } = calibration;
    printResult(cli, json ? { ...rates, path, measured } : calibrationText(calibration));
    if (!json && !measured) printNote(cli, 'measured earlier; --force measures again');
  });
}

function calibrationText({ rates, path }: Calibration): string {
  const { machine, workers, caches } = rates;
  const speed = (bytesPerSecond: number) => `${(bytesPerSecond / 1e9).toFixed(1)} GB/s`;
  const all = (rate: { readonly allBytesPerSecond: number }) => (workers > 1 ? speed(rate.allBytesPerSecond) : '-');
  const ns = (value: number) => `${value.toFixed(value < 10 ? 3 : 1)} ns`;
  const bandwidths = (['cache', 'memory', 'copy'] as const).map(name => [
    { cache: 'from the shared cache', memory: 'from memory', copy: 'copied between memories' }[name],
    speed(rates[name].oneBytesPerSecond),
    all(rates[name]),
  ]);
  const overheads = [
    ['barrier of all', `${rates.barrierUs.toFixed(2)} us`],
    ['step', `${rates.stepUs.toFixed(2)} us`],
    ['claim of units', `${rates.claimUs.toFixed(2)} us`],
    ['run', `${rates.runUs.toFixed(0)} us`],
    ['stretch of a copy', ns(rates.copyRunNs)],
    ['inputs and outputs', speed(rates.portBytesPerSecond)],
  ];
  return [
    [
      `${machine.cpu}, Node ${machine.node}, module ${machine.module}, numavox ${machine.version}`,
      `caches: ${formatBytes(caches.ownBytes)} per worker, ${formatBytes(caches.sharedBytes)} shared`,
      `kept in ${path}`,
    ].join('\n'),
    formatTable('lrr', [
      ['', '1 worker', plural(workers, 'worker')],
      ['register tile', `${rates.gflopsPerWorker.toFixed(1)} GFLOP/s`, ''],
      ['pieces take longer by', '', workers > 1 ? `${(100 * (rates.crowding - 1)).toFixed(1)} %` : '-'],
      ...bandwidths,
    ]),
    formatTable('lr', [['overhead', 'time'], ...overheads]),
    formatTable('lr', [['piece', 'time'], ...Object.entries(rates.pieceNs).map(([name, value]) => [name, ns(value)])]),
  ].join('\n\n');
}
