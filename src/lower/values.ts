/**
 * The values of one memory: which boxes of each it holds, and in which layouts. The first part of a value is the one that was
 * computed or fed here; copies follow.
 */
import { type Box, containsBox, sameBox } from '../plan/box.js';
import type { Emitter } from './emitter.js';
import type { Part } from './held.js';

export function createValues(emitter: Emitter) {
  const held = new Map<string, Part[]>();
  const rooms = new Map<string, Part>();

  return {
    emitter,
    parts: (name: string): readonly Part[] => held.get(name) ?? [],
    define(name: string, part: Part): void {
      held.set(name, [...(held.get(name) ?? []), part]);
    },
    /** Space around a computed part, for what its readers need besides it. */
    room: (name: string): Part | undefined => rooms.get(name),
    makeRoom(name: string, room: Part): void {
      rooms.set(name, room);
    },
  };
}

export type Values = ReturnType<typeof createValues>;

/** Whether a part can be read where `need` is: as it is, or, where `loose`, with more around it than needed along space. */
export function fits(part: Part, need: Box, loose: boolean): boolean {
  if (!loose) return sameBox(part.box, need);
  return containsBox(part.box, need) && sameBox(part.box.slice(0, 2), need.slice(0, 2));
}
