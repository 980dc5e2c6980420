import type { Values } from './descriptor.js';
import type { ndhwc, window } from './fields.js';

type Shape = Omit<Values<typeof ndhwc & typeof window>, 'xPtr' | 'yPtr'>;

/**
 * The input position ((image * inD + d) * inH + h) * inW + w that each tap of output position m reads, taps in row-major
 * order; -1 where the tap lies outside of the input. img2row by the book: the reference of all convolution twins.
 */
export function receptiveField(s: Shape, m: number): number[] {
  const w = m % s.outW;
  const h = Math.floor(m / s.outW) % s.outH;
  const depth = Math.floor(m / (s.outW * s.outH)) % s.outD;
  const image = Math.floor(m / (s.outW * s.outH * s.outD));
  const field: number[] = [];
  for (let kd = 0; kd < s.kD; kd++) {
    const inD = depth * s.strideD - s.padD + kd * s.dilD;
    for (let kh = 0; kh < s.kH; kh++) {
      const inH = h * s.strideH - s.padH + kh * s.dilH;
      for (let kw = 0; kw < s.kW; kw++) {
        const inW = w * s.strideW - s.padW + kw * s.dilW;
        const inside = inD >= 0 && inD < s.inD && inH >= 0 && inH < s.inH && inW >= 0 && inW < s.inW;
        field.push(inside ? ((image * s.inD + inD) * s.inH + inH) * s.inW + inW : -1);
      }
    }
  }
  return field;
}
