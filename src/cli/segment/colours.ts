/** One colour per label, 1 to 255: neighbours in number are far apart in hue. Label 0 is the background and has none. */

export type Colour = readonly [red: number, green: number, blue: number];

/** The golden angle: consecutive multiples never come close soon. */
const hueStep = 137.508;

const palette: readonly Colour[] = Array.from({ length: 256 }, (_, label) =>
  hsv((label - 1) * hueStep, label % 2 === 1 ? 1 : 0.65, 1),
);

export const labelColour = (label: number): Colour => palette[label]!;

/** Hue in degrees, saturation and value in 0..1 -> 0..255 each. */
function hsv(hue: number, saturation: number, value: number): Colour {
  const channel = (shift: number): number => {
    const k = (shift + hue / 60) % 6;
    const part = Math.max(0, Math.min(k, 4 - k, 1));
    return Math.round(255 * (value - value * saturation * part));
  };
  return [channel(5), channel(3), channel(1)];
}
