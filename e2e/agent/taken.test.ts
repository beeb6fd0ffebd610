import { join } from 'node:path';
import { expect } from 'chai';
import { bpftool, NATIVE } from '../../native/stage.ts';
import { useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { idsIn, treeBelow } from './support/witness.ts';

const DRIVER = join(NATIVE, 'build', 'driver');
const SHAPE = ['--type', 'hash', '--max', '64', '--inner', 'hash', '--inner-max', '16', '--inners', '2'];
const RIGHTS = { root: [], 'CAP_BPF alone': [DRIVER, 'drop-caps', 'bpf', '--'] };

for (const [name, before] of Object.entries(RIGHTS))
  describe(`agent as ${name}, taking over an inner map of a stranger`, () => {
    const fixture = useLoadedAgent();

    it('keeps it as it is and through changes in place, ends with its InnerMap, and is given back by clean', async () => {
      fixture().make('tenants', ...SHAPE);
      const pin = fixture().pin('tenants');
      const ids = idsIn(pin);
      bpftool('update', ids.get(u32(1))!, u32(5), u32(6));
      const adopted = outerMap('tenants', { provision: 'Adopt' });
      const own = (value: number) =>
        innerMap('a/own', { outerMap: 'tenants', key: 1 }, { 5: value }, { update: 'InPlace' });
      const other = innerMap('a/other', { outerMap: 'tenants', key: 0 }, {});
      fixture().write('maps.yaml', adopted, own(6), other);
      const agent = await fixture().started({ before });
      await fixture().holds('tenants', { [u32(0)]: {}, [u32(1)]: u32Pairs({ 5: 6 }) });
      fixture().write('maps.yaml', adopted, own(7), other);
      await fixture().holds('tenants', { [u32(0)]: {}, [u32(1)]: u32Pairs({ 5: 7 }) });
      expect(idsIn(pin), 'the stranger’s').to.deep.equal(ids);
      await agent.end();
      await fixture().started({ before });
      expect(fixture().reportNow().turn).to.include({ steps: 0 });
      fixture().write('maps.yaml', adopted, other);
      await fixture().holds('tenants', { [u32(0)]: {} });
      await fixture().endAll();
      const { code, out } = fixture().innermap('clean', '--yes', '--bpffs', fixture().bpffs);
      expect(code).to.equal(0);
      expect(out).to.contain('stays: 1 key that it took over');
      expect(idsIn(pin).get(u32(0))).to.equal(ids.get(u32(0)));
      expect(treeBelow(fixture().bpffs)).to.deep.equal(['tenants']);
    });
  });
