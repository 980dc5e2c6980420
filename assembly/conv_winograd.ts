/**
 * f32_conv_winograd: a convolution by Winograd's method, all three steps for one block of tiles after another, so that what lies between
 * the steps stays in the worker's own cache.
 *
 *     scratch | descriptors of the steps | scratch of the steps | transformed rows | products |
 */
import { f32_winograd_input, WinogradInputDescriptor } from "./winograd_input";
import { f32_winograd_output, WinogradOutputDescriptor } from "./winograd_output";
import { f32_winograd_products, WinogradProductsDescriptor } from "./winograd_products";

/** The descriptors of the three steps lie behind it. */
// @ts-ignore: decorator
@unmanaged
class ConvWinogradDescriptor {
  rows: i32;
  blockRows: i32;
  stepsAt: i32;
  transformedAt: i32;
  productsAt: i32;
}

export function f32_conv_winograd(descriptorPtr: usize, unitBegin: i32, unitEnd: i32, scratchPtr: usize): void {
  const d = changetype<ConvWinogradDescriptor>(descriptorPtr);
  const productsOffset = offsetof<WinogradInputDescriptor>();
  const outputOffset = productsOffset + offsetof<WinogradProductsDescriptor>();
  memory.copy(
    scratchPtr,
    descriptorPtr + offsetof<ConvWinogradDescriptor>(),
    outputOffset + offsetof<WinogradOutputDescriptor>(),
  );
  const input = changetype<WinogradInputDescriptor>(scratchPtr);
  const products = changetype<WinogradProductsDescriptor>(scratchPtr + productsOffset);
  const output = changetype<WinogradOutputDescriptor>(scratchPtr + outputOffset);
  products.xPtr = input.yPtr = scratchPtr + d.transformedAt;
  output.xPtr = products.yPtr = scratchPtr + d.productsAt;
  const stepsPtr = scratchPtr + d.stepsAt;
  const halo = (products.taps - 1) * products.tapRows;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const row = unit * d.blockRows;
    const rows = min(d.blockRows, d.rows - row);
    input.firstRow = row + unit * halo;
    input.rows = rows + halo;
    f32_winograd_input(changetype<usize>(input), 0, 1, stepsPtr);
    products.rows = rows;
    f32_winograd_products(changetype<usize>(products), 0, products.points, stepsPtr);
    output.firstRow = row;
    output.rows = rows;
    f32_winograd_output(changetype<usize>(output), 0, 1, stepsPtr);
  }
}
