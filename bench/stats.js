export const best = values => Math.min(...values);

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The value a quarter, a half and three quarters along the sorted ones. */
export function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return [0.25, 0.5, 0.75].map(part => sorted[Math.round(part * (sorted.length - 1))]);
}

/** Half the distance between the quartiles, relative to the median. */
export function spread(values) {
  const [low, , high] = quartiles(values);
  return (high - low) / 2 / median(values);
}

/** Rows of cells as a Markdown table. */
export function table(header, rows) {
  const line = cells => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}
