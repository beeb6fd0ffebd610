import { expect } from 'chai';
import { StatusFixture } from '../testing/fixture.ts';

/** A node whose agent's Pod was bound and has never started: another system, another architecture, no image. */
describe('nodeSet', () => {
  function fixtureWithStranger(): StatusFixture {
    const fixture = new StatusFixture().nodes('a').node('windows').agent('windows', { notReadySince: 0 });
    return fixture.outer('tenants').inner('web').listed().report('a');
  }

  const nodesOf = (fixture: StatusFixture) => fixture.innerStatus('web').nodes;

  it('leaves out a node from which no agent was ever heard, and Ready names it', () => {
    const fixture = fixtureWithStranger();
    expect(nodesOf(fixture)).to.include({ desired: 1, ready: 1, withoutAgent: 1, summary: '1/1' });
    expect(nodesOf(fixture.pass(600_000))).to.include({ desired: 1, unknown: 0, withoutAgent: 1 });
    const message = 'As declared on 1 node; no agent has reported from 1 node: windows';
    expect(fixture.innerStatus('web').conditions[2]).to.include({ status: 'True', message });
    expect(fixture.outerStatus().conditions[2]).to.include({ status: 'True', message });
  });

  it('counts a node from the moment that its Pod is Ready', () => {
    const fixture = fixtureWithStranger().agent('windows');
    expect(nodesOf(fixture)).to.include({ desired: 2, ready: 1, withoutAgent: 0 });
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.report('windows').ready('web')).to.equal('True Programmed');
  });

  it('counts a node from its first report, though nothing else changed', () => {
    const fixture = fixtureWithStranger().fold();
    fixture.report('windows', 'tenants', { watermark: 1 });
    expect(nodesOf(fixture)).to.include({ desired: 2, withoutAgent: 0 });
    expect(fixture.ready('web')).to.not.match(/^True/);
  });

  it('a report of an earlier Node of the name proves nothing', () => {
    const fixture = fixtureWithStranger().report('windows').node('windows', {}, { uid: 'another' });
    expect(nodesOf(fixture)).to.include({ desired: 1, withoutAgent: 1 });
    expect(nodesOf(fixture.report('windows'))).to.include({ desired: 2, ready: 2, withoutAgent: 0 });
  });

  it('one that was there and is silent still counts, also after the controller starts anew', () => {
    const fixture = fixtureWithStranger().report('windows').agent('windows').fold();
    fixture.agent('windows', { notReadySince: fixture.now }).pass(60_000);
    expect(fixture.ready('web')).to.equal('Unknown NodesNotReporting');
    const again = fixtureWithStranger().report('windows').pass(60_000);
    expect(again.ready('web')).to.equal('Unknown NodesNotReporting');
    expect(nodesOf(again)).to.include({ desired: 2, unknown: 1, withoutAgent: 0 });
  });

  it('one that was Ready and whose report is lost still counts', () => {
    const fixture = fixtureWithStranger().agent('windows').report('windows').fold();
    fixture.agent('windows', { notReadySince: fixture.now });
    fixture.world.removeState('windows');
    expect(nodesOf(fixture.pass(60_000))).to.include({ desired: 2, unknown: 1, withoutAgent: 0 });
  });

  it('a Pod that comes and goes without ever starting counts for no moment', () => {
    const fixture = fixtureWithStranger().fold().agentGone('windows').fold();
    expect(nodesOf(fixture)).to.include({ desired: 1, withoutAgent: 1 });
    fixture.agent('windows', { notReadySince: fixture.now });
    expect(nodesOf(fixture)).to.include({ desired: 1, withoutAgent: 1 });
  });

  it('skips reports of nodes that were heard before', () => {
    const fixture = fixtureWithStranger().fold();
    const nodes = fixture.world.memory.nodes;
    fixture.report('a').fold();
    expect(fixture.world.memory.nodes).to.equal(nodes);
  });
});
