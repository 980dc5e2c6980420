import { expect, test } from 'vitest';
import { NumavoxError } from '../../../src/errors.js';
import { parseZooUri } from '../../../src/zoo/uri.js';
import { isZooName, zooGraph } from '../../../src/zoo/zoo.js';

test('reads a name with and without options', () => {
  expect(parseZooUri('zoo:c3d')).toEqual({ name: 'c3d', options: {} });
  expect(parseZooUri('zoo:p3d?')).toEqual({ name: 'p3d', options: {} });
  expect(parseZooUri('zoo:c3d?width=0.125&classes=10&seed=3')).toEqual({
    name: 'c3d',
    options: { width: 0.125, classes: 10, seed: 3 },
  });
  expect(parseZooUri('zoo:vgg11?batch=2&width=125e-3').options).toEqual({ batch: 2, width: 0.125 });
});

test('its result is what zooGraph takes', () => {
  const { name, options } = parseZooUri('zoo:resnet34?width=0.125&classes=10');
  expect(zooGraph(name, options)).toEqual(zooGraph('resnet34', { width: 0.125, classes: 10 }));
});

test('knows the bare names, and nothing else', () => {
  expect(['c3d', 'resnet34', 'resnet50', 'vgg11', 'p3d'].every(isZooName)).toBe(true);
  expect(['', 'C3D', 'c3d ', 'c3d.onnx', 'zoo:c3d', 'constructor', '__proto__'].some(isZooName)).toBe(false);
});

test.each([
  ['c3d', /'c3d' is no zoo network: expected zoo:NAME, NAME one of c3d, resnet34, resnet50, vgg11, p3d/],
  ['zoo:', /called '': there are c3d, resnet34, resnet50, vgg11, p3d/],
  ['zoo:toString', /called 'toString': there are c3d/],
  ['zoo:c3d&width=1', /called 'c3d&width=1'/],
  ['zoo:c3d?depth=3', /has no option 'depth': there are width, classes, seed, batch/],
  ['zoo:c3d?__proto__=3', /has no option '__proto__'/],
  ['zoo:c3d?width=1&', /has no option ''/],
  ['zoo:c3d?width', /width is '', must be a number/],
  ['zoo:c3d?width=', /width is '', must be a number/],
  ['zoo:c3d?width=1=2', /width is '1=2'/],
  ['zoo:c3d?width=1?seed=2', /width is '1\?seed=2'/],
  ['zoo:c3d?width=-1', /width is '-1'/],
  ['zoo:c3d?seed=0x10', /seed is '0x10'/],
  ['zoo:c3d?seed=Infinity', /seed is 'Infinity'/],
  ['zoo:c3d?seed=1&seed=2', /seed is given twice/],
  ['zoo:c3d?seed=0&seed=0', /seed is given twice/],
])('refuses %s', (uri, message) => {
  try {
    parseZooUri(uri);
  } catch (error) {
    expect(error).toBeInstanceOf(NumavoxError);
    expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
    return;
  }
  expect.unreachable();
});
