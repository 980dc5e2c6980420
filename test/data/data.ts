/** Where the real models, volumes and machines that the data tests read are; they are no part of the project. */
import { resolve } from 'node:path';

const root = process.env.NUMAVOX_DATA ?? resolve(import.meta.dirname, '../../../shared/data');

/** Absolute path of a file or folder in the data. */
export const dataPath = (...names: string[]): string => resolve(root, ...names);
