export { type ErrorKind, NumavoxError } from './errors.js';
