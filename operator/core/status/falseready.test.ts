import { expect } from 'chai';
import { labelled, StatusFixture } from './testing/fixture.ts';

/** Each spec covers one way in which a status could be Ready although a node is not. */
describe('rollUpCluster never calls ready', () => {
  function readyFixture(): StatusFixture {
    const fixture = new StatusFixture().nodes('a', 'b').outer('tenants').inner('web').listed();
    fixture.report('a').report('b');
    expect(fixture.ready('web')).to.equal('True Programmed');
    expect(fixture.outerReady()).to.equal('True Programmed');
    return fixture;
  }

  it('what a node’s watermark has not reached', () => {
    const fixture = readyFixture().inner('web').report('a');
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.innerStatus('web').nodes.summary).to.equal('1/2');
    expect(fixture.report('b').ready('web')).to.equal('True Programmed');
  });

  it('where a label newly selects a node, however high its watermark is', () => {
    const fixture = new StatusFixture()
      .node('a', { zone: 'x' })
      .agent('a')
      .node('b', { zone: 'y' })
      .agent('b');
    fixture
      .outer('tenants')
      .inner('web', { selector: labelled('zone', 'x') })
      .listed();
    fixture.report('a').report('b');
    expect(fixture.write('web').ready('web')).to.equal('True Programmed');
    fixture.node('b', { zone: 'x' }).fold();
    expect(fixture.changes).to.deep.include({ kind: 'InnerMap', id: 'team/web', urgent: true, fresh: true });
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.report('b').ready('web')).to.equal('True Programmed');
  });

  it('where an OuterMap was deleted and recreated', () => {
    const fixture = readyFixture();
    fixture.world.removeOuter('tenants');
    expect(fixture.ready('web')).to.equal('False OuterMapNotFound');
    fixture.outer('tenants', {}, { uid: 'another', generation: 1 });
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.report('a').report('b').ready('web')).to.equal('True Programmed');
  });

  it('where an OuterMap’s access or selector was edited since', () => {
    const fixture = readyFixture().outer('tenants', { access: [{ namespaces: ['*'] }] });
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.outerReady()).to.equal('False Progressing');
    expect(fixture.report('a').report('b').ready('web')).to.equal('True Programmed');
  });

  it('what was in the kernel of a node that was rebooted', () => {
    const fixture = readyFixture().reboot('b');
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.report('b').ready('web')).to.equal('True Programmed');
  });

  it('what was in the kernel of a node that was recreated under its name', () => {
    const fixture = readyFixture();
    fixture.world.removeNode('b');
    expect(fixture.innerStatus('web').nodes.summary).to.equal('1/1');
    fixture.node('b', {}, { uid: 'another' });
    expect(fixture.ready('web')).to.equal('False Progressing');
  });

  it('where an agent has been dead for a minute on a node that is Ready', () => {
    const fixture = readyFixture().agent('b', { notReadySince: 0 }).pass(59_999);
    expect(fixture.ready('web')).to.equal('True Programmed');
    expect(fixture.pass(1).ready('web')).to.equal('Unknown NodesNotReporting');
    expect(fixture.innerStatus('web').conditions[2]!.message).to.equal(
      '1 of 2 nodes not reporting: b (agent not Ready)',
    );
    expect(fixture.outerReady()).to.equal('Unknown NodesNotReporting');
    expect(fixture.agent('b').ready('web')).to.equal('True Programmed');
  });

  it('where a node has not been Ready for a minute', () => {
    const fixture = readyFixture().node('b', {}, { notReadySince: 0 }).pass(60_000);
    expect(fixture.ready('web')).to.equal('Unknown NodesNotReporting');
  });

  it('where a node counts more failures than it lists', () => {
    const fixture = readyFixture().report('b', 'tenants', { failing: ['web'], failuresTotal: 2 });
    fixture
      .inner('other')
      .report('a')
      .report('b', 'tenants', { failing: ['web'], failuresTotal: 2 });
    expect(fixture.ready('other')).to.equal('Unknown NodesNotReporting');
    expect(fixture.innerStatus('other').nodes.summary).to.equal('1/2');
    expect(fixture.ready('web')).to.equal('False OutOfMemory');
    expect(fixture.outerReady()).to.equal('Unknown NodesNotReporting');
  });

  it('where the state of a node was deleted', () => {
    const fixture = readyFixture();
    fixture.world.removeState('nobody');
    fixture.world.removeState('b');
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.report('b').ready('web')).to.equal('True Programmed');
  });

  it('what a node lists as failed', () => {
    const fixture = readyFixture().report('b', 'tenants', { failing: ['web'] });
    expect(fixture.ready('web')).to.equal('False OutOfMemory');
    expect(fixture.innerStatus('web').failures).to.deep.equal([
      { node: 'b', reason: 'OutOfMemory', message: 'ENOMEM' },
    ]);
  });

  it('nor failed what a node has not tried since it was changed', () => {
    const fixture = readyFixture()
      .report('b', 'tenants', { failing: ['web'] })
      .inner('web');
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.innerStatus('web').nodes).to.deep.include({ failed: 0, ready: 0 });
  });

  it('by a written status of another generation, or from before a restoration', () => {
    const fixture = new StatusFixture().nodes('a').outer('tenants').listed().report('a');
    for (const written of [
      { observedGeneration: 1, specResourceVersion: '1' },
      { observedGeneration: 2, specResourceVersion: '999' },
      { observedGeneration: 2, specResourceVersion: 'x' },
    ]) {
      fixture.version++;
      fixture.inner('web', { generation: 2, written });
      expect(fixture.ready('web'), JSON.stringify(written)).to.equal('False Progressing');
      fixture.world.forgetInners();
    }
    fixture.inner('web', { generation: 2, written: { observedGeneration: 2, specResourceVersion: '101' } });
    expect(fixture.ready('web')).to.equal('True Programmed');
  });

  it('by a watermark from before a restoration of etcd', () => {
    const fixture = readyFixture().report('b', 'tenants', { watermark: 10_000 });
    expect(fixture.ready('web')).to.equal('False Progressing');
  });

  it('by states from before a restoration of etcd, until they are written again', () => {
    const fixture = readyFixture();
    fixture.world.distrust(fixture.version, fixture.now);
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.report('a').report('b').ready('web')).to.equal('True Programmed');
  });

  it('by states read before a restoration of etcd, whatever their version', () => {
    const fixture = readyFixture();
    fixture.world.distrust(1, fixture.now);
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.report('a').report('b').ready('web')).to.equal('True Programmed');
  });

  it('by a report from before our first list, until its agent had time to report again', () => {
    const fixture = readyFixture();
    fixture.world.distrust(fixture.version, fixture.now);
    fixture.report('a');
    expect(fixture.pass(74_000).ready('web')).to.not.match(/^True/);
    expect(fixture.pass(1_000).ready('web')).to.equal('True Programmed');
  });

  it('by versions that are not numbers', () => {
    const fixture = readyFixture().report('b', 'tenants', { watermark: Number.NaN });
    expect(fixture.ready('web')).to.equal('False Progressing');
    const facts = { ...fixture.innerFacts('odd'), resourceVersion: 'v7' };
    fixture.world.putInner(facts, fixture.now);
    fixture.report('a').report('b');
    expect(fixture.ready('odd')).to.equal('False Progressing');
  });

  it('where no node has an agent', () => {
    const fixture = new StatusFixture().node('a').node('b').outer('tenants').inner('web').listed();
    const status = fixture.innerStatus('web');
    expect(status.nodes).to.deep.include({ desired: 0, withoutAgent: 2, summary: '0/0' });
    expect(fixture.ready('web')).to.equal('False NoMatchingNodes');
    expect(status.conditions[2]!.message).to.equal(
      'No selected node has an agent; no agent has reported from 2 nodes: a, b',
    );
  });

  it('where no node is selected', () => {
    const fixture = readyFixture().inner('none', { selector: labelled('zone', 'nowhere') });
    expect(fixture.ready('none')).to.equal('False NoMatchingNodes');
  });

  it('on a node whose agent is missing longer than an update takes', () => {
    const fixture = readyFixture().agentGone('b').pass(59_999).inner('next').report('a');
    expect(fixture.innerStatus('web').nodes.summary).to.equal('2/2');
    fixture.pass(1);
    expect(fixture.innerStatus('web').nodes).to.deep.include({ desired: 1, withoutAgent: 1 });
  });

  it('an OuterMap after a deletion that not every node has passed', () => {
    const fixture = readyFixture().inner('other').report('a').report('b').delete('other');
    expect(fixture.outerReady()).to.equal('False Progressing');
    expect(fixture.outerStatus().deletionResourceVersion).to.equal(String(fixture.version));
    expect(fixture.report('a').outerReady()).to.equal('False Progressing');
    expect(fixture.report('b').outerReady()).to.equal('True Programmed');
  });

  it('an OuterMap after an InnerMap was deleted and recreated between two lists', () => {
    const fixture = readyFixture().inner('web', { uid: 'another', generation: 1 });
    expect(fixture.outerReady()).to.equal('False Progressing');
  });

  it('an OuterMap whose removal is held, whatever the watermark of that node', () => {
    const fixture = readyFixture().inner('gone', { key: 9 }).report('a').report('b').delete('gone');
    fixture.report('b', 'tenants', { watermark: 1, held: { keys: 12, token: 'abc' } });
    expect(fixture.outerReady()).to.equal('False RemovalHeld');
    expect(fixture.outerStatus().nodes).to.include({ desired: 2, ready: 0, failed: 1 });
    fixture.report('a');
    expect(fixture.outerStatus().nodes).to.include({ desired: 2, ready: 1, failed: 1 });
  });

  it('an OuterMap whose removal is held, and shows the token', () => {
    const fixture = readyFixture().report('b', 'tenants', { held: { keys: 12, token: 'abc' } });
    expect(fixture.outerReady()).to.equal('False RemovalHeld');
    expect(fixture.outerStatus().conditions[2]!.message).to.contain('12 keys').and.contain('abc');
    expect(fixture.ready('web')).to.equal('True Programmed');
  });

  it('an OuterMap that failed on a node', () => {
    const fixture = readyFixture().report('b', 'tenants', { own: { reason: 'PinInUse', message: 'Taken' } });
    expect(fixture.outerReady()).to.equal('False PinInUse');
  });

  it('what has been behind for 75 s, but calls it unknown then', () => {
    const fixture = readyFixture().inner('web').report('a').fold().pass(74_999);
    expect(fixture.ready('web')).to.equal('False Progressing');
    fixture.pass(1).fold();
    expect(fixture.changes.map(({ id }) => id)).to.include('team/web');
    expect(fixture.ready('web')).to.equal('Unknown NodesNotReporting');
    expect(fixture.report('b').ready('web')).to.equal('True Programmed');
  });

  it('a node without an entry, which is unknown after 75 s', () => {
    const fixture = readyFixture().nodes('c').fold().pass(74_999);
    expect(fixture.ready('web')).to.equal('False Progressing');
    expect(fixture.pass(1).ready('web')).to.equal('Unknown NodesNotReporting');
  });
});

