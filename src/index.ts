/**
 * numavox: 3D-CNN inference on many-core CPUs. The API is onnxruntime's; beside it: what a session is and where it runs,
 * what is in a model and what a plan computes where, what the machine is and how fast, and the zoo.
 */
export { env, Tensor } from 'onnxruntime-common';
export { type Calibrated, type CalibrateOptions, calibrated, loadRates } from './calibrate/index.js';
export { defaultRates } from './cost/default_rates.js';
export type { Bandwidth, MachineKey, Rates } from './cost/rates.js';
export type { CacheSizes, Piece } from './cost/work.js';
export { type ErrorKind, NumavoxError } from './errors.js';
export { decodeTensor } from './onnx/index.js';
export { buildTeams } from './plan/build_teams.js';
export { type Partition, partitions } from './plan/cuts.js';
export type { ClusterTeam, NodeTeam, TeamTree, WorkerSeat } from './plan/team.js';
export type { PortInfo, SessionDescription } from './session/engine.js';
export { exportZoo } from './session/export_zoo.js';
export type { InferenceProfile, LayerProfile, ProfiledStep } from './session/inference_profile.js';
export { describeSession, InferenceSession } from './session/inference_session.js';
export { type InspectedNode, type Inspection, inspectModel } from './session/inspect.js';
export type {
  Algorithm,
  NumavoxOptions,
  NumavoxRunOptions,
  RunOptions,
  SessionOptions,
  WeightFormat,
} from './session/options.js';
export { type PlanModelOptions, planModel } from './session/plan_model.js';
export type {
  ComparedPlan,
  NodeMove,
  PlannedLayerInfo,
  PlannedMemoryInfo,
  PlanReport,
  PlanSummary,
  PredictedTimes,
} from './session/plan_report.js';
export {
  type Files,
  filesFromRecord,
  filesUnder,
  formatTopology,
  hostTopology,
  readTopology,
  type Topology,
  topologyToJson,
} from './topology/index.js';
export { isZooName, syntheticClip, type ZooName, type ZooOptions, zooGraph, zooNames } from './zoo/index.js';
