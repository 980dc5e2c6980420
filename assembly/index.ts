// Every export is a kernel: (descriptor, unitBegin, unitEnd, scratch) => void, under the kernel's own name.
export { f32_gemv } from "./gemv";
