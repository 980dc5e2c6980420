/** All converters by the ONNX name of their op (domain ai.onnx). */
import { activationConverters } from './activations.js';
import { arithmeticConverters } from './arithmetic.js';
import { constantConverters } from './constants.js';
import type { Converter } from './context.js';
import { resizeConverters } from './resize.js';
import { shapeConverters } from './shapes.js';
import { windowConverters } from './windows.js';

export const converters: ReadonlyMap<string, Converter> = new Map(
  [
    activationConverters,
    arithmeticConverters,
    constantConverters,
    resizeConverters,
    shapeConverters,
    windowConverters,
  ].flatMap(Object.entries),
);
