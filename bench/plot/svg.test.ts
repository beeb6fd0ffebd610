import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { BENCH } from '../child.ts';
import { type Chart, countText, decadesOf, secondsText, shareOf, ticksOf } from './chart.ts';
import { chartIn, svgOf } from './svg.ts';
import { SWEEPS } from './sweep.ts';

const CHART: Chart = {
  title: 'Costs & <sizes>',
  description: 'What it shows',
  note: 'Where it was measured',
  panels: [
    {
      title: 'Many',
      axis: 'inner maps',
      series: [
        {
          name: 'ours',
          points: [
            { size: 1, seconds: 0.01 },
            { size: 1000, seconds: 1 },
          ],
        },
        { name: 'C', points: [{ size: 10, seconds: 0.1 }] },
      ],
    },
    { title: 'One', axis: 'entries', series: [{ name: 'ours', points: [{ size: 100, seconds: 0.5 }] }] },
  ],
};

describe('bench: plot', () => {
  it('decadesOf holds all values between powers of ten, at least one decade', () => {
    expect(decadesOf([2, 300])).to.deep.equal({ from: 0, to: 3 });
    expect(decadesOf([0.01, 100])).to.deep.equal({ from: -2, to: 2 });
    expect(decadesOf([10])).to.deep.equal({ from: 1, to: 2 });
    expect(ticksOf({ from: -2, to: 1 })).to.deep.equal([-2, -1, 0, 1]);
  });

  it('shareOf is equal for equal ratios', () => {
    const decades = { from: -1, to: 3 };
    expect([0.1, 1, 10, 1000].map(value => shareOf(value, decades))).to.deep.equal([0, 0.25, 0.5, 1]);
  });

  it('ticks are counts, and times in the unit that a reader would take', () => {
    expect([0, 4, 6].map(countText)).to.deep.equal(['1', '10,000', '1,000,000']);
    expect([-5, -3, -1, 0, 1].map(secondsText)).to.deep.equal(['10 µs', '1 ms', '100 ms', '1 s', '10 s']);
  });

  it('svgOf puts points where their decades are, the dearer the higher', () => {
    const svg = svgOf(CHART);
    const [first, last] = coordinates(/<path class="line s0" d="(M[^"h]+)"/.exec(svg)![1]!);
    // Left and bottom of the panel; right and top of it
    expect(svg).to.contain(`<path class="grid" d="M${first![0]} ${first![1]}h`);
    expect(svg).to.contain(`<path class="grid" d="M${last![0]} ${first![1]}v`);
    const [x, y] = /<rect class="m1" x="([\d.]+)" y="([\d.]+)" width="9"/g
      .exec(svg.slice(svg.indexOf('Many</text>')))!
      .slice(1)
      .map(Number);
    expect(x! + 4.5).to.be.closeTo(first![0]! + (last![0]! - first![0]!) / 3, 0.2);
    expect(y! + 4.5).to.be.closeTo((first![1]! + last![1]!) / 2, 0.2);
  });

  it('svgOf is well-formed, names axes and contestants, and has a dress for the dark', () => {
    const svg = svgOf(CHART);
    expect(unclosed(svg)).to.deep.equal([]);
    expect(svg).not.to.match(/NaN|Infinity|undefined/);
    for (const text of ['inner maps', 'entries', 'ours', 'C', '10 ms', '1,000', 'Costs &amp; &lt;sizes&gt;'])
      expect(svg).to.contain(`>${text}</text>`);
    expect(svg).to.contain('prefers-color-scheme: dark');
  });

  it('chartIn reads back what svgOf drew', () => {
    expect(chartIn(svgOf(CHART))).to.deep.equal(CHART);
  });

  it('docs/performance.svg is what its numbers are drawn as, for all sizes and contestants', () => {
    const svg = readFileSync(join(BENCH, '..', 'docs', 'performance.svg'), 'utf8');
    const chart = chartIn(svg);
    expect(svgOf(chart)).to.equal(svg);
    expect(chart.panels.map(({ title }) => title)).to.deep.equal(SWEEPS.map(({ title }) => title));
    for (const [at, { series }] of chart.panels.entries()) {
      expect(series).to.have.length(3);
      for (const { points } of series)
        expect(points.map(({ size }) => size)).to.deep.equal(SWEEPS[at]!.sizes);
    }
  });

  it('the sweeps go from 1 to 100,000 inner maps and to 1,000,000 entries, for ours, C and cilium/ebpf', () => {
    expect(SWEEPS.map(({ sizes }) => [sizes[0], sizes.at(-1)])).to.deep.equal([
      [1, 100_000],
      [1, 1_000_000],
    ]);
    for (const row of SWEEPS.flatMap(({ sizes, row }) => sizes.map(row))) {
      expect(row.go).to.deep.equal(row.ours);
      expect(row.one).to.deep.equal(['bulk', ...row.ours, '--threads', '1']);
    }
  });
});

function coordinates(path: string): readonly (readonly number[])[] {
  return path
    .split(/[ML]/)
    .slice(1)
    .map(pair => pair.split(' ').map(Number));
}

/** Names of elements that are opened and not closed, or the other way round. */
function unclosed(svg: string): readonly string[] {
  const open: string[] = [];
  for (const [, end, name, self] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (end === '' && self === '') open.push(name!);
    else if (end === '/' && open.pop() !== name) return [`/${name}`];
  }
  return open;
}
