/** The descriptor of f32_conv_pointwise: src/kernels/conv_pointwise.ts says what its fields mean. */

// @ts-ignore: decorator
@unmanaged
export class ConvPointwiseDescriptor {
  xPtr: usize;
  yPtr: usize;
  positions: i32;
  inC: i32;
  outC: i32;
  groups: i32;
  wPtr: usize;
  biasPtr: usize;
  residualPtr: usize;
  activation: i32;
  alpha: f32;
  beta: f32;
  mBlocks: i32;
  nBlocks: i32;
}
