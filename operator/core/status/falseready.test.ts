import { expect } from 'chai';
import { labelled, StatusFixture } from './testing/fixture.ts';

/** Each way in which a status could say Ready of something that is not so. */
describe('World never calls ready', () => {
  function readyScene(): StatusFixture {
    const scene = new StatusFixture().nodes('a', 'b').outer('tenants').inner('web').listed();
    scene.report('a').report('b');
    expect(scene.ready('web')).to.equal('True Programmed');
    expect(scene.outerReady()).to.equal('True Programmed');
    return scene;
  }

  it('what a node’s watermark has not reached', () => {
    const scene = readyScene().inner('web').report('a');
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.innerStatus('web').nodes.summary).to.equal('1/2');
    expect(scene.report('b').ready('web')).to.equal('True Programmed');
  });

  it('where a label newly selects a node, however high its watermark is', () => {
    const scene = new StatusFixture().node('a', { zone: 'x' }).agent('a').node('b', { zone: 'y' }).agent('b');
    scene
      .outer('tenants')
      .inner('web', { selector: labelled('zone', 'x') })
      .listed();
    scene.report('a').report('b');
    expect(scene.write('web').ready('web')).to.equal('True Programmed');
    scene.node('b', { zone: 'x' }).fold();
    expect(scene.told).to.deep.include({ kind: 'InnerMap', id: 'team/web', urgent: true, fresh: true });
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.report('b').ready('web')).to.equal('True Programmed');
  });

  it('where an OuterMap was deleted and made again', () => {
    const scene = readyScene();
    scene.world.removeOuter('tenants');
    expect(scene.ready('web')).to.equal('False OuterMapNotFound');
    scene.outer('tenants', {}, { uid: 'another', generation: 1 });
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.report('a').report('b').ready('web')).to.equal('True Programmed');
  });

  it('where an OuterMap’s access or selector was edited since', () => {
    const scene = readyScene().outer('tenants', { access: [{ namespaces: ['*'] }] });
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.outerReady()).to.equal('False Progressing');
    expect(scene.report('a').report('b').ready('web')).to.equal('True Programmed');
  });

  it('what was in the kernel of a node that was rebooted', () => {
    const scene = readyScene().reboot('b');
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.report('b').ready('web')).to.equal('True Programmed');
  });

  it('what was in the kernel of a node that was made again under its name', () => {
    const scene = readyScene();
    scene.world.removeNode('b');
    expect(scene.innerStatus('web').nodes.summary).to.equal('1/1');
    scene.node('b', {}, { uid: 'another' });
    expect(scene.ready('web')).to.equal('False Progressing');
  });

  it('where an agent has been dead for a minute on a node that is Ready', () => {
    const scene = readyScene().agent('b', { notReadySince: 0 }).pass(59_999);
    expect(scene.ready('web')).to.equal('True Programmed');
    expect(scene.pass(1).ready('web')).to.equal('Unknown NodesNotReporting');
    expect(scene.innerStatus('web').conditions[2]!.message).to.equal('1 of 2 nodes not reporting: b');
    expect(scene.outerReady()).to.equal('Unknown NodesNotReporting');
    expect(scene.agent('b').ready('web')).to.equal('True Programmed');
  });

  it('where a node has not been Ready for a minute', () => {
    const scene = readyScene().node('b', {}, { notReadySince: 0 }).pass(60_000);
    expect(scene.ready('web')).to.equal('Unknown NodesNotReporting');
  });

  it('where a node counts more failures than it lists', () => {
    const scene = readyScene().report('b', 'tenants', { failing: ['web'], failuresTotal: 2 });
    scene
      .inner('other')
      .report('a')
      .report('b', 'tenants', { failing: ['web'], failuresTotal: 2 });
    expect(scene.ready('other')).to.equal('Unknown NodesNotReporting');
    expect(scene.ready('web')).to.equal('False OutOfMemory');
    expect(scene.outerReady()).to.equal('Unknown NodesNotReporting');
  });

  it('where the state of a node is gone', () => {
    const scene = readyScene();
    scene.world.removeState('nobody');
    scene.world.removeState('b');
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.report('b').ready('web')).to.equal('True Programmed');
  });

  it('what a node lists as failed', () => {
    const scene = readyScene().report('b', 'tenants', { failing: ['web'] });
    expect(scene.ready('web')).to.equal('False OutOfMemory');
    expect(scene.innerStatus('web').failures).to.deep.equal([
      { node: 'b', reason: 'OutOfMemory', message: 'ENOMEM' },
    ]);
  });

  it('nor failed what a node has not tried since it was changed', () => {
    const scene = readyScene()
      .report('b', 'tenants', { failing: ['web'] })
      .inner('web');
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.innerStatus('web').nodes).to.deep.include({ failed: 0, ready: 0 });
  });

  it('what was written down of another generation, or of a future', () => {
    const scene = new StatusFixture().nodes('a').outer('tenants').listed().report('a');
    for (const written of [
      { observedGeneration: 1, specResourceVersion: '1' },
      { observedGeneration: 2, specResourceVersion: '999' },
      { observedGeneration: 2, specResourceVersion: 'x' },
    ]) {
      scene.version++;
      scene.inner('web', { generation: 2, written });
      expect(scene.ready('web'), JSON.stringify(written)).to.equal('False Progressing');
      scene.world.forgetInners();
    }
    scene.inner('web', { generation: 2, written: { observedGeneration: 2, specResourceVersion: '101' } });
    expect(scene.ready('web')).to.equal('True Programmed');
  });

  it('a watermark of a future that a restored etcd undid', () => {
    const scene = readyScene().report('b', 'tenants', { watermark: 10_000 });
    expect(scene.ready('web')).to.equal('False Progressing');
  });

  it('states of before a restored etcd, until they are written again', () => {
    const scene = readyScene();
    scene.world.distrust(scene.version, scene.now);
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.report('a').report('b').ready('web')).to.equal('True Programmed');
  });

  it('states of a future that a restored etcd undid, whatever their version', () => {
    const scene = readyScene();
    scene.world.distrust(1, scene.now);
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.report('a').report('b').ready('web')).to.equal('True Programmed');
  });

  it('an agent that told before our first list is believed when it had the time to tell again', () => {
    const scene = readyScene();
    scene.world.distrust(scene.version, scene.now);
    scene.report('a');
    expect(scene.pass(74_000).ready('web')).to.not.match(/^True/);
    expect(scene.pass(1_000).ready('web')).to.equal('True Programmed');
  });

  it('by versions that are no numbers', () => {
    const scene = readyScene().report('b', 'tenants', { watermark: Number.NaN });
    expect(scene.ready('web')).to.equal('False Progressing');
    const facts = { ...scene.innerFacts('odd'), resourceVersion: 'v7' };
    scene.world.putInner(facts, scene.now);
    scene.report('a').report('b');
    expect(scene.ready('odd')).to.equal('False Progressing');
  });

  it('where no node has an agent', () => {
    const scene = new StatusFixture().node('a').node('b').outer('tenants').inner('web').listed();
    const status = scene.innerStatus('web');
    expect(status.nodes).to.deep.include({ desired: 0, withoutAgent: 2, summary: '0/0' });
    expect(scene.ready('web')).to.equal('False NoMatchingNodes');
    expect(status.conditions[2]!.message).to.equal('No selected node has an agent: 2 nodes without');
  });

  it('where no node is selected', () => {
    const scene = readyScene().inner('none', { selector: labelled('zone', 'nowhere') });
    expect(scene.ready('none')).to.equal('False NoMatchingNodes');
  });

  it('on a node whose agent is gone longer than an update takes', () => {
    const scene = readyScene().agentGone('b').pass(59_999).inner('next').report('a');
    expect(scene.innerStatus('web').nodes.summary).to.equal('2/2');
    scene.pass(1);
    expect(scene.innerStatus('web').nodes).to.deep.include({ desired: 1, withoutAgent: 1 });
  });

  it('an OuterMap after a deletion that not every node has passed', () => {
    const scene = readyScene().inner('other').report('a').report('b').delete('other');
    expect(scene.outerReady()).to.equal('False Progressing');
    expect(scene.outerStatus().deletionResourceVersion).to.equal(String(scene.version));
    expect(scene.report('a').outerReady()).to.equal('False Progressing');
    expect(scene.report('b').outerReady()).to.equal('True Programmed');
  });

  it('an OuterMap after an InnerMap was deleted and made again between two lists', () => {
    const scene = readyScene().inner('web', { uid: 'another', generation: 1 });
    expect(scene.outerReady()).to.equal('False Progressing');
  });

  it('an OuterMap whose removal is held is told so, however far that node has come', () => {
    const scene = readyScene().inner('gone', { key: 9 }).report('a').report('b').delete('gone');
    scene.report('b', 'tenants', { watermark: 1, held: { keys: 12, token: 'abc' } });
    expect(scene.outerReady()).to.equal('False RemovalHeld');
    expect(scene.outerStatus().nodes).to.include({ desired: 2, ready: 0, failed: 1 });
    scene.report('a');
    expect(scene.outerStatus().nodes).to.include({ desired: 2, ready: 1, failed: 1 });
  });

  it('an OuterMap whose removal is held, and shows the token', () => {
    const scene = readyScene().report('b', 'tenants', { held: { keys: 12, token: 'abc' } });
    expect(scene.outerReady()).to.equal('False RemovalHeld');
    expect(scene.outerStatus().conditions[2]!.message).to.contain('12 keys').and.contain('abc');
    expect(scene.ready('web')).to.equal('True Programmed');
  });

  it('an OuterMap that failed on a node', () => {
    const scene = readyScene().report('b', 'tenants', { own: { reason: 'PinInUse', message: 'Taken' } });
    expect(scene.outerReady()).to.equal('False PinInUse');
  });

  it('what has been behind for 75 s, but calls it unknown then', () => {
    const scene = readyScene().inner('web').report('a').fold().pass(74_999);
    expect(scene.ready('web')).to.equal('False Progressing');
    scene.pass(1).fold();
    expect(scene.told.map(({ id }) => id)).to.include('team/web');
    expect(scene.ready('web')).to.equal('Unknown NodesNotReporting');
    expect(scene.report('b').ready('web')).to.equal('True Programmed');
  });

  it('a node without an entry, which is unknown after 75 s', () => {
    const scene = readyScene().nodes('c').fold().pass(74_999);
    expect(scene.ready('web')).to.equal('False Progressing');
    expect(scene.pass(1).ready('web')).to.equal('Unknown NodesNotReporting');
  });
});

