import { expect } from 'chai';
import { KernelError } from '../../error.ts';
import type { OpenMap } from '../../kernel.ts';
import { failureOf, HASH, u32 } from '../contract/fixture.ts';
import { built, OUTER, ROOT, rejection, request, tenants } from './given.ts';
import { FakeMachine } from './machine.ts';

describe('FakeMachine.openKernel', () => {
  let machine: FakeMachine;
  beforeEach(() => {
    machine = new FakeMachine();
  });

  it('without sysAdmin no map is opened by its id', async () => {
    await tenants(machine);
    const kernel = machine.openKernel({ capabilities: { sysAdmin: false } });
    expect(failureOf(() => kernel.openById(1))?.errno).to.equal('EPERM');
    const [byId, byPin] = await kernel.readInner([{ id: 2 }, { pin: `${ROOT}/a` }]);
    expect(byId).to.have.property('errno', 'EPERM');
    expect(byPin).to.have.property('id', 2);
    expect((await kernel.probe()).features['openById']).to.equal(false);
  });

  it('without perfmon no template is read', async () => {
    const kernel = machine.openKernel({ capabilities: { perfmon: false } });
    expect(kernel.template(kernel.createOuter(OUTER, HASH, 'tenants'))).to.equal(undefined);
    expect((await kernel.probe()).features['readTemplate']).to.equal(false);
  });

  it("without dacOverride another user's pin is EACCES, unless its mode lets everybody in", () => {
    const owner = machine.openKernel({ uid: 1000 });
    const outer = owner.createOuter(OUTER, HASH, 'tenants');
    owner.pins.pin(outer, `${ROOT}/closed`, 0o600);
    owner.pins.pin(outer, `${ROOT}/wide`, 0o666);
    const kernel = machine.openKernel({ capabilities: { dacOverride: false } });
    expect(failureOf(() => kernel.open(`${ROOT}/closed`))?.errno).to.equal('EACCES');
    expect(kernel.open(`${ROOT}/wide`).id).to.equal(outer.id);
    expect(machine.openKernel().open(`${ROOT}/closed`).id).to.equal(outer.id);
  });

  it('without bpf nothing is created, opened or pinned', async () => {
    const { pins } = await tenants(machine);
    expect(pins.exists(`${ROOT}/a`)).to.equal(true);
    const kernel = machine.openKernel({ capabilities: { bpf: false } });
    expect(failureOf(() => kernel.createOuter(OUTER, HASH, 'x'))?.errno).to.equal('EPERM');
    expect(failureOf(() => kernel.open(`${ROOT}/a`))?.errno).to.equal('EPERM');
    expect((await kernel.build([request('b')]))[0]).to.have.property('errno', 'EPERM');
  });

  it('more open maps than openMapsLimit and its reserve are EMFILE', async () => {
    const kernel = machine.openKernel({ openMapsLimit: 10 });
    const answers = await kernel.build(Array.from({ length: 80 }, (_, index) => request(`m${index}`)));
    const open = answers.filter((map): map is OpenMap => !(map instanceof KernelError));
    expect(open).to.have.length(74);
    expect(answers.at(-1)).to.have.property('errno', 'EMFILE');
    expect(machine.liveMaps()).to.have.length(74);
    open[0]!.close();
    expect(await built(kernel, 'again')).to.have.property('name', 'again');
  });

  it('root: one bpffs each, and nothing is renamed from one to the other', () => {
    const kernel = machine.openKernel({ root: '/bpffs' });
    const other = machine.openKernel();
    other.pins.makeDirectory(`${ROOT}/a`);
    expect(kernel.pins.exists('/bpffs/a')).to.equal(false);
    expect(failureOf(() => kernel.pins.rename(`${ROOT}/a`, '/bpffs/a'))?.errno).to.equal('EXDEV');
    expect(failureOf(() => kernel.pins.makeDirectory('/elsewhere/a'))?.errno).to.equal('EPERM');
  });

  it('a handle of which the fd was closed is of no use', async () => {
    const kernel = await tenants(machine);
    const map = kernel.open(`${ROOT}/outer`);
    map.close();
    expect(await rejection(kernel.readOuter(map))).to.have.property('errno', 'EBADF');
  });

  it('keys and entries of a wrong length are a mistake, not a kernel error', async () => {
    const kernel = await tenants(machine);
    const outer = kernel.open(`${ROOT}/outer`);
    expect(await rejection(kernel.replace(outer, new Uint8Array(5), [outer]))).to.be.instanceOf(RangeError);
    const entries = { count: 2, keys: u32(1), values: new Uint8Array(16) };
    expect(await rejection(kernel.build([request('b', { entries })]))).to.be.instanceOf(RangeError);
  });
});
