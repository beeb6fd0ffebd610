import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { BENCH } from './child.ts';
import { contestantsOf, possible } from './contestants.ts';
import type { Row } from './row.ts';
import { ROWS } from './rows.ts';

const named = (name: string) => ROWS.find(row => row.name === name)!;
const ALL = { go: true, native: true };

describe('bench: contestants', () => {
  it('contestantsOf names everyone whom a row measures, ours first', () => {
    expect([...contestantsOf(named('apply-10000')).keys()]).to.deep.equal(['ours', 'one', 'two', 'go']);
    expect([...contestantsOf(named('equal')).keys()]).to.deep.equal(['ours', 'beside']);
    expect([...contestantsOf(named('start')).keys()]).to.deep.equal(['ours', 'beside']);
  });

  it('possible leaves out cilium/ebpf and the targets against it, nothing else', () => {
    const [row] = possible([named('apply-10000')], { ...ALL, go: false });
    expect([...contestantsOf(row!).keys()]).to.deep.equal(['ours', 'one', 'two']);
    expect(row!.lines).to.have.length(named('apply-10000').lines.length - 1);
    expect(possible(ROWS, ALL)).to.deep.equal(ROWS);
  });

  it('possible leaves out the rows of a busy program where there is none', () => {
    expect(possible([named('lost'), named('drift')], { ...ALL, native: false })).to.deep.equal([
      named('drift'),
    ]);
  });

  it('make says in one sentence that Go is missing', () => {
    const make = () =>
      execFileSync('make', ['--silent', '--always-make', '-C', BENCH, 'go', 'GO=/nowhere/go'], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(make).to.throw('Go is not installed');
  });

  it('each target against somebody has somebody to compare with', () => {
    expect(ROWS.flatMap(row => row.lines.flatMap(line => alone(row, line)))).to.deep.equal([]);
  });
});

/** A target that could never be missed. */
function alone(row: Row, { title, goal, measure }: Row['lines'][number]): readonly string[] {
  if (goal === undefined || goal.kind === 'atMost') return [];
  const against = goal.kind === 'ratio' ? goal.against : 'one';
  return row[against] !== undefined && measure === 'seconds' ? [] : [`${row.name}: ${title}`];
}
