/** What other stages use of the zoo. */
export { syntheticClip } from './clip.js';
export { parseZooUri } from './uri.js';
export { isZooName, type ZooName, type ZooNetwork, type ZooOptions, zooGraph, zooNames, zooNetworks } from './zoo.js';
