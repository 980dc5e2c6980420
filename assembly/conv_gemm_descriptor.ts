/** The descriptor of f32_conv_gemm: src/kernels/conv_gemm.ts says what its fields mean. */

// @ts-ignore: decorator
@unmanaged
export class ConvGemmDescriptor {
  xPtr: usize;
  yPtr: usize;
  batch: i32;
  inD: i32;
  inH: i32;
  inW: i32;
  inC: i32;
  outD: i32;
  outH: i32;
  outW: i32;
  outC: i32;
  kD: i32;
  kH: i32;
  kW: i32;
  strideD: i32;
  strideH: i32;
  strideW: i32;
  dilD: i32;
  dilH: i32;
  dilW: i32;
  padD: i32;
  padH: i32;
  padW: i32;
  groups: i32;
  wPtr: usize;
  biasPtr: usize;
  residualPtr: usize;
  activation: i32;
  alpha: f32;
  beta: f32;
  poolD: i32;
  poolH: i32;
  poolW: i32;
  mBlock: i32;
  nBlock: i32;
  kBlock: i32;
}
