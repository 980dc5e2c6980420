/** Names that are unique within a graph: of nodes, and of values that the import adds. */

export interface Names {
  /** `wanted`, with a suffix where that is taken already. */
  claim(wanted: string): string;
}

export function uniqueNames(taken: Iterable<string> = []): Names {
  const used = new Set(taken);
  return {
    claim(wanted) {
      let name = wanted;
      for (let i = 2; used.has(name); i++) name = `${wanted}_${i}`;
      used.add(name);
      return name;
    },
  };
}

/**
 * A name for each node: its own where it has one that is free, or else made from its op and its index. Names that the model gives
 * come first, so that a made one never takes them.
 */
export function nodeNames(nodes: readonly { readonly name: string; readonly opType: string }[]): string[] {
  const names = uniqueNames();
  const own = nodes.map(({ name }) => (name === '' ? '' : names.claim(name)));
  return nodes.map(({ opType }, index) => own[index] || names.claim(`${opType}_${index}`));
}
