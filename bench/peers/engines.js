// The engines by the names that the command line has for them: `numavox`, with options behind colons (`numavox:exact`,
// `numavox:simd`, `numavox:exact:simd`), `onnxruntime-web`, `onnxruntime-node`.

const peers = ['onnxruntime-web', 'onnxruntime-node'];
const settings = {
  auto: { algorithm: 'auto' },
  exact: { algorithm: 'exact' },
  simd: { module: 'simd' },
  relaxed: { module: 'relaxed' },
};

/** Largest difference from a peer, by the peer's largest output, with which a row still counts. */
const tolerances = { auto: 1e-3, exact: 1e-4 };

/**
 * What a name stands for: `isOurs`, the options of our session, the tolerance. `algorithm` is that of a name that has none.
 * @throws Error for an unknown name.
 */
export function parseEngine(name, algorithm = 'auto') {
  const [engine, ...words] = name.split(':');
  if (peers.includes(engine) && words.length === 0) return { name, engine, isOurs: false };
  const unknown = words.find(word => !Object.hasOwn(settings, word));
  if (engine !== 'numavox' || unknown || !Object.hasOwn(tolerances, algorithm)) {
    const known = `numavox[:${Object.keys(settings).join(' or :')}], ${peers.join(', ')}`;
    throw new Error(`no engine '${name}' with algorithm '${algorithm}'; there are ${known}`);
  }
  const options = Object.assign({ algorithm }, ...words.map(word => settings[word]));
  return { name, engine, isOurs: true, options, tolerance: tolerances[options.algorithm] };
}
