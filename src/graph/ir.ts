/**
 * The graph: ops as a discriminated union of plain data. Everything here can be printed, compared and cloned.
 *
 * Ops are canonical, whatever the opset they came from: attributes that newer opsets turned into inputs are attributes
 * here where they must be constants (axes, pads, sizes), and every default is spelled out.
 * Spatial attributes have one entry per spatial dimension (1, 2 or 3 of them); lowering lifts 1D and 2D to 3D.
 */

export type DataType = 'float32' | 'float64' | 'float16' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool';

/** A size, or the name of a symbolic one that the fed inputs bind. */
export type Dim = number | string;

export interface TensorType {
  readonly dtype: DataType;
  readonly dims: readonly Dim[];
}

/** Where the little-endian bytes of a constant are. Large ones stay where they are until a worker packs them. */
export type ByteSource =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'file'; readonly path: string; readonly offset: number; readonly length: number }
  /** `first`: the tensor's element that is the constant's first; 0 where absent. */
  | { readonly kind: 'generated'; readonly generator: WeightGenerator; readonly first?: number };

/** Element i of a generated tensor depends on (seed, tensor, i) alone, so every owner can make its own share. */
export interface WeightGenerator {
  readonly seed: number;
  /** Number of the tensor in its network: the stream of random numbers it draws from. */
  readonly tensor: number;
  /** Uniform in [mean - halfWidth, mean + halfWidth). */
  readonly mean: number;
  readonly halfWidth: number;
}

export interface Constant {
  readonly dtype: DataType;
  readonly dims: readonly number[];
  readonly source: ByteSource;
  /** Element i is multiplied by factors[index of i along axis] when it is read (float32 product; a folded BatchNorm). */
  readonly scale?: { readonly axis: number; readonly factors: Float32Array };
}

export type Activation =
  | { readonly kind: 'relu' }
  | { readonly kind: 'leakyRelu'; readonly alpha: number }
  | { readonly kind: 'elu'; readonly alpha: number }
  | { readonly kind: 'sigmoid' }
  | { readonly kind: 'tanh' }
  | { readonly kind: 'clip'; readonly min: number; readonly max: number };

/** `explicit` pads are what counts; the others are resolved to explicit ones by shape inference. */
export type AutoPad = 'explicit' | 'same_upper' | 'same_lower' | 'valid';

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padsBegin: readonly number[];
  readonly padsEnd: readonly number[];
  readonly autoPad: AutoPad;
}

