/**
 * What bench/gemm and bench/cores measure beside the kernels; built into a module of its own that is never shipped: the
 * register tile alone, and what the machine can do at most.
 */
import { Tile } from "./gemm_tile";
import { madd } from "./simd";
import { PACKED, STRIDED, TABLE, outputsOf, packedTile, stridedTile, tableForm, tableTile } from "./tiles";

/** Repeats one tile over the same packed operands, in the form that `use_tiles` has set. */
export function bench_tile(tilePtr: usize, aPtr: usize, bPtr: usize, k: i32, repeats: i32): void {
  for (let i = 0; i < repeats; i++) packedTile(outputsOf(PACKED), changetype<Tile>(tilePtr), aPtr, bPtr, k);
}

/** Repeats one tile of `rows` rows that are read in place, for the run of k at runPtr. */
export function bench_table_tile(
  rows: i32,
  aPtr: usize,
  runPtr: usize,
  bPtr: usize,
  yPtr: usize,
  repeats: i32,
): void {
  const form = tableForm(rows, true);
  for (let i = 0; i < repeats; i++) tableTile(form, outputsOf(TABLE), rows, aPtr, runPtr, bPtr, yPtr, yPtr);
}

/** The same for rows aStride bytes apart. */
export function bench_strided_tile(
  rows: i32,
  tilePtr: usize,
  aPtr: usize,
  aStride: usize,
  bPtr: usize,
  k: i32,
  repeats: i32,
): void {
  for (let i = 0; i < repeats; i++) stridedTile(outputsOf(STRIDED), rows, tilePtr, aPtr, aStride, bPtr, k);
}

/** Twelve independent chains of multiply-adds that touch no memory but to keep their result: 96 flop per step. */
export function bench_chains(resultPtr: usize, steps: i32): void {
  runChains(12, resultPtr, steps);
}

/** The same of twice as many that lie side by side, for hosts that fuse neighbouring vectors: 192 flop per step. */
export function bench_wide_chains(resultPtr: usize, steps: i32): void {
  runChains(24, resultPtr, steps);
}

/** `count`, 12 or 24, is a constant. */
// @ts-ignore: decorator
@inline
function runChains(count: i32, resultPtr: usize, steps: i32): void {
  const factor = v128.load(resultPtr);
  const term = v128.load(resultPtr, 16);
  let s0 = term, s1 = term, s2 = term, s3 = term, s4 = term, s5 = term;
  let s6 = term, s7 = term, s8 = term, s9 = term, s10 = term, s11 = term;
  let s12 = term, s13 = term, s14 = term, s15 = term, s16 = term, s17 = term;
  let s18 = term, s19 = term, s20 = term, s21 = term, s22 = term, s23 = term;
  do {
    s0 = madd(factor, term, s0);
    s1 = madd(factor, term, s1);
    s2 = madd(factor, term, s2);
    s3 = madd(factor, term, s3);
    s4 = madd(factor, term, s4);
    s5 = madd(factor, term, s5);
    s6 = madd(factor, term, s6);
    s7 = madd(factor, term, s7);
    s8 = madd(factor, term, s8);
    s9 = madd(factor, term, s9);
    s10 = madd(factor, term, s10);
    s11 = madd(factor, term, s11);
    if (count > 12) {
      s12 = madd(factor, term, s12);
      s13 = madd(factor, term, s13);
      s14 = madd(factor, term, s14);
      s15 = madd(factor, term, s15);
      s16 = madd(factor, term, s16);
      s17 = madd(factor, term, s17);
      s18 = madd(factor, term, s18);
      s19 = madd(factor, term, s19);
      s20 = madd(factor, term, s20);
      s21 = madd(factor, term, s21);
      s22 = madd(factor, term, s22);
      s23 = madd(factor, term, s23);
    }
  } while (--steps);
  v128.store(resultPtr, s0, 32);
  v128.store(resultPtr, s1, 48);
  v128.store(resultPtr, s2, 64);
  v128.store(resultPtr, s3, 80);
  v128.store(resultPtr, s4, 96);
  v128.store(resultPtr, s5, 112);
  v128.store(resultPtr, s6, 128);
  v128.store(resultPtr, s7, 144);
  v128.store(resultPtr, s8, 160);
  v128.store(resultPtr, s9, 176);
  v128.store(resultPtr, s10, 192);
  v128.store(resultPtr, s11, 208);
  if (count == 12) return;
  v128.store(resultPtr, s12, 224);
  v128.store(resultPtr, s13, 240);
  v128.store(resultPtr, s14, 256);
  v128.store(resultPtr, s15, 272);
  v128.store(resultPtr, s16, 288);
  v128.store(resultPtr, s17, 304);
  v128.store(resultPtr, s18, 320);
  v128.store(resultPtr, s19, 336);
  v128.store(resultPtr, s20, 352);
  v128.store(resultPtr, s21, 368);
  v128.store(resultPtr, s22, 384);
  v128.store(resultPtr, s23, 400);
}
