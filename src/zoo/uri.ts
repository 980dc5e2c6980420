/**
 * How a command line names a zoo network: `zoo:c3d?width=0.125&classes=10&seed=3`. Invariant: what is not understood is an
 * error; nothing is silently ignored.
 */
import { NumavoxError } from '../errors.js';
import { requireZooName, type ZooName, type ZooOptions, zooNames } from './zoo.js';

const scheme = 'zoo:';
const optionNames = ['width', 'classes', 'seed', 'batch'] as const;
type OptionName = (typeof optionNames)[number];

/** Decimal, without sign; the exponent as in 1e-3. */
const decimal = /^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Reads `zoo:NAME`, with the options of `zooGraph` as a query.
 * @throws NumavoxError `usage` that lists the names, or the options, for anything else; ranges are zooGraph's to check
 */
export function parseZooUri(uri: string): { name: ZooName; options: ZooOptions } {
  if (!uri.startsWith(scheme)) {
    const known = zooNames.join(', ');
    throw new NumavoxError('usage', `'${uri}' is no zoo network: expected ${scheme}NAME, NAME one of ${known}`);
  }
  const [nameText, query] = cut(uri.slice(scheme.length), '?');
  const name = requireZooName(nameText);
  const options: Partial<Record<OptionName, number>> = {};
  for (const entry of query === '' ? [] : query.split('&')) {
    const [key, value] = cut(entry, '=');
    const option = optionNames.find(known => known === key);
    if (option === undefined) {
      throw new NumavoxError('usage', `zoo ${name} has no option '${key}': there are ${optionNames.join(', ')}`);
    }
    if (options[option] !== undefined) throw new NumavoxError('usage', `zoo ${name}: ${option} is given twice`);
    if (!decimal.test(value)) throw new NumavoxError('usage', `zoo ${name}: ${option} is '${value}', must be a number`);
    options[option] = Number(value);
  }
  return { name, options };
}

/** What is before the first `mark`, and what is behind it. */
function cut(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
