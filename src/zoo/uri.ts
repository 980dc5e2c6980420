/**
 * How a command line names a zoo network: `zoo:c3d?width=0.125&classes=10&seed=3`. Invariant: what is not understood is an
 * error; nothing is silently ignored.
 */
import { NumavoxError } from '../errors.js';
import { type ZooName, type ZooOptions, zooNames } from './zoo.js';

const scheme = 'zoo:';
const optionNames = ['width', 'classes', 'seed', 'batch'] as const;
type OptionName = (typeof optionNames)[number];

/** Decimal, without sign; the exponent as in 1e-3. */
const decimal = /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** Whether the text is the bare name of a zoo network (`c3d`). */
export const isZooName = (text: string): text is ZooName => zooNames.some(name => name === text);

/**
 * Reads `zoo:NAME`, with the options of `zooGraph` as a query. Throws `usage` that lists the names, or the options, for
 * anything else; the ranges of values are zooGraph's to check.
 */
export function parseZooUri(uri: string): { name: ZooName; options: ZooOptions } {
  if (!uri.startsWith(scheme)) throw new NumavoxError('usage', `'${uri}' is no zoo network: expected ${scheme}NAME`);
  const [name = '', ...queries] = uri.slice(scheme.length).split('?');
  if (!isZooName(name)) {
    throw new NumavoxError('usage', `no zoo network is called '${name}': there are ${zooNames.join(', ')}`);
  }
  const options: Partial<Record<OptionName, number>> = {};
  const entries = queries.join('?').split('&');
  for (const entry of entries.filter(text => text !== '')) {
    const [key = '', ...values] = entry.split('=');
    const option = optionNames.find(known => known === key);
    if (option === undefined) {
      throw new NumavoxError('usage', `zoo ${name} has no option '${key}': there are ${optionNames.join(', ')}`);
    }
    if (options[option] !== undefined) throw new NumavoxError('usage', `zoo ${name}: ${option} is given twice`);
    const value = values.join('=');
    if (!decimal.test(value)) throw new NumavoxError('usage', `zoo ${name}: ${option} is '${value}', must be a number`);
    options[option] = Number(value);
  }
  return { name, options };
}
