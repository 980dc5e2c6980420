// Speed-up over cores as SVG: a row of panels per machine, a panel per network. Both axes are base 2 logarithms, so that
// the ideal is the diagonal. The picture says itself that it is simulated.

const panel = { width: 200, height: 200, gapX: 48, gapY: 74 };
const margin = { left: 70, top: 128, right: 48, bottom: 64 };
/** Of the heading. */
const leastWidth = 840;
const ink = '#22313f';
const faint = '#dfe4e8';
const lines = [
  { mode: 'naive', label: 'naive: one memory on one node', colour: '#c0392b', dash: '6 3', marker: 'square' },
  { mode: 'hierarchical', label: 'hierarchical exact', colour: '#1f6fb2', dash: '', marker: 'circle' },
];

const escaped = text => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const attributes = values =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('');
const element = (name, values, content = '') =>
  content === '' ? `<${name}${attributes(values)}/>` : `<${name}${attributes(values)}>${content}</${name}>`;
const text = (content, x, y, values = {}) =>
  element('text', { x, y, fill: ink, 'font-size': 12, ...values }, escaped(content));
const line = (x1, y1, x2, y2, values) => element('line', { x1, y1, x2, y2, ...values });

/** `machines`: [{ machine, networks: [{ name, rows }] }], rows as `simulate` gives them. */
export function plot({ machines }) {
  const columns = Math.max(...machines.map(({ networks }) => networks.length));
  const panels = margin.left + columns * (panel.width + panel.gapX) - panel.gapX + margin.right;
  const width = Math.max(panels, leastWidth);
  const height = margin.top + machines.length * (panel.height + panel.gapY) - panel.gapY + margin.bottom;
  const body = machines.flatMap(({ machine, networks }, row) => {
    const top = margin.top + row * (panel.height + panel.gapY);
    const title = text(`${machine.title}: SIMULATED`, margin.left, top - 28, {
      'font-size': 15,
      'font-weight': 'bold',
    });
    const drawn = networks.map((network, column) =>
      drawPanel(network, margin.left + column * (panel.width + panel.gapX), top, column === 0),
    );
    return [title, ...drawn];
  });
  const root = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img' };
  return `${element(
    'svg',
    { ...root, 'font-family': 'DejaVu Sans, Helvetica, Arial, sans-serif' },
    [
      element('title', {}, 'Simulated speed-up over one core'),
      element('rect', { width, height, fill: 'white' }),
      ...heading(),
      ...body,
      text('cores (the first ones, node after node)', width / 2, height - 16, {
        'text-anchor': 'middle',
        'font-size': 13,
      }),
    ].join('\n'),
  )}\n`;
}

function heading() {
  const parts = [
    text('Speed-up over one core, SIMULATED: a cost model, not a measurement', margin.left, 32, {
      'font-size': 18,
      'font-weight': 'bold',
    }),
  ];
  let x = margin.left;
  for (const { label, colour, dash, marker } of lines) {
    parts.push(line(x, 56, x + 34, 56, { stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dash }));
    parts.push(mark(marker, x + 17, 56, colour), text(label, x + 42, 60, { 'font-size': 13 }));
    x += 60 + 7.6 * label.length;
  }
  parts.push(line(x, 56, x + 34, 56, { stroke: '#8a949c', 'stroke-width': 1.5, 'stroke-dasharray': '2 3' }));
  parts.push(text('ideal', x + 42, 60, { 'font-size': 13 }));
  return parts;
}

const mark = (kind, x, y, fill) =>
  kind === 'circle'
    ? element('circle', { cx: x, cy: y, r: 3.5, fill })
    : element('rect', { x: x - 3.5, y: y - 3.5, width: 7, height: 7, fill });

/** One network; ticks carry numbers, those of the speed-up in the first column alone. */
function drawPanel({ name, rows }, left, top, isFirst) {
  const most = Math.max(...rows.map(({ cores }) => cores));
  const powers = Array.from({ length: Math.ceil(Math.log2(most)) + 1 }, (_, power) => 2 ** power);
  const span = Math.log2(powers.at(-1)) || 1;
  const x = cores => left + (panel.width * Math.log2(cores)) / span;
  const y = speedUp => top + panel.height - (panel.height * Math.log2(Math.max(1, speedUp))) / span;
  const bottom = top + panel.height;
  const grid = powers.flatMap(power => [
    line(x(power), top, x(power), bottom, { stroke: faint }),
    line(left, y(power), left + panel.width, y(power), { stroke: faint }),
    text(power, x(power), bottom + 16, { 'text-anchor': 'middle', 'font-size': 11 }),
    ...(isFirst ? [text(power, left - 8, y(power) + 4, { 'text-anchor': 'end', 'font-size': 11 })] : []),
  ]);
  const ideal = line(x(1), y(1), x(most), y(most), {
    stroke: '#8a949c',
    'stroke-width': 1.5,
    'stroke-dasharray': '2 3',
  });
  const drawn = lines.flatMap(({ mode, colour, dash, marker }) => {
    const points = rows.map(row => [x(row.cores), y(row[mode].speedUp)]);
    return [
      element('polyline', {
        points: points.map(point => point.map(value => value.toFixed(1)).join(',')).join(' '),
        ...{ fill: 'none', stroke: colour, 'stroke-width': 2, 'stroke-dasharray': dash },
      }),
      ...points.map(([px, py]) => mark(marker, px.toFixed(1), py.toFixed(1), colour)),
    ];
  });
  const last = rows.at(-1);
  // Beside the ends of the lines, and never on top of each other.
  const [low, high] = lines.map(({ mode }) => y(last[mode].speedUp));
  const apart = Math.max(0, 14 - (low - high)) / 2;
  const ends = lines.map(({ mode, colour }, index) =>
    text(last[mode].speedUp.toFixed(1), x(last.cores) + 7, (index === 0 ? low + apart : high - apart) + 4, {
      ...{ 'font-size': 12, 'font-weight': 'bold', fill: colour },
    }),
  );
  const label = text(name, left + panel.width / 2, top - 8, { 'text-anchor': 'middle', 'font-size': 13 });
  const axis = isFirst
    ? [
        text('speed-up', 0, 0, {
          'text-anchor': 'middle',
          transform: `translate(${left - 42} ${top + panel.height / 2}) rotate(-90)`,
        }),
      ]
    : [];
  return [...grid, ideal, ...drawn, ...ends, label, ...axis].join('\n');
}
