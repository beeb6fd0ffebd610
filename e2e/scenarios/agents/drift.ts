import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeScenario } from '../support/scenario.ts';

const DECLARED = { [u32(7)]: u32Pairs({ 1: 1 }) };
const PIN = 'pinned /sys/fs/bpf/drift';

describeScenario(import.meta.filename, 'what an intruder changes is put right', fixture => {
  const node = () => fixture.provider.workers[0]!;
  const intrude = (command: string) => fixture.witness.run(node(), ['bpftool', ...command.split(' ')]);
  const inner = async () => [...(await fixture.witness.ids(node(), 'drift'))!.values()][0]!;

  it('an inner map taken out of the outer map', async () => {
    await fixture.apply();
    await fixture.mustBeReady('im/e2e-drift.web');
    await intrude(`map delete ${PIN} key 7 0 0 0`);
    await fixture.mustHold(node(), 'drift', DECLARED);
  });

  it('an entry changed, and one added', async () => {
    await intrude(`map update id ${await inner()} key 1 0 0 0 value 9 0 0 0`);
    await intrude(`map update id ${await inner()} key 2 0 0 0 value 9 0 0 0`);
    await fixture.mustHold(node(), 'drift', DECLARED);
  });

  it('an inner map under a key that nobody declared', async () => {
    await intrude(`map update ${PIN} key 66 0 0 0 value id ${await inner()}`);
    await fixture.mustHold(node(), 'drift', DECLARED);
  });

  it('the node’s state counts it', async () => {
    await fixture.mustFind<State>(
      `nms/${node()}`,
      ({ status }) => Number(status?.drift?.found) >= 2 && status?.drift?.repaired === status?.drift?.found,
    );
  });
});

interface State {
  readonly status?: { readonly drift?: { readonly found: number; readonly repaired: number } };
}
