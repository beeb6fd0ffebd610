import { join } from 'node:path';
import { expect } from 'chai';
import { INNERMAP, Running } from '../../agent/support/process.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { programs } from '../plane/programs.ts';
import { useCalls } from './fixture.ts';
import { innerMap } from './objects.ts';

describeCluster('status on a real API server', fixture => {
  const calls = useCalls(fixture);

  it('summarises what is well, lists what is not: exit 1', async () => {
    const { code, out, error } = await calls().innermap('status');
    expect([code, error]).to.deep.equal([1, '']);
    expect(out).to.match(/^Cluster https:\/\/127\.0\.0\.1:\d+\n\nOUTER MAP +TYPE +INNER +NODES +MAPS +READY/);
    expect(out).to.match(/^tenants +HashOfMaps +Hash +1\/4 +2 +False +RemovalHeld$/m);
    expect(out, 'a node that is well is counted alone').to.not.match(/^n1 /m);
    expect(out).to.match(/^n2 +tenants +1 +12 +1 +0 +False +RemovalHeld/m);
    expect(out, 'nothing old is shown').to.match(
      /^n3 +tenants +- +- +- +- +Unknown +NodesNotReporting .*the node was started anew since/m,
    );
    expect(out).to.match(/^n4 +tenants .*Unknown +NodesNotReporting .*labels changed since/m);
    expect(out).to.match(/InnerMap team-a\/web +n2 +OutOfMemory +no memory left/);
    expect(out).to.match(/^team-a\/dns +tenants +10\.1\.0\.8 +- +Pending +no status yet/m);
    expect(out).to.contain('Without a NodeMapState: n5: its agent has not reported yet\n');
    expect(out).to.contain('Without a NodeMapState: n6: no agent Pod is there');
  });

  it('tells a held removal with the command that releases it, which kubectl takes', async () => {
    const { out } = await calls().innermap('status');
    const command = /kubectl (annotate om\/tenants \S+ --overwrite)/.exec(out);
    expect(out).to.contain('Held: the removal of 40 keys of tenants on n2; if it is meant:');
    await fixture.kubectl.must(command![1]!.split(' '));
    expect(
      await calls().field('om', 'tenants', '.metadata.annotations.innermap\\.io/release-removal'),
    ).to.equal('abc123');
  });

  it('-o json has every node, with what is unknown as such', async () => {
    const { out } = await calls().innermap('status', '-o', 'json');
    const { ready, nodes, silent, held } = JSON.parse(out);
    const standing = nodes.map((row: { node: string; ready: string }) => [row.node, row.ready]);
    expect(standing).to.deep.equal([
      ['n2', 'False'],
      ['n3', 'Unknown'],
      ['n4', 'Unknown'],
      ['n1', 'True'],
    ]);
    expect([ready, silent.length, held[0].token]).to.deep.equal([false, 2, 'abc123']);
  });

  it('as kubectl innermap takes KUBECONFIG, several files as kubectl does', async () => {
    const files = `${join(calls().directory, 'none')}:${fixture.controlPlane.kubeconfig}`;
    const { code, out } = await calls().asPlugin(files, 'status', 'tenants', '-n', 'team-b', '--all');
    expect(code).to.equal(1);
    expect(out).to.match(/^n1 +tenants +2 +24 +0 +0 +True +Programmed/m);
    expect(out, 'of another namespace').to.not.contain('team-a/dns');
  });

  it('kubectl finds it as its plugin', async () => {
    const { kubectl } = await programs();
    const path = `PATH=${calls().directory}:${process.env['PATH']}`;
    const words = [
      'env',
      `KUBECONFIG=${fixture.controlPlane.kubeconfig}`,
      path,
      kubectl,
      'innermap',
      'status',
      'tenant',
    ];
    const { code, error } = await new Running(words).ended();
    expect(code).to.equal(2);
    expect(error).to.contain('`kubectl innermap status` lists them');
  });

  it('an InnerMap changed after a node’s watermark is behind, not ready', async () => {
    await fixture.put(innerMap('team-b/late', '10.1.0.9', [[1, 1]]));
    const { out } = await calls().innermap('status', 'tenants');
    expect(out).to.match(/^n1 +tenants +2 +24 +0 +1 +Unknown +Progressing/m);
    await fixture.kubectl.must(['delete', 'im', 'late', '-n', 'team-b']);
  });

  it('a name that is not there, and a context that is not there, say so: exit 2', async () => {
    const unknown = await calls().innermap('status', 'tenant');
    expect([unknown.code, unknown.error]).to.deep.equal([
      2,
      `Error: Cannot find OuterMap tenant in ${fixture.controlPlane.url}: \`innermap status\` lists them\n`,
    ]);
    const context = await calls().innermap('status', '--context', 'prod');
    expect([context.code, context.error]).to.deep.equal([
      2,
      `Error: Cannot use context prod of ${fixture.controlPlane.kubeconfig}: it has test\n`,
    ]);
  });

  it('what may not be read is told in one line, the rest is shown', async () => {
    const limited = await calls().limitedUser();
    const { code, out, error } = await calls().ended([INNERMAP, 'status', '--kubeconfig', limited]);
    expect(code).to.equal(1);
    expect(out).to.match(/^tenants +HashOfMaps +Hash +3\/4 /m);
    const lines = error.trimEnd().split('\n');
    expect(lines).to.have.length(3);
    for (const kind of ['nodemapstates', 'nodes', 'pods'])
      expect(lines.some(line => line.startsWith(`Note: Cannot list ${kind}: 403 Forbidden`))).to.equal(true);
  });
});
