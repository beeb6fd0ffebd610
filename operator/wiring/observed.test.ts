import { expect } from 'chai';
import { AgentFixture, startedAgent } from '../agent/testing/fixture.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { observed } from './observed.ts';

describe('observed', () => {
  it('tells held removals and failures of outer maps that nobody declares, too', async () => {
    let many = new AgentFixture().outer('tenants', { deletionPolicy: 'Delete' });
    for (let key = 0; key < 20; key++) many = many.inner(`a/m${key}`, 'tenants', key, {});
    const acting = await startedAgent(new FakeMachine().openKernel(), many);
    const { agent } = acting;
    const adapters = { source: agent.source, publisher: agent.publisher, close: async () => {} };
    const listener = await observed({ listen: '127.0.0.1:0', version: '1', agent, adapters });
    const lines = async () =>
      (await (await fetch(`http://${listener.address}/metrics`)).text())
        .split('\n')
        .filter(line => /^innermap_(held_removals|failures|programmed_inner_maps)\{/.test(line));
    try {
      listener.turned(await acting.turn());
      expect(await lines()).to.deep.equal([
        'innermap_programmed_inner_maps{outer_map="tenants"} 20',
        'innermap_held_removals{outer_map="tenants"} 0',
      ]);
      listener.turned(await acting.turn(new AgentFixture().inner('a/lost', 'tenents', 1, {})));
      expect(await lines()).to.include.members([
        'innermap_failures{outer_map="tenents",reason="OuterMapNotFound"} 1',
        'innermap_held_removals{outer_map="tenants"} 20',
      ]);
    } finally {
      await listener.close();
    }
  });
});
