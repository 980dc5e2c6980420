// Model files on a bench's command line: `--model FILE` again and again, each with a `--shape input=1,1,96,96,96` behind it
// where the model leaves sizes open.
import { basename, dirname } from 'node:path';
import { parseArgs } from 'node:util';

/** The options that `parseBenchArgs` turns into `models`. */
const modelOptions = {
  model: { type: 'string', multiple: true },
  shape: { type: 'string', multiple: true },
};

/** `parseArgs` with the models beside the values: { source, shapes } each, in order. @throws Error for a shape without a model. */
export function parseBenchArgs(args, options) {
  const { values, tokens } = parseArgs({ args, options: { ...options, ...modelOptions }, tokens: true });
  const models = [];
  for (const { kind, name, value } of tokens) {
    if (kind !== 'option') continue;
    if (name === 'model') models.push({ source: value, shapes: {} });
    if (name !== 'shape') continue;
    const [, input, sizes] = /^(.+)=(\d+(?:,\d+)*)$/.exec(value) ?? [];
    if (!input) throw new Error(`--shape '${value}' is not of the form input=1,1,96,96,96`);
    if (models.length === 0) throw new Error(`--shape '${value}' stands before any --model`);
    models.at(-1).shapes[input] = sizes.split(',').map(Number);
  }
  return { values, models };
}

/** What a table calls a model: its file, or the folder of one that is called like every other; and the sizes it is given. */
export function modelName({ source, shapes }) {
  const name = basename(source, '.onnx');
  const sizes = Object.values(shapes).map(dims => dims.slice(-3).join('x'));
  return [name === 'model' ? basename(dirname(source)) : name, ...sizes].join(' ');
}
