// `npm run bench -- --NAME [options]`: one bench of this folder. Speed lives here; tests are never timed.
const benches = {
  peers: 'the zoo networks, or --model FILE, against onnxruntime-web and onnxruntime-node, alternating in one run',
  gemm: 'the GEMM kernel alone against a register-only loop, and the convolution layers of C3D on one core',
  barrier: 'a meeting of workers at a barrier, and what waiting for a late one costs',
  predict: 'what the cost model says a network takes, against what it takes',
  cores: 'a network with more and more workers, against a loop that touches no memory and against the cost model',
  scaling: 'SIMULATED: how the zoo networks scale on machines given by description, from the cost model',
  kernels: 'every layer of real networks alone: GFLOP/s, GB/s, and the chosen way beside the fastest',
  transforms: "what Winograd's transforms take, by the size of a chunk and the groups transformed together",
  products: "the products of Winograd's method, by the depth of a block of channels and the order of panels",
  'winograd-error': 'how far the results of each form of the method are from a convolution in float64',
  memory: 'copies, pools, additions and products of few rows against a plain memory copy',
};

const [, , first = '', ...rest] = process.argv;
const name = first.replace(/^--/, '');
if (!Object.hasOwn(benches, name)) {
  console.error('usage: npm run bench -- --NAME [options]\n');
  for (const [key, what] of Object.entries(benches)) console.error(`  --${key.padEnd(14)} ${what}`);
  process.exit(2);
}
const { main } = await import(`./${name}/main.js`);
try {
  await main(rest);
} catch (error) {
  // An unknown option, a file that is not there, a bad model; anything else is a fault of the bench.
  if (typeof error.code !== 'string' && error.name !== 'NumavoxError') throw error;
  console.error(`--${name}: ${error.message}`);
  process.exitCode = 2;
}
