/** Pictures as PNG: 8-bit RGB, rows from the top. */
import { PNG } from 'pngjs';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Three bytes per pixel. */
  readonly rgb: Uint8Array;
}

export function pngBytes(picture: Picture): Uint8Array {
  const { width, height } = picture;
  const png = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) {
    png.data.set(picture.rgb.subarray(3 * i, 3 * i + 3), 4 * i);
    png.data[4 * i + 3] = 255;
  }
  return PNG.sync.write(png, { colorType: 2 });
}
