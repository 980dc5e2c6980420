/**
 * Bringing a layer's operands to the memories that read them. What a memory does not hold it fetches: into the room around its own
 * part where there is one, otherwise into a tensor of its own beside a copy of what it holds. Elements that would land one by
 * one between others (channels among channels) come as a block first and are put into place afterwards.
 */
import { type Box, boxDims, containsBox, intersect } from '../plan/box.js';
import { type Distance, transfers } from '../plan/exchange.js';
import { copyRegion } from './context.js';
import type { Demand, Demands } from './demands.js';
import type { Emitter } from './emitter.js';
import { isRun, loopsOver, type Part, partOf } from './held.js';
import { rowMajor } from './layout.js';
import { type PendingPiece, piecesBetween, runBytes } from './moving.js';
import { fits, type Values } from './values.js';

/** What has to happen before the layer, in one memory. `copies` need no exchange; `placings` follow it. */
interface Pending {
  /** Parts that are complete only when the exchange and the placings are over. */
  readonly fetched: Set<Part>;
  readonly pieces: PendingPiece[];
  readonly copies: ((emitter: Emitter) => void)[];
  readonly placings: ((emitter: Emitter) => void)[];
}

export interface Gathered extends Pending {
  readonly operands: ReadonlyMap<string, Part>;
  readonly residual: Part | null;
}

export interface GatherOptions {
  readonly memories: readonly Values[];
  /** By value: the box that each memory has computed. */
  readonly planned: ReadonlyMap<string, readonly (Box | null)[]>;
  readonly distance: Distance;
  /** Called for a box of a graph input that the main thread has to write. */
  readonly feed: (name: string, memory: number, part: Part) => void;
}

/** Runs shorter than this are fetched as a block and put into place by a kernel. */
const shortRunBytes = 2048;

export function gather(options: GatherOptions, memory: number, demands: Demands): Gathered {
  const gathered: Pending = { fetched: new Set(), pieces: [], copies: [], placings: [] };
  const find = (demand: Demand): Part => operandFor(options, memory, demand, gathered);
  const operands = new Map(demands.operands.map(demand => [demand.name, find(demand)]));
  return { operands, residual: demands.residual && find(demands.residual), ...gathered };
}

function operandFor(options: GatherOptions, memory: number, demand: Demand, gathered: Pending): Part {
  const { name, need, loose } = demand;
  const values = options.memories[memory]!;
  const find = () => values.parts(name).find(part => fits(part, need, loose));
  const fitting = find();
  if (fitting) return fitting;
  let source = values.parts(name).find(part => containsBox(part.box, need));
  if (!source) {
    source = options.planned.has(name) ? fetch(options, memory, demand, gathered) : fed(options, memory, demand);
    values.define(name, source);
    if (fits(source, need, loose)) return source;
  }
  const part = cutOut(values, demand, source, gathered);
  if (gathered.fetched.has(source)) gathered.fetched.add(part);
  values.define(name, part);
  return part;
}

/** The needed box of a part that is larger: in place where it lies in one run, a copy elsewhere. */
function cutOut({ emitter }: Values, { name, need }: Demand, source: Part, gathered: Pending): Part {
  const { box, layout } = source;
  if (isRun(need, box, layout)) return partOf(need, layout, loopsOver(source, need).start);
  const target = partOf(need, layout, emitter.tensor(boxDims(need), layout));
  const after = gathered.fetched.has(source) ? gathered.placings : gathered.copies;
  after.push(() => copyRegion(emitter, name, source, target, need));
  return target;
}

/** A box of a graph input, which the main thread writes before the run. */
function fed({ memories, feed }: GatherOptions, memory: number, { name, need }: Demand): Part {
  const part = partOf(need, rowMajor, memories[memory]!.emitter.tensor(boxDims(need), rowMajor));
  feed(name, memory, part);
  return part;
}

/** What the demand asks for, from here and from the other memories. */
function fetch(options: GatherOptions, memory: number, { name, need }: Demand, gathered: Pending): Part {
  const { memories, planned, distance } = options;
  const values = memories[memory]!;
  const boxes = planned.get(name)!;
  const partIn = (from: number) => memories[from]!.parts(name)[0]!;
  const room = values.room(name);
  const inRoom = room && containsBox(room.box, need);
  const wanted = inRoom ? room.box : need;
  const moves = transfers(wanted, memory, boxes, distance);
  const { layout } = partIn(moves[0]!.from);
  const target = inRoom ? room : partOf(need, layout, values.emitter.tensor(boxDims(need), layout));

  const kept = boxes[memory] && intersect(boxes[memory], need);
  if (kept && !inRoom) {
    const own = partIn(memory);
    gathered.copies.push(emitter => copyRegion(emitter, name, own, target, kept));
  }
  for (const { from, box } of moves) {
    const source = partIn(from);
    if (
      runBytes(source, target, box) >=
      Math.min(shortRunBytes, runBytes(source, partOf(box, layout, target.address), box))
    ) {
      gathered.pieces.push(...piecesBetween(from, source, target, box));
      continue;
    }
    const block = partOf(box, layout, values.emitter.tensor(boxDims(box), layout));
    gathered.pieces.push(...piecesBetween(from, source, block, box));
    gathered.placings.push(emitter => copyRegion(emitter, name, block, target, box));
  }
  gathered.fetched.add(target);
  return target;
}
