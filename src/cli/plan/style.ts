/** Colours and letters of a plan's picture. Invariant: orange is what crosses between nodes, and nothing else is orange. */
import type { PlannedLayerInfo } from '../../index.js';

export const colours = {
  ink: '#212529',
  faint: '#868e96',
  line: '#ced4da',
  empty: '#f1f3f5',
  exchange: '#e8590c',
  exchangeBand: '#fff0e6',
} as const;

/** Of the part of a layer that a node computes. */
export const partColours: Readonly<Record<PlannedLayerInfo['cut'], string>> = {
  channel: '#1c7ed6',
  depth: '#2f9e44',
  height: '#2f9e44',
  grid: '#2f9e44',
  mix: '#7048e8',
  one: '#495057',
  all: '#868e96',
};

/** Of a layer's time, in the order in which they are drawn. */
export const timeColours = [
  { field: 'computeMs', name: 'compute', colour: '#495057' },
  { field: 'memoryMs', name: 'memory', colour: '#adb5bd' },
  { field: 'exchangeMs', name: 'exchange', colour: colours.exchange },
  { field: 'barrierMs', name: 'barriers', colour: '#22b8cf' },
] as const;

export const fonts = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif';

/** About how wide a text is, in pixels: no more than it turns out. */
export const widthOf = (content: string, size: number): number => 0.6 * size * content.length;