describe('rollUpCluster after a start', () => {
  it('does not wait for a written version from before a restoration', () => {
    const fixture = new StatusFixture().nodes('a').outer('tenants').listed();
    fixture.inner('web', { written: { observedGeneration: 1, specResourceVersion: '9999' } }).report('a');
    expect(fixture.ready('web')).to.equal('True Programmed');
  });

  it('uses the written version: an old generation stays ready', () => {
    const fixture = new StatusFixture().nodes('a').outer('tenants').inner('web').listed().report('a');
    const status = fixture.innerStatus('web');
    const again = new StatusFixture().nodes('a').outer('tenants');
    again.version = fixture.version + 1000;
    const written = { observedGeneration: 1, specResourceVersion: status.specResourceVersion };
    again.inner('web', { generation: 1, written }).report('a', 'tenants', { watermark: 103 });
    expect(again.ready('web')).to.equal('True Programmed');
    expect(again.innerStatus('web').specResourceVersion).to.equal(status.specResourceVersion);
  });

  it('waits for no deletion if the InnerMaps are the same', () => {
    const before = new StatusFixture().nodes('a').outer('tenants').inner('web').listed();
    const { innerMapsDigest } = before.report('a').outerStatus();
    const fixture = new StatusFixture().nodes('a');
    fixture.outer('tenants', {}, { written: { version: 1, text: '', innerMapsDigest } });
    fixture.inner('web').report('a').inner('web', { generation: 1 }).listed();
    expect(fixture.outerReady()).to.equal('True Programmed');
    expect(fixture.outerStatus()).not.to.have.property('deletionResourceVersion');
  });

  it('continues to wait for the written deletion', () => {
    const before = new StatusFixture().nodes('a').outer('tenants').inner('web').listed();
    const { innerMapsDigest } = before.report('a').outerStatus();
    const fixture = new StatusFixture().nodes('a').inner('web', { generation: 1 });
    fixture.version = 200;
    const written = { version: 1, text: '', innerMapsDigest, deletionResourceVersion: '150' };
    fixture.outer('tenants', {}, { written }).listed().report('a', 'tenants', { watermark: 149 });
    expect(fixture.outerReady()).to.equal('False Progressing');
    expect(fixture.report('a', 'tenants', { watermark: 150 }).outerReady()).to.equal('True Programmed');
  });

  it('waits for the version of the list if an InnerMap is missing', () => {
    const before = new StatusFixture().nodes('a').outer('tenants').inner('web').inner('gone').listed();
    const { innerMapsDigest } = before.report('a').outerStatus();
    const fixture = new StatusFixture().nodes('a');
    fixture.outer('tenants', {}, { written: { version: 1, text: '', innerMapsDigest } });
    fixture.inner('web').report('a').inner('other').listed();
    expect(fixture.outerReady()).to.equal('False Progressing');
    expect(fixture.report('a').outerReady()).to.equal('True Programmed');
  });
});
