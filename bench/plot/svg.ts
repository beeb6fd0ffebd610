import {
  type Chart,
  countText,
  type Decades,
  decadesOf,
  type Panel,
  type Point,
  type Series,
  secondsText,
  shareOf,
  ticksOf,
} from './chart.ts';

const PANEL = { width: 390, height: 300, top: 118, gap: 104, left: 72, right: 48 };
const FOOT = 104;
const MARK = 4.5;

/** Readable on light and on dark; shapes differ too, for who does not tell the colours. */
const STYLE = `
    text { font-family: ui-sans-serif, system-ui, "Helvetica Neue", Arial, sans-serif; font-size: 13px; fill: #1f2328; }
    .title { font-size: 16px; font-weight: 600; }
    .panel { font-weight: 600; }
    .soft { font-size: 12px; fill: #59636e; }
    .ground { fill: #ffffff; }
    .grid { stroke: #d1d9e0; stroke-width: 1; }
    .line { fill: none; stroke-width: 2; }
    .s0 { stroke: #bc4c00; } .m0 { fill: #bc4c00; }
    .s1 { stroke: #0969da; } .m1 { fill: #0969da; }
    .s2 { stroke: #1a7f37; } .m2 { fill: #1a7f37; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .soft { fill: #9198a1; }
      .ground { fill: #0d1117; }
      .grid { stroke: #30363d; }
      .s0 { stroke: #ff9a57; } .m0 { fill: #ff9a57; }
      .s1 { stroke: #58a6ff; } .m1 { fill: #58a6ff; }
      .s2 { stroke: #56d364; } .m2 { fill: #56d364; }
    }
  `;

/** The chart as an SVG, with the chart itself in its metadata: `chartIn` reads it back. */
export function svgOf(chart: Chart): string {
  const { panels } = chart;
  const width = PANEL.left + panels.length * (PANEL.width + PANEL.gap) - PANEL.gap + PANEL.right;
  const height = PANEL.top + PANEL.height + FOOT;
  const costs = decadesOf(panels.flatMap(panel => valuesOf(panel, 'seconds')));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
  <title id="title">${escaped(chart.title)}</title>
  <desc id="description">${escaped(chart.description)}</desc>
  <metadata>${escaped(JSON.stringify(chart))}</metadata>
  <style>${STYLE}</style>
  <rect class="ground" width="${width}" height="${height}" rx="8"/>
  <text class="title" x="24" y="32">${escaped(chart.title)}</text>
${legend(panels[0]?.series ?? [])}
${panels.map((panel, at) => panelText(panel, { left: PANEL.left + at * (PANEL.width + PANEL.gap), costs })).join('\n')}
  <text class="soft" x="24" y="${height - 18}">${escaped(chart.note)}</text>
</svg>
`;
}

/** The chart of an SVG that `svgOf` made. */
export function chartIn(svg: string): Chart {
  const text = /<metadata>(.*)<\/metadata>/.exec(svg)?.[1];
  if (text === undefined) throw new Error('Cannot read the plot: it has no metadata');
  return JSON.parse(unescaped(text)) as Chart;
}

interface Place {
  readonly left: number;
  readonly costs: Decades;
}

/** Turns a point into coordinates. */
type Locate = (point: Point) => { readonly x: number; readonly y: number };

function panelText(panel: Panel, { left, costs }: Place): string {
  const sizes = decadesOf(valuesOf(panel, 'size'));
  const bottom = PANEL.top + PANEL.height;
  const locate: Locate = ({ size, seconds }) => ({
    x: left + shareOf(size, sizes) * PANEL.width,
    y: bottom - shareOf(seconds, costs) * PANEL.height,
  });
  return [
    `  <text class="panel" x="${left}" y="${PANEL.top - 16}">${escaped(panel.title)}</text>`,
    ...ticksOf(costs).map(tick => row(tick, left, locate)),
    ...ticksOf(sizes).map(tick => column(tick, bottom, locate)),
    `  <text class="soft" x="${left + PANEL.width / 2}" y="${bottom + 44}" text-anchor="middle">${escaped(panel.axis)}</text>`,
    ...panel.series.map((series, at) => seriesText(series, at, locate)),
  ].join('\n');

  function row(tick: number, from: number, at: Locate): string {
    const y = number(at({ size: 1, seconds: 10 ** tick }).y);
    return `  <path class="grid" d="M${from} ${y}h${PANEL.width}"/><text class="soft" x="${from - 8}" y="${number(Number(y) + 4)}" text-anchor="end">${secondsText(tick)}</text>`;
  }

  function column(tick: number, from: number, at: Locate): string {
    const x = number(at({ size: 10 ** tick, seconds: 1 }).x);
    return `  <path class="grid" d="M${x} ${from}v${-PANEL.height}"/><text class="soft" x="${x}" y="${from + 20}" text-anchor="middle">${countText(tick)}</text>`;
  }
}

function seriesText({ points }: Series, at: number, locate: Locate): string {
  const places = points.map(locate);
  const path = places
    .map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${number(x)} ${number(y)}`)
    .join('');
  return `  <path class="line s${at}" d="${path}"/>${places.map(({ x, y }) => mark(at, x, y)).join('')}`;
}

function legend(series: readonly Series[]): string {
  let x = 24;
  return series
    .map(({ name }, at) => {
      const from = x;
      x += 60 + name.length * 7.2;
      return `  <path class="line s${at}" d="M${number(from)} 60h30"/>${mark(at, from + 15, 60)}<text x="${number(from + 38)}" y="64.5">${escaped(name)}</text>`;
    })
    .join('\n');
}

/** A circle, a square, a triangle. */
function mark(series: number, x: number, y: number): string {
  const [a, b] = [number(x - MARK), number(y - MARK)];
  if (series === 0) return `<circle class="m0" cx="${number(x)}" cy="${number(y)}" r="${MARK}"/>`;
  if (series === 1) return `<rect class="m1" x="${a}" y="${b}" width="${2 * MARK}" height="${2 * MARK}"/>`;
  return `<path class="m${series}" d="M${number(x)} ${number(y - MARK - 1)}l${MARK + 1} ${2 * MARK + 1}h${-2 * MARK - 2}z"/>`;
}

function valuesOf({ series }: Panel, name: keyof Point): readonly number[] {
  return series.flatMap(({ points }) => points.map(point => point[name]));
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
