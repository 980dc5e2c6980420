export { Tensor } from 'onnxruntime-common';
export { type ErrorKind, NumavoxError } from './errors.js';
