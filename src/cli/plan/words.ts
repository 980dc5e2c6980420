/** How the parts of a plan are called, in its table and in its picture. */
import type { PlannedLayerInfo, PlanReport } from '../../index.js';
import { formatBytes, plural } from '../text.js';

/** "channel 4", "mix 4x2": the kind of the cut, and how many parts along each axis that is cut. */
export function cutText({ cut, parts }: PlannedLayerInfo): string {
  const counts = (parts ?? []).filter(count => count > 1);
  return counts.length > 0 ? `${cut} ${counts.join('x')}` : cut;
}

/** "4 logical nodes, 8 workers". */
export const machineText = ({ machine: { nodes, logical, workers } }: PlanReport): string =>
  `${plural(nodes, logical ? 'logical node' : 'node')}, ${plural(workers, 'worker')}`;

/** What the times follow from, and of what machine they are; one line each. */
export function sourceText({ rates, machine }: PlanReport): string[] {
  const of = `${rates.cpu}, Node ${rates.node}, module ${rates.module}`;
  return [
    rates.source === 'default'
      ? `predicted from built-in rates (${of}), not calibrated here: compare plans by them`
      : `predicted from calibrated rates (${of})`,
    ...(machine.logical
      ? ['simulated: a machine of that shape, on which each core is as fast as these rates say']
      : []),
  ];
}

/** "-" for nothing. */
export const bytesOrNone = (bytes: number): string => (bytes === 0 ? '-' : formatBytes(bytes));

/** As many digits as tell, without the unit. */
export function shortMs(ms: number): string {
  if (ms === 0) return '-';
  if (ms >= 99.95) return ms.toFixed(0);
  return ms.toFixed(ms >= 9.995 ? 1 : 2);
}
