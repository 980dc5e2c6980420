/** The same numbers wherever they are made: uniform in [least, 1), from a counter. */
export function inputData(dims, least = 0) {
  const data = new Float32Array(dims.reduce((all, size) => all * size, 1));
  let state = 1;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[i] = least + ((1 - least) * state) / 2 ** 32;
  }
  return data;
}
