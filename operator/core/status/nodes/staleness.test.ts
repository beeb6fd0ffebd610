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

describe('conditions say why a node is behind or not reporting', () => {
  const silenced: readonly (readonly [string, (fixture: StatusFixture) => StatusFixture, string])[] = [
    [
      'a node that is gone quiet',
      f => f.node('b', {}, { notReadySince: f.now }).pass(60_000),
      'Node not Ready',
    ],
    ['an agent that is', f => f.agent('b', { notReadySince: f.now }).pass(60_000), 'agent not Ready'],
    ['a report that is missing', f => f.nodes('c').fold().pass(75_000), 'no report yet'],
    ['a node that was started anew', f => f.reboot('b').fold().pass(75_000), 'started anew'],
    ['a node that was made anew', f => f.node('b', {}, { uid: 'x' }).fold().pass(75_000), 'Node made anew'],
    ['labels that changed', f => f.node('b', { zone: 'x' }).fold().pass(75_000), 'labels changed'],
    ['an agent that lags', f => f.inner('web').report('a').fold().pass(75_000), 'its agent lags'],
    [
      'failures that are not listed',
      f => f.report('b', 'tenants', { failing: ['x'], failuresTotal: 2 }),
      'more failures than it lists',
    ],
  ];
  for (const [what, change, why] of silenced)
    it(`${what}: ${why}`, () => {
      const fixture = new StatusFixture().nodes('a', 'b').outer('tenants').inner('web').listed();
      const { conditions, nodes } = change(fixture.report('a').report('b')).innerStatus('web');
      expect(nodes).to.include({ unknown: 1, ready: nodes.desired - 1 });
      expect(conditions[2]).to.include({ status: 'Unknown', reason: 'NodesNotReporting' });
      expect(conditions[2]!.message).to.match(
        new RegExp(`^1 of \\d nodes not reporting: [bc] \\(${why}\\)$`),
      );
    });

  it('at once where a report is not about the present, plainly where a node has yet to come to it', () => {
    const fixture = new StatusFixture().nodes('a', 'b').outer('tenants').inner('web').listed();
    const messageOf = () => fixture.innerStatus('web').conditions[2]!.message;
    expect(messageOf()).to.equal('2 of 2 nodes behind: a, b');
    fixture.report('a').report('b').reboot('b');
    expect(messageOf()).to.equal('1 of 2 nodes behind: b (started anew)');
    expect(fixture.report('b').inner('web').report('a') && messageOf()).to.equal('1 of 2 nodes behind: b');
  });
});
