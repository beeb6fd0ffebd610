import { expect } from 'chai';
import { readAnyYaml } from './read.ts';

describe('readAnyYaml', () => {
  it('lets an alias stand for the last anchor of its name before it, also within what another alias stands for', () => {
    const text = 'a: &x 1\nb: &y [*x]\nc: &x 2\nd: *y\ne: *x\n';
    expect(readAnyYaml(text).value).to.deep.equal({ a: 1, b: [1], c: 2, d: [1], e: 2 });
  });

  it('knows an anchor of a field name', () => {
    expect(readAnyYaml('&k a: 1\nb: *k\n').value).to.deep.equal({ a: 1, b: 'a' });
  });

  it('refuses an alias before its anchor, and one within what it stands for', () => {
    const messages = (text: string) => readAnyYaml(text).problems.first.map(({ message }) => message);
    expect(messages('a: *x\nb: &x 1\n')).to.deep.equal(['The alias *x has no anchor before it']);
    expect(messages('a: &x [*x]\n')).to.deep.equal(['An alias stands within what it stands for']);
  });

  it('finds the place of a field within what an alias stands for', () => {
    const text = 'a: &x {b: 1}\nc: *x\n';
    expect(text.slice(readAnyYaml(text).offsetOf(['c', 'b']))).to.match(/^1}/);
  });
});