describe('World after a start', () => {
  it('does not wait for a version of a future that was written down', () => {
    const scene = new StatusFixture().nodes('a').outer('tenants').listed();
    scene.inner('web', { written: { observedGeneration: 1, specResourceVersion: '9999' } }).report('a');
    expect(scene.ready('web')).to.equal('True Programmed');
  });

  it('goes by what was written down: an old generation is as ready as it was', () => {
    const scene = new StatusFixture().nodes('a').outer('tenants').inner('web').listed().report('a');
    const status = scene.innerStatus('web');
    const again = new StatusFixture().nodes('a').outer('tenants');
    again.version = scene.version + 1000;
    const written = { observedGeneration: 1, specResourceVersion: status.specResourceVersion };
    again.inner('web', { generation: 1, written }).report('a', 'tenants', { watermark: 103 });
    expect(again.ready('web')).to.equal('True Programmed');
    expect(again.innerStatus('web').specResourceVersion).to.equal(status.specResourceVersion);
  });

  it('waits for no deletion where the same InnerMaps are there', () => {
    const before = new StatusFixture().nodes('a').outer('tenants').inner('web').listed();
    const { innerMapsDigest } = before.report('a').outerStatus();
    const scene = new StatusFixture().nodes('a');
    scene.outer('tenants', {}, { written: { version: 1, text: '', innerMapsDigest } });
    scene.inner('web').report('a').inner('web', { generation: 1 }).listed();
    expect(scene.outerReady()).to.equal('True Programmed');
    expect(scene.outerStatus()).not.to.have.property('deletionResourceVersion');
  });

  it('goes on waiting for a deletion that was written down', () => {
    const before = new StatusFixture().nodes('a').outer('tenants').inner('web').listed();
    const { innerMapsDigest } = before.report('a').outerStatus();
    const scene = new StatusFixture().nodes('a').inner('web', { generation: 1 });
    scene.version = 200;
    const written = { version: 1, text: '', innerMapsDigest, deletionResourceVersion: '150' };
    scene.outer('tenants', {}, { written }).listed().report('a', 'tenants', { watermark: 149 });
    expect(scene.outerReady()).to.equal('False Progressing');
    expect(scene.report('a', 'tenants', { watermark: 150 }).outerReady()).to.equal('True Programmed');
  });

  it('waits up to the list where an InnerMap is missing', () => {
    const before = new StatusFixture().nodes('a').outer('tenants').inner('web').inner('gone').listed();
    const { innerMapsDigest } = before.report('a').outerStatus();
    const scene = new StatusFixture().nodes('a');
    scene.outer('tenants', {}, { written: { version: 1, text: '', innerMapsDigest } });
    scene.inner('web').report('a').inner('other').listed();
    expect(scene.outerReady()).to.equal('False Progressing');
    expect(scene.report('a').outerReady()).to.equal('True Programmed');
  });
});
