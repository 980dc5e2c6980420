/** What other stages use of the zoo. */
export { syntheticClip } from './clip.js';
export { isZooName, parseZooUri } from './uri.js';
export { type ZooName, type ZooNetwork, type ZooOptions, zooGraph, zooNames, zooNetworks } from './zoo.js';
