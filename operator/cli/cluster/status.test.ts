import { expect } from 'chai';
import type { Failure } from '../../api/status.ts';
import { growth, LINEAR } from '../../testing/cost.ts';
import { CommandFixture } from '../testing/commandfixture.ts';
import type { FactsRequest } from './ports.ts';
import { Facts, readyCondition, shown } from './testing/facts.ts';

const failure = (change: Partial<Failure> = {}): Failure => ({
  kind: 'InnerMap',
  namespace: 'team-a',
  name: 'web',
  outerMap: 'tenants',
  reason: 'OutOfMemory',
  message: 'no memory',
  ...change,
});

describe('status of a cluster', () => {
  const well = () => new Facts().outer('tenants').inner('team-a/web').well('n1').well('n2');

  it('that is well is a line an outer map: exit 0', async () => {
    expect(await shown(well())).to.deep.equal({
      code: 0,
      out:
        'Cluster https://cluster\n\n' +
        'OUTER MAP   TYPE         INNER   NODES   MAPS   READY   REASON\n' +
        'tenants     HashOfMaps   Hash    2/2     -      True    Programmed\n\n' +
        'Ready: 1 inner map as declared on 2 nodes\n',
      error: '',
    });
    const { out } = await shown(well(), '--all');
    expect(out).to.match(/^n1 +tenants +1 +2 +0 +0 +True +Programmed +4m/m);
  });

  it('lists outer maps that nobody declares and that stay, with their nodes: nothing is less ready', async () => {
    const facts = new Facts().outer('tenants').inner('team-a/web');
    for (const [node, innerMaps] of [
      ['n1', 2],
      ['n2', 3],
    ] as const)
      facts
        .node(node)
        .pod(node)
        .reported(node, {}, { retained: [{ name: 'flows', innerMaps }] });
    const { code, out } = await shown(facts.well('n3'));
    expect(code).to.equal(0);
    expect(out).to.contain('\nRetained: flows with 5 inner maps on n1, n2: nobody declares it; it goes');
  });

  it('an OuterMap that no longer selects the node, and one that never did', async () => {
    const nodeSelector = { matchLabels: { zone: 'a' }, matchExpressions: [] };
    const leaving = new Facts().outer('tenants', { nodeSelector }).well('n1');
    expect((await shown(leaving)).out).to.contain(
      'no longer selects the node: its agent has not let it go yet',
    );
    const never = well().outer('zoned', { nodeSelector });
    const { code, out } = await shown(never);
    expect([code, /^zoned .* 0\/0 /m.test(out)]).to.deep.equal([0, true]);
  });

  it('counts InnerMaps changed after the watermark, those that select the node alone', async () => {
    const late = { status: { observedGeneration: 1, specResourceVersion: '1000' } };
    const nodeSelector = { matchLabels: { zone: 'a' }, matchExpressions: [] };
    const facts = well()
      .inner('team-a/late', late)
      .inner('team-a/else', { ...late, nodeSelector });
    expect((await shown(facts)).out).to.match(/^n1 +tenants +1 +2 +0 +1 +Unknown +Progressing/m);
    const silent = well()
      .node('n3')
      .pod('n3')
      .reported('n3', { programmedResourceVersion: undefined } as never);
    expect((await shown(silent)).out, 'without a watermark nothing is proven').to.match(/^n3 .* - +Unknown/m);
  });

  it('groups what many nodes tell, and counts what their states do not list', async () => {
    const facts = well();
    for (let at = 10; at < 15; at++)
      facts
        .node(`n${at}`)
        .pod(`n${at}`)
        .reported(
          `n${at}`,
          { failuresTotal: 3 },
          { failures: [failure(), failure({ name: 'dns', message: `at ${at}` })] },
        );
    const { out } = await shown(facts);
    expect(out).to.match(/^InnerMap team-a\/web +5 nodes \(n10, n11, n12, …\) +OutOfMemory +no memory$/m);
    expect(out).to.match(/^InnerMap team-a\/dns +n14 +OutOfMemory +at 14$/m);
    expect(out).to.contain('and 5 failures that the node states do not list\n');
    expect((await shown(facts, '-n', 'team-b')).out).to.not.contain('team-a/web ');
  });

  it('an outer map’s own failure is its row’s reason', async () => {
    const own = failure({ kind: 'OuterMap', name: 'tenants', reason: 'PinInUse', message: 'foreign map' });
    const { namespace: _, ...outer } = own;
    const facts = well()
      .node('n3')
      .pod('n3')
      .reported('n3', { failuresTotal: 2 }, { failures: [failure(), outer] });
    const { out } = await shown(facts);
    expect(out).to.match(/^n3 .* False +PinInUse/m);
    expect(out).to.match(/^OuterMap tenants +n3 +PinInUse +foreign map$/m);
  });

  it('a node whose failure no object explains is not ready, whatever its numbers', async () => {
    const no = { ...readyCondition(), status: 'False' as const, reason: 'KernelError' as const };
    const broken = { ...no, message: 'Reconcile failed' };
    const node = (conditions: readonly (typeof broken)[], failures: readonly Failure[]) =>
      well().node('n3').pod('n3').reported('n3', {}, { conditions, failures });
    const row = /^n3 +tenants +- +- +- +- +False +KernelError +4m +Reconcile failed$/m;
    expect((await shown(node([broken], []))).out).to.match(row);
    expect((await shown(node([broken], [failure()]))).out).to.match(row);
    const explained = node([broken], [failure({ outerMap: 'flows', reason: 'KernelError' })]);
    expect((await shown(explained, '--all')).out).to.match(/^n3 +tenants +1 +2 +0 +0 +True/m);
  });

  it('tells each held removal once, with its nodes and the command', async () => {
    const held = { heldRemoval: { keys: 40, token: 'abc' } };
    const facts = well().node('n3').pod('n3').reported('n3', held).node('n4').pod('n4').reported('n4', held);
    const { code, out } = await shown(facts);
    expect(code).to.equal(1);
    expect(out.split('Held:')).to.have.length(2);
    expect(out).to.contain(
      'Held: the removal of 40 keys of tenants on n3, n4; if it is meant:\n  kubectl annotate om/tenants innermap.io/release-removal=abc --overwrite\n',
    );
  });

  it('nodes without a state wait, unless they have no agent; those that nothing selects do not count', async () => {
    expect((await shown(well().node('n3').pod('n3'))).code).to.equal(1);
    const without = await shown(well().node('n3'));
    expect([without.code, without.out.includes('Without a NodeMapState: n3: no agent Pod')]).to.deep.equal([
      0,
      true,
    ]);
    const stranger = well().node('n3').pod('n3', { notReadyFor: 600_000 }).node('n4').pod('n4');
    const { code, out: told } = await shown(stranger);
    expect(code).to.equal(1);
    expect(told).to.match(
      /^Without a NodeMapState: n3: its agent Pod system\/agent-n3 has never been Ready/m,
    );
    expect(told).to.match(/^Without a NodeMapState: n4: its agent has not reported yet$/m);
    expect((await shown(well().node('n3').pod('n3', { notReadyFor: 0 }))).code).to.equal(0);
    const anew = well().node('n3', { uid: 'new' }).pod('n3', { notReadyFor: 0 }).reported('n3');
    expect((await shown(anew)).code, 'a report of an earlier Node proves nothing').to.equal(0);
    const nodeSelector = { matchLabels: { zone: 'a' }, matchExpressions: [] };
    const { out } = await shown(new Facts().outer('tenants', { nodeSelector }).node('n3').pod('n3'));
    expect(out).to.not.contain('NodeMapState');
  });

  it('InnerMaps that are not Ready, whose status is old, or who have none', async () => {
    const no = {
      ...readyCondition(),
      status: 'False' as const,
      reason: 'KeyConflict' as const,
      message: 'taken',
    };
    const old = { conditions: [{ ...readyCondition(), observedGeneration: 1 }] };
    const facts = well()
      .inner('team-a/no', { status: { conditions: [no] } })
      .inner('team-a/old', { generation: 2, resourceVersion: '100', status: old })
      .inner('team-a/new', { resourceVersion: '100', status: {} });
    const { code, out } = await shown(facts);
    expect(code).to.equal(1);
    expect(out).to.match(/^team-a\/no +tenants +1 +- +KeyConflict +taken$/m);
    expect(out).to.match(/^team-a\/old .* Progressing +its status speaks of generation 1, it is at 2$/m);
    expect(out).to.match(/^team-a\/new .* Pending +no status yet/m);
    expect(out).to.contain('3 of 4 inner maps');
  });

  it('the controller’s False counts where every node is well', async () => {
    const conditions = [
      { ...readyCondition(), status: 'False' as const, reason: 'NoMatchingNodes' as const, message: 'none' },
    ];
    const { code, out } = await shown(new Facts().outer('tenants', { status: { conditions } }).well('n1'));
    expect([code, out.includes('tenants: none\n')]).to.deep.equal([1, true]);
  });

  it('a list that is forbidden is a note; where nothing may be read at all it is an error: exit 2', async () => {
    const no = { kind: 'forbidden', message: 'Cannot list: 403' } as const;
    const all = well().all();
    const partly = await shown({ ...all, states: no, nodes: no, pods: no });
    expect([partly.code, partly.error]).to.deep.equal([0, 'Note: Cannot list: 403\n'.repeat(3)]);
    const nothing = await shown({ ...all, outerMaps: no, innerMaps: no, states: no });
    expect([nothing.code, nothing.error]).to.deep.equal([2, 'Error: Cannot list: 403\n']);
    const blind = await shown({ ...all, nodes: no, pods: no });
    expect([blind.code, blind.out.includes(' 2/2 ')], 'states alone').to.deep.equal([0, true]);
  });

  it('asks for what was named alone', async () => {
    const requests: FactsRequest[] = [];
    const fixture = new CommandFixture();
    fixture.inspect = {
      facts: async given => {
        requests.push(given);
        return well().all();
      },
    };
    await fixture.run('status', 'tenants', '-n', 'team-a', '--kubeconfig', 'f', '--context', 'c');
    const { progress: _, ...rest } = requests[0]!;
    expect(rest).to.deep.equal({
      address: { kubeconfig: 'f', files: ['f'], context: 'c' },
      outerMap: 'tenants',
      namespace: 'team-a',
    });
  });

  it('5,000 nodes are a screenful, at a cost that grows as they do', async () => {
    const shows = (nodes: number) => {
      const facts = manyNodes(nodes);
      return async () => {
        const { code, out } = await shown(facts);
        expect([code, out.split('\n').length]).to.deep.equal([1, 12]);
        expect(out).to.contain(` ${nodes - 1}/${nodes} `);
        expect(out).to.match(/^n7 +flows /m);
      };
    };
    expect(await growth(1250, shows)).to.be.below(LINEAR);
  });
});

/** Two outer maps with as many inner maps each, and one node that is not Ready. */
function manyNodes(count: number): Facts {
  const facts = new Facts().outer('tenants').outer('flows');
  const outerMaps = ['tenants', 'flows'].map(name => ({
    ...{ name, uid: `uid-${name}`, generation: 1, programmedResourceVersion: '100' },
    ...{ innerMaps: count, entries: 9, bytes: 9, failuresTotal: 0 },
  }));
  for (let at = 0; at < count; at++) {
    const name = `n${at}`;
    facts
      .node(name, at === 7 ? { notReadyFor: 60_000 } : {})
      .pod(name)
      .reported(name, {}, { outerMaps });
    facts.inner(`team-a/t${at}`).inner(`team-a/f${at}`, { outerMap: 'flows' });
  }
  return facts;
}
