import { expect } from 'chai';
import type { Line } from './row.ts';
import { numbersOf, type Result, ratioOf, tableMarkdown, tableText, verdict } from './table.ts';

const numbers = (minimum: number, median = minimum) => ({ minimum, median });
const line = (goal?: Line['goal']): Line => ({
  title: 'apply',
  unit: 's',
  measure: 'seconds',
  ...(goal && { goal }),
});

describe('bench: table', () => {
  const against = (times: number): Result => ({
    line: line({ kind: 'ratio', against: 'two', times }),
    ours: numbers(0.3, 0.4),
    one: numbers(0.4),
    two: numbers(0.2),
  });

  it('ratioOf sets the minima against the contestant that the goal names', () => {
    expect(ratioOf(against(2), against(2).line.goal)).to.be.closeTo(1.5, 1e-9);
  });

  it('verdict is met up to the limit and missed above it', () => {
    expect(verdict(against(1.6))).to.equal('met');
    expect(verdict(against(1.4))).to.equal('missed');
  });

  it('verdict of faster asks for at least so many times', () => {
    const result = (times: number): Result => ({
      line: line({ kind: 'faster', times }),
      ours: numbers(0.5),
      one: numbers(60),
    });
    expect(verdict(result(100))).to.equal('met');
    expect(verdict(result(121))).to.equal('missed');
  });

  it('verdict is none where there is no goal, or nobody to compare with', () => {
    expect(verdict({ line: line(), ours: numbers(1) })).to.equal('none');
    expect(verdict({ line: line({ kind: 'ratio', against: 'one', times: 1 }), ours: numbers(1) })).to.equal(
      'none',
    );
  });

  it('numbersOf takes the best, the worst where the line says so, and nothing that was not measured', () => {
    const measured = { stallMs: { minimum: 3, median: 5, maximum: 7 } };
    const stall = { ...line(), measure: 'stallMs' };
    expect(numbersOf(measured, stall)).to.include(numbers(3, 5));
    expect(numbersOf(measured, { ...stall, worst: true })).to.deep.equal(numbers(7));
    expect(numbersOf(measured, line())).to.equal(undefined);
  });

  it('tableMarkdown has the same, and no column of nobody', () => {
    const stall = { ...against(1.4), line: { ...line(), title: '  stall' } };
    expect(tableMarkdown([against(1.4), stall])).to.equal(
      [
        '| what | ours | C, one thread | C, two threads | ratio | target |  |',
        '| --- | --- | --- | --- | --- | --- | --- |',
        '| apply | 0.300 (0.400) s | 0.400 s | 0.200 s | 1.50 × | ≤ 1.4 × C, two threads | MISSED |',
        '| … stall | 0.300 (0.400) s | 0.400 s | 0.200 s | 1.50 × | – |  |',
      ].join('\n'),
    );
  });

  it('verdict and ratio take what the row has beside, and cilium/ebpf where the goal says so', () => {
    const result: Result = {
      line: line({ kind: 'ratio', against: 'beside', times: 0.25 }),
      ours: numbers(0.1),
      beside: numbers(0.5),
      besideTitle: 'all different',
    };
    expect(ratioOf(result, result.line.goal)).to.be.closeTo(0.2, 1e-9);
    expect(verdict(result)).to.equal('met');
    expect(verdict({ ...result, ours: numbers(0.13) })).to.equal('missed');
    expect(tableText([result])).to.contain('≤ 0.25 × all different');
    const go: Result = {
      ...against(1),
      line: line({ kind: 'ratio', against: 'go', times: 1 }),
      go: numbers(0.2),
    };
    expect(verdict(go)).to.equal('missed');
    expect(verdict({ ...go, go: numbers(0.4) })).to.equal('met');
  });

  it('tableText shows counts as they are, and what is just above a limit as above it', () => {
    const counted = { ...line({ kind: 'atMost', limit: 0 }), unit: '' } as const;
    const memory = { ...line({ kind: 'atMost', limit: 122 }), unit: 'MB' } as const;
    const rows = tableText([
      { line: counted, ours: numbers(3) },
      { line: memory, ours: numbers(122.4) },
    ]).split('\n');
    expect(rows[1]).to.match(/^apply {2}3 +– +≤ 0 +MISSED$/);
    expect(rows[2]).to.match(/^apply {2}122\.4 MB +– +≤ 122 MB +MISSED$/);
  });

  it('tableText aligns its columns and names the target', () => {
    const [header, row] = tableText([against(1.4)]).split('\n');
    expect(header!.indexOf('ratio')).to.equal(row!.indexOf('1.50 ×'));
    expect(header).not.to.contain('cilium');
    expect(row).to.equal(
      'apply  0.300 (0.400) s  0.400 s        0.200 s         1.50 ×  ≤ 1.4 × C, two threads  MISSED',
    );
  });
});
