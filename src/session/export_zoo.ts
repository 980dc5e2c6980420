import { readFloats } from '../graph/constant.js';
import { writeModel } from '../onnx/index.js';
import { type ZooName, type ZooOptions, zooGraph } from '../zoo/index.js';

/**
 * Writes a zoo network as an ONNX file (opset 13) with its seeded weights.
 *
 * @throws NumavoxError `resource` where the file cannot be written; nothing is left behind then.
 */
export function exportZoo(name: ZooName, options: ZooOptions, path: string): void {
  writeModel(zooGraph(name, options), path, readFloats);
}
