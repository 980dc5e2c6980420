/** Winograd's three kernels to time, on one chunk of tiles each. */
import { noPool } from '../kernels/fields.js';
import { product, roundUp, type Triple } from '../kernels/sizes.js';
import { gridFields, tilesOver } from '../kernels/winograd_grid.js';
import { winogradInput } from '../kernels/winograd_input.js';
import { winogradOutput } from '../kernels/winograd_output.js';
import { winogradProducts } from '../kernels/winograd_products.js';
import { type AxisTile, axisTiles } from '../kernels/winograd_transforms.js';
import { activationOf, type KernelCase } from './kernel_case.js';

interface Options {
  readonly size: Triple<number>;
  readonly axes: Triple<AxisTile>;
  readonly inC: number;
  readonly outC: number;
}

function layer({ size, axes, inC, outC }: Options): KernelCase[] {
  const grid = axes.map((axis, i) => {
    return { ...axis, tiles: tilesOver(size[i]!, axis, 1), dil: 1, pad: axis.points > 1 ? 1 : 0 };
  });
  const points = product(axes.map(axis => axis.points));
  const rows = product(grid.map(axis => axis.tiles));
  const panels = Math.ceil(outC / 8);
  const pitch = roundUp(rows, 4);
  const xPointStride = pitch * Math.ceil(inC / 16) * 16 + 16;
  const yPointStride = pitch * Math.ceil(outC / 16) * 16 + 16;
  const [inputs, outputs] = [product(size) * inC, product(size) * outC];
  const transformed = 4 * points * xPointStride;
  const products = 4 * points * yPointStride;
  return [
    {
      kernel: winogradInput.name,
      values: {
        ...{ inD: size[0], inH: size[1], inW: size[2], inC, ...gridFields(grid) },
        ...{ firstRow: 0, rows, rowPitch: pitch, pointStride: xPointStride, unitRows: 4, unitGroups: 1 },
      },
      operands: { xPtr: 4 * inputs, yPtr: transformed },
      fresh: ['xPtr', 'yPtr'],
    },
    {
      kernel: winogradProducts.name,
      values: {
        ...{ points, channels: inC, blockChannels: inC, taps: 1, tapRows: 0, rows },
        ...{ xRowPitch: pitch, xPointStride, panels, yRowPitch: pitch, yPointStride, unitPanels: Math.min(4, panels) },
      },
      operands: { xPtr: transformed, wPtr: 4 * points * panels * 8 * inC, yPtr: products },
      fresh: ['xPtr', 'yPtr'],
    },
    {
      kernel: winogradOutput.name,
      values: {
        ...{ outD: size[0], outH: size[1], outW: size[2], outC, ...gridFields(grid) },
        ...{ firstRow: 0, rows, rowPitch: pitch, pointStride: yPointStride, unitRows: 4, unitGroups: 1 },
        ...{ ...activationOf('relu'), ...noPool },
      },
      operands: { xPtr: products, yPtr: 4 * outputs, biasPtr: 4 * outC },
      fresh: ['xPtr', 'yPtr'],
    },
  ];
}

const { none, f23, f43 } = axisTiles;

export const winogradCases: readonly KernelCase[] = [
  ...layer({ size: [4, 12, 44], axes: [f43, f43, f43], inC: 80, outC: 96 }),
  ...layer({ size: [4, 12, 20], axes: [f23, f43, f43], inC: 160, outC: 200 }),
  ...layer({ size: [6, 26, 28], axes: [none, f43, f43], inC: 72, outC: 72 }),
  ...layer({ size: [2, 14, 12], axes: [f23, f23, f23], inC: 160, outC: 160 }),
  ...layer({ size: [12, 18, 20], axes: [f43, none, none], inC: 96, outC: 96 }),
];
