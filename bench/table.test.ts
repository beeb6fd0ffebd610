import { expect } from 'chai';
import type { Line } from './row.ts';
import { numbersOf, type Result, ratioOf, tableText, verdict } from './table.ts';

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

  it('tableText aligns its columns and names the target', () => {
    const [header, row] = tableText([against(1.4)]).split('\n');
    expect(header!.indexOf('ratio')).to.equal(row!.indexOf('1.50 ×'));
    expect(header).not.to.contain('cilium');
    expect(row).to.equal(
      'apply  0.300 (0.400) s  0.400 s        0.200 s         1.50 ×  ≤ 1.4 × C, two threads  MISSED',
    );
  });
});
