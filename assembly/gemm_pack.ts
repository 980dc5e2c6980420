/**
 * Packs rows for the register tile: 6 rows of `count` floats each become [count][6].
 * Invariant: reads exactly count floats of each row and writes exactly 6 * count.
 */

/** Six rows, by the byte addresses that lie one after another at rowsPtr. */
export function packSixRows(rowsPtr: usize, count: i32, outPtr: usize): void {
  let r0 = load<usize>(rowsPtr);
  let r1 = load<usize>(rowsPtr, 4);
  let r2 = load<usize>(rowsPtr, 8);
  let r3 = load<usize>(rowsPtr, 12);
  let r4 = load<usize>(rowsPtr, 16);
  let r5 = load<usize>(rowsPtr, 20);
  const quadsEnd = r0 + ((<usize>count & ~3) << 2);
  while (r0 != quadsEnd) {
    const v0 = v128.load(r0), v1 = v128.load(r1);
    const v2 = v128.load(r2), v3 = v128.load(r3);
    const v4 = v128.load(r4), v5 = v128.load(r5);
    // low: [row a k0, row b k0, row a k1, row b k1]; high: the same of k2 and k3.
    const low01 = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5);
    const low45 = v128.shuffle<f32>(v4, v5, 0, 4, 1, 5);
    v128.store(outPtr, v128.shuffle<i64>(low01, low23, 0, 2));
    v128.store(outPtr, v128.shuffle<i64>(low45, low01, 0, 3), 16);
    v128.store(outPtr, v128.shuffle<i64>(low23, low45, 1, 3), 32);
    const high01 = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
    const high45 = v128.shuffle<f32>(v4, v5, 2, 6, 3, 7);
    v128.store(outPtr, v128.shuffle<i64>(high01, high23, 0, 2), 48);
    v128.store(outPtr, v128.shuffle<i64>(high45, high01, 0, 3), 64);
    v128.store(outPtr, v128.shuffle<i64>(high23, high45, 1, 3), 80);
    r0 += 16;
    r1 += 16;
    r2 += 16;
    r3 += 16;
    r4 += 16;
    r5 += 16;
    outPtr += 96;
  }
  for (let rest = count & 3; rest > 0; rest--) {
    store<f32>(outPtr, load<f32>(r0));
    store<f32>(outPtr, load<f32>(r1), 4);
    store<f32>(outPtr, load<f32>(r2), 8);
    store<f32>(outPtr, load<f32>(r3), 12);
    store<f32>(outPtr, load<f32>(r4), 16);
    store<f32>(outPtr, load<f32>(r5), 20);
    r0 += 4;
    r1 += 4;
    r2 += 4;
    r3 += 4;
    r4 += 4;
    r5 += 4;
    outPtr += 24;
  }
}
