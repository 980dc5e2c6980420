import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planPicture } from '../../../src/cli/plan/picture.js';
import { defaultRates, NumavoxError, type PlanReport } from '../../../src/index.js';
import { numavox } from './fake_engine.js';
import { twoNodes } from './two_nodes.js';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'numavox-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('numavox plan', () => {
  it('tells of each layer, of the nodes, of what crosses, and where its times come from', async () => {
    const { code, stdout, stderr } = await numavox(['plan', 'c3d', '--topology', '2x1x2']);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    for (const expected of [
      /^input x: 1x3x4x8x8$/,
      /^conv1 +Conv +1x16x4x8x8 +height 2 +2 MiB +- +3\.00 +0\.50 +- +0\.50 +4\.00$/,
      /^conv2 +Conv +1x32x4x8x8 +channel 2 +5 MiB +3 MiB +5\.00 +1\.00 +1\.50 +0\.50 +8\.00$/,
      /^all layers +7 MiB +3 MiB +8\.13 +1\.50 +1\.63 +1\.00 +12\.3$/,
      /^ +3 +2 +5 MiB +3 MiB +1 MiB$/,
      /^node fetches from +0 +3$/,
      /^ +0 +- +1 MiB$/,
      /^5 steps, 2 of them with an exchange; barriers: 3 of the node, 2 of the machine$/,
      /^12\.5 ms on 2 logical nodes, 4 workers: layers 12\.25 ms, start, inputs and outputs 0\.25 ms$/,
      /^3\.20 times as fast as one core \(40 ms\)$/,
      /^node 0 alone with 2 workers: the memory holds 4 GiB$/,
      /^the second-best plan takes 125\.0 us more$/,
      /^predicted from calibrated rates \(Abacus, Node v20\.1\.0, module relaxed\)$/,
      /^simulated: a machine of that shape/,
      /^frugal +13 ms +2 MiB +8 MiB$/,
      /^channel +2 of 3 +14 ms +4 MiB +5 MiB$/,
      /^one +0 of 3 +- +- +- +the memory holds 4 GiB$/,
    ]) {
      expect(lines.filter(line => expected.test(line))).toHaveLength(1);
    }
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(120);
    expect(stdout).not.toMatch(/measured/);
  });

  it('says so where nothing is calibrated and the nodes are real', async () => {
    const { stdout } = await numavox(['plan', 'c3d'], {
      plan: {
        ...twoNodes,
        rates: { ...twoNodes.rates, source: 'default' },
        machine: { ...twoNodes.machine, logical: false },
      },
    });
    expect(stdout).toContain('not calibrated here');
    expect(stdout).toContain('on 2 nodes, 4 workers');
    expect(stdout).not.toContain('simulated');
  });

  it('shows boxes and fetches by node with --verbose', async () => {
    const { stdout } = await numavox(['plan', 'c3d', '--verbose']);
    expect(stdout).toMatch(/\nconv2 +0 +1x0-23x4x8x8 +3 MiB +1 MiB from 3\n +3 +1x24-31x4x8x8 +2 MiB +2 MiB from 0\n/);
    expect(stdout).toMatch(/\nrelu +0 +1x32x4x8x8 +- +512 B from 3\n +3 +nothing +-\n/);
  });

  it('prints one JSON object', async () => {
    const { stdout } = await numavox(['plan', 'c3d', '--json']);
    expect(JSON.parse(stdout)).toEqual({ ...twoNodes, model: 'c3d' });
  });

  it('asks the engine for what the command line says, and opens nothing', async () => {
    writeFileSync(at('rates.json'), JSON.stringify({ ...defaultRates, path: '/x', measured: true }));
    const { code, calls } = await numavox(
      ['plan', 'c3d', '--width', '0.5', '--topology', '2x1x2', '--workers', '3', '--algorithm', 'exact'].concat([
        '--partition',
        'channel',
        '--weights',
        'bf16',
        '--rates',
        at('rates.json'),
        '--shape',
        'x=1,3,4,8,8',
      ]),
    );
    expect(code).toBe(0);
    expect(calls.opened).toEqual([]);
    expect(calls.planned).toMatchObject([
      {
        model: 'zoo:c3d?width=0.5',
        options: {
          ...{ topology: '2x1x2', workers: 3, algorithm: 'exact', weights: 'bf16', partition: 'channel' },
          ...{ rates: defaultRates, shapes: { x: [1, 3, 4, 8, 8] } },
        },
      },
    ]);
  });

  it('passes partition and rates on to sessions too', async () => {
    writeFileSync(at('rates.json'), JSON.stringify(defaultRates));
    const { calls } = await numavox(['run', 'c3d', '--partition', 'height', '--rates', at('rates.json'), '--quiet']);
    expect(calls.opened[0]?.options).toMatchObject({ partition: 'height', rates: defaultRates });
  });

  it('prints warnings on stderr, and errors as one line', async () => {
    const warned = await numavox(['plan', 'c3d', '--json'], { warning: '3 workers on 2 CPUs: they take turns' });
    expect(warned.stderr).toBe('numavox: warning: 3 workers on 2 CPUs: they take turns\n');
    const openError = new NumavoxError('usage', "input 'x' has no size");
    expect(await numavox(['plan', 'c3d', '--svg', at('p.svg')], { openError })).toMatchObject({
      ...{ code: 2, stdout: '', stderr: "numavox: input 'x' has no size\n" },
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    [['plan'], /missing required argument 'model'/],
    [['plan', 'nothing.onnx'], /nothing.onnx: no such file, and no zoo network/],
    [['plan', 'c3d', '--partition', 'diagonal'], /--partition.*'diagonal' is invalid/],
    [['plan', 'c3d', '--rates', 'none.json'], /none.json: cannot be read: no such file/],
    [['plan', 'c3d', '--module', 'simd'], /unknown option '--module'/],
    [['plan', 'c3d', '--svg', 'plan.png'], /--svg plan.png: expected a name in .svg/],
    [['plan', 'c3d', '--svg', 'none/plan.svg'], /no folder none/],
  ] as [string[], RegExp][])('%j is one line on stderr, code 2, before anything is planned', async (args, expected) => {
    const { code, stdout, stderr, calls } = await numavox(args);
    expect([code, stdout, calls.planned]).toEqual([2, '', []]);
    expect(stderr).toMatch(expected);
    expect(stderr.split('\n').length).toBe(2);
  });

  it.each([
    ['{', /not JSON/],
    ['[1]', /not rates as "numavox calibrate --json" prints them/],
  ])('refuses rates such as %s', async (content, expected) => {
    writeFileSync(at('rates.json'), content);
    const { code, stderr } = await numavox(['plan', 'c3d', '--rates', at('rates.json')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(expected);
  });
});

describe('numavox plan --svg', () => {
  it('writes the picture over an older one, and nothing else', async () => {
    writeFileSync(at('plan.svg'), 'old');
    const { code, stdout, stderr } = await numavox(['plan', 'c3d', '--svg', at('plan.svg')]);
    expect(code).toBe(0);
    expect(stdout).toContain('conv1');
    expect(stderr).toBe(`wrote ${at('plan.svg')}\n`);
    expect(readFileSync(at('plan.svg'), 'utf8')).toBe(planPicture('c3d', twoNodes));
    expect(readdirSync(folder)).toEqual(['plan.svg']);
  });

  it('never writes over what is read', async () => {
    writeFileSync(at('model.onnx'), 'onnx');
    linkSync(at('model.onnx'), at('plan.svg'));
    const same = await numavox(['plan', at('model.onnx'), '--svg', at('model.onnx')]);
    expect(same.stderr).toContain('expected a name in .svg');
    const { code, stderr } = await numavox(['plan', at('plan.svg'), '--svg', at('plan.svg')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('is read by this command')]);
    expect(readFileSync(at('model.onnx'), 'utf8')).toBe('onnx');
  });

  it('has a frame for each layer and node, a part where something is computed, and a line for each move', () => {
    const picture = planPicture('net', twoNodes);
    checkXml(picture);
    const legend = planPicture('net', { ...twoNodes, layers: [] });
    expect(countOf(picture, 'class="frame"') - countOf(legend, 'class="frame"')).toBe(3 * 2);
    expect(countOf(picture, 'class="part"') - countOf(legend, 'class="part"')).toBe(5);
    expect(countOf(picture, 'class="crossing"')).toBe(3);
    for (const said of ['conv1', 'node 3', 'channel 2', '8.00', '3 MiB', 'simulated', 'predicted 12.5 ms']) {
      expect(picture).toContain(said);
    }
  });

  it('paints the share of each node', () => {
    const parts = [...planPicture('net', twoNodes).matchAll(/<rect ([^>]*)class="part"/g)].slice(5);
    const sizes = parts.map(([, attributes]) => {
      const of = (name: string) => Number(new RegExp(`\\b${name}="([\\d.]+)"`).exec(attributes!)![1]);
      return { width: of('width'), height: of('height') };
    });
    const all = sizes[4]!;
    expect(sizes.slice(0, 2)).toEqual([1, 2].map(() => ({ width: all.width, height: all.height / 2 })));
    expect(sizes[2]).toEqual({ width: 0.75 * all.width, height: all.height });
    expect(sizes[3]).toEqual({ width: 0.25 * all.width, height: all.height });
  });

  it('stays well-formed whatever the names are, and without layers or exchanges', () => {
    const odd = '<a href="x">&\u0007\ud800\uffff é';
    const layers: PlanReport['layers'] = twoNodes.layers.map(layer => ({ ...layer, name: odd, op: odd }));
    checkXml(planPicture(odd, { ...twoNodes, layers }));
    checkXml(planPicture('empty', { ...twoNodes, layers: [] }));
    const alone = twoNodes.layers.map(layer => ({ ...layer, moves: [], exchangeBytes: 0 }));
    checkXml(planPicture('alone', { ...twoNodes, layers: alone, totals: { ...twoNodes.totals, exchangeBytes: 0 } }));
  });
});

const countOf = (text: string, part: string): number => text.split(part).length - 1;

/** Tags that close each other, quoted attributes, no bare ampersand, no character that XML lacks. */
function checkXml(document: string): void {
  expect(document.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cs}\ufffe\uffff]/u);
  expect(document).not.toMatch(/&(?!(amp|lt|gt|quot);)/);
  expect(document).not.toMatch(/NaN|Infinity|undefined|null/);
  const open: string[] = [];
  const body = document.replace(/^<\?xml [^>]*\?>\n/, '');
  const rest = body.replace(/<(\/?)([a-z]+)((?: [\w:-]+="[^"<]*")*)(\/?)>/gi, (_all, end, name, _attributes, empty) => {
    if (end) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name as string);
    return '';
  });
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]/);
}
