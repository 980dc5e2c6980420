import { expect, it } from 'vitest';
import type { ResizeNode } from '../../../src/graph/ir.js';
import { resizeTable } from '../../../src/lower/resizing.js';
import { nodeOf } from '../../support/ir.js';

const lowerIndices = (attributes: Partial<ResizeNode>, inSize: number, outSize: number, scale: number) => {
  const node = nodeOf({ op: 'Resize', ...attributes }) as ResizeNode;
  return Array.from(resizeTable(node, { inSize, outSize, scale })).filter((_, word) => word % 3 === 0);
};

// The indices that onnxruntime takes; in double precision, position 3 / 0.6f would lie just below 5.
it.each<[Partial<ResizeNode>, number[]]>([
  [{ coordinates: 'asymmetric', nearest: 'floor' }, [0, 1, 3, 5, 6, 8]],
  [{ coordinates: 'half_pixel', nearest: 'floor' }, [0, 2, 3, 5, 6, 8]],
  [{ coordinates: 'half_pixel', nearest: 'round_prefer_floor' }, [0, 2, 4, 5, 7, 9]],
])('%o takes the element that lies nearest in float32', (attributes, indices) => {
  expect(lowerIndices(attributes, 10, 6, Math.fround(0.6))).toEqual(indices);
});
