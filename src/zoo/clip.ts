/**
 * A clip to run a network on when the user has none. Invariant: only additions, multiplications and floors in double
 * precision make it, so that it has the same bits on every machine.
 */

/**
 * A smooth moving pattern in [0, 1], row-major, dims [N, C, D, H, W] (D: frames): two gratings of different direction drift
 * over the frames, shifted in phase by channel and clip. No axis mirrors another, so a result tells them apart.
 * Fewer than five dims are the last of them; more are clips.
 */
export function syntheticClip(dims: readonly number[]): Float32Array {
  const lifted = [...Array<number>(Math.max(0, 5 - dims.length)).fill(1), ...dims];
  const clips = lifted.slice(0, -4).reduce((a, b) => a * b, 1);
  const [channels, depth, height, width] = lifted.slice(-4) as [number, number, number, number];
  const clip = new Float32Array(clips * channels * depth * height * width);
  let i = 0;
  for (let n = 0; n < clips; n++) {
    for (let c = 0; c < channels; c++) {
      for (let d = 0; d < depth; d++) {
        const drift = d / depth;
        const shift = 0.31 * c + 0.17 * n;
        for (let h = 0; h < height; h++) {
          const y = h / height;
          const risingPhase = 2 * y - drift + shift;
          const fallingPhase = y + 2 * drift - 2 * shift;
          for (let w = 0; w < width; w++) {
            const x = w / width;
            clip[i++] = 0.5 * (wave(3 * x + risingPhase) + wave(fallingPhase - 1.5 * x));
          }
        }
      }
    }
  }
  return clip;
}

/** 1 at whole phases, 0 halfway between, with a continuous slope: the smoothstep of a triangle wave. */
function wave(phase: number): number {
  const triangle = Math.abs(2 * (phase - Math.floor(phase)) - 1);
  return triangle * triangle * (3 - 2 * triangle);
}
