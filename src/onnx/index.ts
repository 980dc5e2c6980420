/** ONNX in and out: bytes to ModelProto to Graph, and back. */
export { type DecodedModel, decodeModel } from './decode.js';
export { encodeModel, type FloatReader } from './encode.js';
export { importModel } from './import.js';
export { type DecodedTensor, decodeTensor } from './tensor.js';
export { writeModel } from './write.js';
