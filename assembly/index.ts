// Every export down to the next comment is a kernel: (descriptor, unitBegin, unitEnd, scratch) => void, under the kernel's own name.
export { f32_gemv, f32_gemv_bf16 } from "./gemv";
export { f32_conv_gemm } from "./conv_gemm";
export { f32_conv_pointwise } from "./conv_pointwise";
export { f32_copy, f32_fill, f32_gather_nd } from "./copy";
export { f32_add, f32_affine, f32_div, f32_mul, f32_prelu, f32_sub, f32_unary } from "./elementwise";
export { f32_pool_average, f32_pool_max } from "./pool";
export { f32_reduce_max, f32_reduce_mean } from "./reduce";
export { f32_resize } from "./resize";
export { f32_log_softmax, f32_softmax } from "./softmax";
export { f32_matmul } from "./matmul";
export { f32_conv_depthwise } from "./conv_depthwise";
export { f32_conv_winograd } from "./conv_winograd";
export { f32_conv_planar } from "./conv_planar";
export { f32_winograd_input } from "./winograd_input";
export { f32_winograd_output } from "./winograd_output";
export { f32_winograd_products } from "./winograd_products";
export { f32_pack_bf16 } from "./pack_bf16";
export { f32_pack_winograd } from "./pack_winograd";
export { f32_conv_planar_winograd } from "./conv_planar_winograd";
// How the kernels' register tiles are to get their operands: see tiles.ts.
export { use_tiles } from "./tiles";
// No kernels: the optimizer inlines a function with one caller unless it is exported, and inlined, they spill their registers.
export { strided4x16, strided4x8, strided5x16, strided5x8, strided6x16, strided6x8 } from "./strided_tile";
export { tile4x16, tile4x8, tile5x16, tile5x8, tile6x16, tile6x8 } from "./table_tile";
export { packedTile6x16 } from "./gemm_tile";
export { laneTableTile } from "./lane_tiles";
export { finishPairs, finishSingles, outputPairs } from "./winograd_output_passes";
export { inputPairs } from "./winograd_input_passes";
export { readPairs, readSingles } from "./winograd_input";