interface NodeBase {
  /** Unique, and the model's own name where it has one: what errors, profiles and plans print. */
  readonly name: string;
  /** Value names; '' for an optional input that is absent. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * y = maxpool(activation(conv(x, w) + bias + residual)). inputs: x [N,C,...], w [M,C/groups,...], bias [M] or '', residual like y or ''.
 */
export interface ConvNode extends NodeBase {
  readonly op: 'Conv';
  readonly window: Window;
  readonly groups: number;
  readonly activation: Activation | null;
  /**
   * Windows of a max pool, one size per spatial dimension: they do not overlap, and what fills none is dropped. Null: none.
   * Where there is one there is no residual, and the activation is ReLU or none: the order of the two matters to the sign of a zero alone.
   */
  readonly pool: readonly number[] | null;
}

/** y = activation(alpha * a @ b + beta * c). inputs: a, b, c or ''. */
export interface GemmNode extends NodeBase {
  readonly op: 'Gemm';
  readonly alpha: number;
  readonly beta: number;
  readonly transA: boolean;
  readonly transB: boolean;
  readonly activation: Activation | null;
}

export interface MatMulNode extends NodeBase {
  readonly op: 'MatMul';
}

export interface PoolNode extends NodeBase {
  readonly op: 'MaxPool' | 'AveragePool';
  readonly window: Window;
  readonly ceilMode: boolean;
  readonly countIncludePad: boolean;
}

export interface GlobalPoolNode extends NodeBase {
  readonly op: 'GlobalAveragePool' | 'GlobalMaxPool';
}

/** inputs: x, scale, bias, mean, variance, each [C]. */
export interface BatchNormNode extends NodeBase {
  readonly op: 'BatchNormalization';
  readonly epsilon: number;
}

export interface ActivationNode extends NodeBase {
  readonly op: 'Activation';
  readonly activation: Activation;
}

/** inputs: x, slope (broadcast to x). */
export interface PReluNode extends NodeBase {
  readonly op: 'PRelu';
}

export type BinaryKind = 'Add' | 'Sub' | 'Mul' | 'Div';

/** y = activation(a op b), both broadcast. */
export interface BinaryNode extends NodeBase {
  readonly op: BinaryKind;
  readonly activation: Activation | null;
}

export interface SoftmaxNode extends NodeBase {
  readonly op: 'Softmax' | 'LogSoftmax';
  readonly axis: number;
  /** Opset < 13: everything from `axis` on is one axis. */
  readonly flattened: boolean;
}

export interface ReduceMeanNode extends NodeBase {
  readonly op: 'ReduceMean';
  /** Empty: all axes. */
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export interface FlattenNode extends NodeBase {
  readonly op: 'Flatten';
  readonly axis: number;
}

/** inputs: x, shape (constant after folding). */
export interface ReshapeNode extends NodeBase {
  readonly op: 'Reshape';
  readonly allowZero: boolean;
}

export interface TransposeNode extends NodeBase {
  readonly op: 'Transpose';
  /** Empty: reversed. */
  readonly perm: readonly number[];
}

/** inputs: x, axes or '' (constant after folding; absent: all dimensions of size 1). */
export interface SqueezeNode extends NodeBase {
  readonly op: 'Squeeze' | 'Unsqueeze';
}

export interface ConcatNode extends NodeBase {
  readonly op: 'Concat';
  readonly axis: number;
}

/** inputs: x, starts, ends, axes or '', steps or ''. */
export interface SliceNode extends NodeBase {
  readonly op: 'Slice';
}

/** inputs: x, pads, value or '', axes or ''. */
export interface PadNode extends NodeBase {
  readonly op: 'Pad';
  readonly mode: 'constant' | 'reflect' | 'edge';
}

/** inputs: x, scales or '', sizes or ''. */
export interface ResizeNode extends NodeBase {
  readonly op: 'Resize';
  readonly mode: 'nearest' | 'linear';
  readonly coordinates: 'half_pixel' | 'pytorch_half_pixel' | 'asymmetric' | 'align_corners';
  readonly nearest: 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';
}

export interface IdentityNode extends NodeBase {
  readonly op: 'Identity';
}

/** Ops that exporters use to compute shapes; they must fold away. */
export interface ShapeNode extends NodeBase {
  readonly op: 'Shape';
  readonly start: number;
  readonly end: number | null;
}

export interface GatherNode extends NodeBase {
  readonly op: 'Gather';
  readonly axis: number;
}

export interface CastNode extends NodeBase {
  readonly op: 'Cast';
  readonly to: DataType;
}

export type Node =
  | ConvNode
  | GemmNode
  | MatMulNode
  | PoolNode
  | GlobalPoolNode
  | BatchNormNode
  | ActivationNode
  | PReluNode
  | BinaryNode
  | SoftmaxNode
  | ReduceMeanNode
  | FlattenNode
  | ReshapeNode
  | TransposeNode
  | SqueezeNode
  | ConcatNode
  | SliceNode
  | PadNode
  | ResizeNode
  | IdentityNode
  | ShapeNode
  | GatherNode
  | CastNode;

export type Op = Node['op'];

export interface GraphInput {
  readonly name: string;
  readonly type: TensorType;
}

export interface Graph {
  readonly name: string;
  /** What a caller feeds: initializers are not among them. */
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly string[];
  /** In execution order. */
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
}

/** A graph whose every value has a type with numeric dimensions. */
export interface TypedGraph extends Graph {
  readonly types: ReadonlyMap<string, { readonly dtype: DataType; readonly dims: readonly number[] }>;
}
