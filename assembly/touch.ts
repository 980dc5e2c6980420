// @ts-ignore: decorator
@inline
const CACHE_LINE: usize = 64;

/** Reads a word of each cache line, so that what comes from afar comes in one long run and not tile by tile. */
export function touch(ptr: usize, bytes: usize, sinkPtr: usize): void {
  const end = ptr + bytes;
  let words = 0;
  for (; ptr < end; ptr += CACHE_LINE) words |= load<i32>(ptr);
  // Stored, or no compiler would keep the loop.
  store<i32>(sinkPtr, words);
}

/** The same for the beginnings of rows `stride` bytes apart. */
export function touchRows(ptr: usize, stride: usize, rows: i32, sinkPtr: usize): void {
  let words = 0;
  for (; rows > 0; rows--) {
    words |= load<i32>(ptr);
    ptr += stride;
  }
  store<i32>(sinkPtr, words);
}
