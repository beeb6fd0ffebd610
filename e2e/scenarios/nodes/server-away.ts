import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { agentProcess, killAgent } from '../support/agents.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-server-away.web';
const PIN = 'server-away';
const AWAY_MS = 20_000;

describeScenario(import.meta.filename, 'while the API server is away, every map stays as it was', fixture => {
  it('even where the agent is killed meanwhile; what is declared afterwards gets there', async () => {
    const [killed, other] = fixture.provider.workers;
    await fixture.apply();
    await fixture.mustBeReady(WEB);
    const before = await fixture.witness.ids(killed!, PIN);
    const pid = await agentProcess(fixture.provider, other!);
    await fixture.provider.stopServer();
    await killAgent(fixture.provider, killed!);
    await sleep(AWAY_MS);
    for (const node of [killed!, other!]) expect(await pinsOf(node)).to.contain(PIN);
    expect(await agentProcess(fixture.provider, other!)).to.equal(pid);
    await fixture.provider.startServer();
    expect(await fixture.witness.ids(killed!, PIN)).to.deep.equal(before);
    await fixture.apply(fixture.object('InnerMap/web', { entries: [{ key: 1, value: 2 }] }));
    await fixture.mustBeReady(WEB, 120);
    await fixture.holds(fixture.provider.nodes, PIN, { [u32(7)]: u32Pairs({ 1: 2 }) });
  });

  const pinsOf = async (node: string): Promise<readonly string[]> =>
    (await fixture.provider.run(node, ['ls', '/sys/fs/bpf'])).out.split('\n');
});
