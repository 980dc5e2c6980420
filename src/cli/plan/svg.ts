/** SVG as text. Invariant: whatever the names in a model are, what comes out is well-formed XML. */

export type Attributes = Readonly<Record<string, string | number>>;

/** `children` are elements, already written. */
export function element(name: string, attributes: Attributes, children: readonly string[] = []): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(plain(value))}"`);
  const open = `<${name}${written.join('')}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${name}>`;
}

export const text = (content: string, attributes: Attributes): string =>
  element('text', attributes, [escaped(content)]);

/** What a viewer shows for the element that it stands in. */
export const tooltip = (content: string): string => element('title', {}, [escaped(content)]);

export const rect = (x: number, y: number, width: number, height: number, attributes: Attributes): string =>
  element('rect', { x, y, width, height, ...attributes });

/** Hundredths of a pixel are enough. */
const plain = (value: string | number): string =>
  typeof value === 'number' ? String(Number(value.toFixed(2))) : value;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (content: string): string =>
  content.replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, ' ').replace(/[&<>"]/g, mark => entities[mark]!);
