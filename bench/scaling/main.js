// What the cost model says of the zoo networks on machines that are given by description: how they scale over cores, with one
// memory for everything and partitioned over NUMA nodes. Simulated, not measured: nothing of a network runs.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { loadMachine, machineNames } from './machine.js';
import { plot } from './plot.js';
import { markdown, sources } from './report.js';
import { simulate } from './simulate.js';

const zoo = ['c3d', 'resnet34', 'resnet50', 'vgg11', 'p3d'];

const options = {
  machine: { type: 'string', multiple: true, default: ['ft-2000plus', 'kunpeng-920', 'epyc-9654'] },
  networks: { type: 'string', default: zoo.join(',') },
  cores: { type: 'string', default: '1,8,16,32,64' },
  // Rates of this machine, as measured by `numavox calibrate`; the defaults otherwise, which are the same everywhere.
  calibrated: { type: 'boolean', default: false },
  sources: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  svg: { type: 'string' },
};

export async function main(args) {
  const { values } = parseArgs({ args, options });
  let given;
  try {
    given = values.machine.map(loadMachine);
  } catch (error) {
    console.error(`--machine is one of ${machineNames.join(', ')}, or a file like theirs: ${error.message}`);
    process.exitCode = 2;
    return;
  }
  if (values.sources) return console.log(sources({ machines: given.map(machine => ({ machine })) }));
  const base = await baseRates(values.calibrated);
  const cores = values.cores.split(',').map(Number);
  const machines = given.map(machine => {
    process.stderr.write(`${machine.title} ...\n`);
    const networks = values.networks.split(',').map(name => {
      const source = name.includes(':') || name.includes('.') ? name : `zoo:${name}`;
      return { name, rows: simulate({ source, machine, cores, base }) };
    });
    return { machine, networks };
  });
  const report = { simulated: true, base, machines };
  console.log(values.json ? JSON.stringify(report, null, 2) : markdown(report));
  if (values.svg) writeFileSync(values.svg, plot(report));
}

async function baseRates(isCalibrated) {
  const { calibrated, defaultRates } = await import('../../dist/src/index.js');
  if (!isCalibrated) return defaultRates;
  const { rates } = await calibrated({ onWarning: message => process.stderr.write(`${message}\n`) });
  return rates;
}
