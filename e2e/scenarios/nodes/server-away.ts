import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { agentProcess, killAgent } from '../support/agents.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-server-away.web';
const PIN = 'server-away';
const AWAY_MS = 20_000;

describeScenario(import.meta.filename, 'while the API server is away, every map stays as it was', scene => {
  it('even where the agent is killed meanwhile; what is declared afterwards gets there', async () => {
    const [killed, other] = scene.provider.workers;
    await scene.apply();
    await scene.mustBeReady(WEB);
    const before = await scene.witness.ids(killed!, PIN);
    const pid = await agentProcess(scene.provider, other!);
    await scene.provider.stopServer();
    await killAgent(scene.provider, killed!);
    await sleep(AWAY_MS);
    for (const node of [killed!, other!]) expect(await pinsOf(node)).to.contain(PIN);
    expect(await agentProcess(scene.provider, other!)).to.equal(pid);
    await scene.provider.startServer();
    expect(await scene.witness.ids(killed!, PIN)).to.deep.equal(before);
    await scene.apply(scene.object('InnerMap/web', { entries: [{ key: 1, value: 2 }] }));
    await scene.mustBeReady(WEB, 120);
    await scene.holds(scene.provider.nodes, PIN, { [u32(7)]: u32Pairs({ 1: 2 }) });
  });

  const pinsOf = async (node: string): Promise<readonly string[]> =>
    (await scene.provider.run(node, ['ls', '/sys/fs/bpf'])).out.split('\n');
});
