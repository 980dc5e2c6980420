/**
 * The optimizer: a fixed list of passes. Each is a pure function of a typed graph, leaves a valid one, and computes the same but for
 * rounding; none knows the machine.
 */
import type { TypedGraph } from '../graph/ir.js';
import { batchNormRule } from './fold_batch_norm.js';
import { foldConstants } from './fold_constants.js';
import { activationRule } from './fuse_activation.js';
import { biasRule } from './fuse_bias.js';
import { poolRule } from './fuse_pool.js';
import { residualRule } from './fuse_residual.js';
import { scaleRule } from './fuse_scale.js';
import { fuse } from './fusion.js';
import { gemmRule } from './matmul_to_gemm.js';
import { removeDead } from './remove_dead.js';
import { removeIdentities } from './remove_identities.js';
import type { Pass, PassReport } from './report.js';

/** One walk for all: what follows a convolution (bias, BatchNorm, residual, activation, pool) is merged into it in the order it has. */
const fuseAll: Pass = graph =>
  fuse(graph, [gemmRule, batchNormRule, scaleRule, biasRule, residualRule, activationRule, poolRule]);

/** Dead nodes go first as well: one that reads a value must not stand in the way of a fusion. */
export const passes: readonly Pass[] = [removeDead, foldConstants, removeIdentities, fuseAll, removeDead];

/** The graph after all passes, and what each of them did, or why it did not. */
export function optimize(graph: TypedGraph): { graph: TypedGraph; report: PassReport[] } {
  const report: PassReport[] = [];
  let current = graph;
  for (const pass of passes) {
    const result = pass(current);
    current = result.graph;
    report.push(...result.report);
  }
  return { graph: current, report };
}
