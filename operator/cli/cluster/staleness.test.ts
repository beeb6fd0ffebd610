import { expect } from 'chai';
import { labelsHash } from '../../core/report/nodereport.ts';
import { Facts, readyCondition, shown } from './testing/facts.ts';

describe('status of a cluster judges reports as the controller does', () => {
  const well = () => new Facts().outer('tenants').inner('team-a/web').well('n1').well('n2');

  const cases: readonly (readonly [string, Facts, RegExp])[] = [
    [
      'a node that was started anew',
      well().node('n3', { bootID: 'new' }).pod('n3').reported('n3'),
      /started anew/,
    ],
    ['a node that was made anew', well().node('n3', { uid: 'new' }).pod('n3').reported('n3'), /made anew/],
    [
      'a node whose labels changed',
      well()
        .node('n3', { labels: { zone: 'a' } })
        .pod('n3')
        .reported('n3'),
      /labels changed/,
    ],
    ['a node that is gone', well().pod('n3').reported('n3'), /node is gone/],
    [
      'a state that does not say which Node it is of',
      well()
        .node('n3')
        .pod('n3')
        .reported('n3', {}, { node: { name: 'n3', bootID: 'boot-n3', labelsHash: labelsHash({}) } }),
      /made anew/,
    ],
    [
      'a watermark above the version of its own state',
      well().node('n3').pod('n3').reported('n3', { programmedResourceVersion: '301' }),
      /from before the API server was restored/,
    ],
    [
      'a watermark that cannot be read',
      well().node('n3').pod('n3').reported('n3', { programmedResourceVersion: 'x' }),
      /does not say up to which version/,
    ],
    [
      'a node that has not been Ready for a minute',
      well().node('n3', { notReadyFor: 60_000 }).pod('n3').reported('n3'),
      /node is not Ready/,
    ],
    [
      'an agent that has not been Ready for a minute',
      well().node('n3').pod('n3', { notReadyFor: 60_000 }).reported('n3'),
      /Pod system\/agent-n3 is not Ready/,
    ],
    [
      'a state that nobody keeps',
      well().node('n3').reported('n3'),
      /no agent Pod is on the node.*a minute after it went, Ready no longer waits/,
    ],
    [
      'an earlier OuterMap of the name',
      well().node('n3').pod('n3').reported('n3', { uid: 'old' }),
      /told of an earlier OuterMap/,
    ],
    [
      'an earlier generation',
      new Facts().outer('tenants', { generation: 2 }).well('n3'),
      /told of generation 1 of the OuterMap, it is at 2/,
    ],
    [
      'an entry that names no OuterMap',
      well()
        .node('n3')
        .pod('n3')
        .reported('n3', { uid: undefined } as never),
      /told of an earlier OuterMap/,
    ],
    [
      'an OuterMap not taken up',
      well().node('n3').pod('n3').reported('n3', {}, { outerMaps: [] }),
      /has not taken it up yet/,
    ],
  ];
  for (const [what, facts, why] of cases) {
    it(`${what} is Unknown, and none of its numbers is shown: exit 1`, async () => {
      const { code, out } = await shown(facts);
      expect(code).to.equal(1);
      expect(out).to.match(/^n3 +tenants +- +- +- +- +Unknown +/m);
      expect(out).to.match(why);
    });
  }

  it('a node or an agent that has not been Ready for less than a minute still counts', async () => {
    const restarting = well()
      .node('n3', { notReadyFor: 59_999 })
      .pod('n3', { notReadyFor: 59_999 })
      .reported('n3');
    expect((await shown(restarting)).code).to.equal(0);
    const updating = well().node('n3').pod('n3').pod('n3', { notReadyFor: 60_000 }).reported('n3');
    expect((await shown(updating)).code, 'of two Pods the better one counts').to.equal(0);
  });

  it('a specResourceVersion above the InnerMap’s own version counts for nothing', async () => {
    const undone = {
      status: { observedGeneration: 1, specResourceVersion: '1000', conditions: [readyCondition()] },
    };
    expect((await shown(well().inner('team-a/dns', { ...undone, resourceVersion: '90' }))).code).to.equal(0);
  });
});
