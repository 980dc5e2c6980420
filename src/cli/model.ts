/** What MODEL on a command line means: a zoo network by its name, or else a file. */
import { existsSync } from 'node:fs';
import { NumavoxError } from '../index.js';
import type { Engine, ZooOptions } from './engine.js';

export interface ModelTarget {
  /** What the engine opens. */
  readonly uri: string;
  /** Its weights are random: it knows no classes. */
  readonly untrained: boolean;
}

/** `c3d` and `zoo:c3d?width=0.5` are zoo networks, `./c3d` is a file; zoo options with a file are an error. */
export function resolveModel(engine: Engine, model: string, options: ZooOptions): ModelTarget {
  if (engine.zooNames.includes(model) || model.startsWith('zoo:')) {
    return { uri: zooUri(model, options), untrained: true };
  }
  const given = Object.keys(options);
  if (given.length > 0) {
    throw new NumavoxError(
      'usage',
      `--${given[0]} is for zoo networks (${engine.zooNames.join(', ')}), not for ${model}`,
    );
  }
  if (!existsSync(model)) {
    throw new NumavoxError('input', `${model}: no such file, and no zoo network (${engine.zooNames.join(', ')})`);
  }
  return { uri: model, untrained: false };
}

function zooUri(model: string, options: ZooOptions): string {
  const uri = model.startsWith('zoo:') ? model : `zoo:${model}`;
  const query = Object.entries(options).map(([key, value]) => `${key}=${value}`);
  return query.length === 0 ? uri : `${uri}${uri.includes('?') ? '&' : '?'}${query.join('&')}`;
}
