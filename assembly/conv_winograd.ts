/**
 * f32_conv_winograd: a convolution by Winograd's method, all three steps for one block of tiles after another, or the last two on an
 * input that has been transformed, so that what lies between the steps stays in the worker's own cache.
 *
 *     scratch | descriptors of the steps | scratch of the steps | transformed rows | products |
 */
import { GROUP_ROW } from "./table_tile";
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
  const transformedPtr = products.xPtr;
  if (!transformedPtr) products.xPtr = input.yPtr = scratchPtr + d.transformedAt;
  products.yPtr = scratchPtr + d.productsAt;
  output.xPtr = products.yPtr;
  const stepsPtr = scratchPtr + d.stepsAt;
  for (let unit = unitBegin; unit < unitEnd; unit++) {
    const row = unit * d.blockRows;
    const rows = min(d.blockRows, d.rows - row);
    if (transformedPtr) products.xPtr = transformedPtr + <usize>row * GROUP_ROW;
    else {
      input.firstRow = row;
      input.rows = rows;
      f32_winograd_input(changetype<usize>(input), 0, 1, stepsPtr);
    }
    products.rows = rows;
    f32_winograd_products(changetype<usize>(products), 0, products.points, stepsPtr);
    output.firstRow = row;
    output.rows = rows;
    f32_winograd_output(changetype<usize>(output), 0, 1, stepsPtr);
  }
}
