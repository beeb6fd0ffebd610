import { expect } from 'chai';
import { StatusFixture } from '../testing/fixture.ts';

describe('nodeStaleness', () => {
  function readyFixture(): StatusFixture {
    const fixture = new StatusFixture().nodes('a').outer('tenants').inner('web').listed().report('a');
    expect(fixture.ready('web')).to.equal('True Programmed');
    return fixture;
  }

  it('is LabelsChanged for a label that the report’s selectors name; another label changes nothing', () => {
    const selectorLabels = ['!gpu', 'zone=x'];
    const fixture = readyFixture().node('a', { zone: 'x' });
    expect(fixture.ready('web'), 'a report that lists none').to.equal('False Progressing');
    fixture.report('a', 'tenants', { selectorLabels }).fold();
    expect(fixture.node('a', { zone: 'x', other: '1' }).fold().changes).to.deep.equal([]);
    expect(fixture.ready('web')).to.equal('True Programmed');
    expect(fixture.node('a', { zone: 'y' }).ready('web')).to.equal('False Progressing');
    expect(fixture.node('a', { zone: 'x' }).ready('web')).to.equal('True Programmed');
    expect(fixture.node('a', { zone: 'x', gpu: '' }).ready('web')).to.equal('False Progressing');
    expect(fixture.node('a', {}).ready('web')).to.equal('False Progressing');
  });
});
