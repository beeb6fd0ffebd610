import { expect } from 'chai';
import { KernelError } from '../error.ts';
import type { Settling } from '../kernel.ts';
import { failureOf, numbered, openMap, u32 } from '../testing/contract/fixture.ts';
import { ERRNO } from './errno.ts';
import type { RealKernel } from './kernel.ts';
import { observed, openLibrary } from './library.ts';
import { HASH, inChild, mapsNamed, named, onRealKernel, onScratch } from './scratch.test.ts';

onRealKernel('openKernel', () => {
  const scratch = onScratch();
  let kernel: RealKernel;
  beforeEach(() => {
    kernel = scratch().open();
  });

  it('observed: a mutation is announced before it happens', async () => {
    const calls: string[] = [];
    const library = observed(openLibrary(), (name, mutating) => {
      if (mutating) calls.push(`${name} ${kernel.pins.exists(scratch().path('web'))}`);
    });
    const [map] = await scratch()
      .open(library)
      .build([scratch().request('web', { freeze: true })]);
    openMap(map).close();
    expect(calls).to.deep.equal(['buildMaps false']);
    expect(kernel.pins.exists(scratch().path('web'))).to.equal(true);
  });

  it('observed: an exception thrown by the observer stops the call, and what was built before is taken back', async () => {
    let calls = 0;
    const library = observed(openLibrary(), name => {
      if (name === 'buildMaps' && calls++ === 1) throw new TypeError('stop');
    });
    const requests = Array.from({ length: 300 }, (_, at) => scratch().request(`web${at}`));
    const error = await scratch()
      .open(library)
      .build(requests)
      .catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(TypeError);
    const pinned = kernel.pins.list(scratch().root).filter(name => name.startsWith('web'));
    expect(pinned).to.have.length(0);
    expect(mapsNamed(named('test'))).to.equal(0);
  });

  it('observed: reading mutates nothing', async () => {
    const outer = kernel.createOuter({ ...HASH, type: 'HashOfMaps', valueSize: 4 }, HASH, named('outer'));
    const [inner] = (await kernel.build([scratch().request('web')])).map(openMap);
    await kernel.replace(outer, u32(1), [inner!]);
    kernel.pins.pin(outer, scratch().path('outer'), 0o600);
    const mutations: string[] = [];
    const reader = scratch().open(
      observed(openLibrary(), (name, mutating) => mutating && mutations.push(name)),
    );
    const opened = reader.open(scratch().path('outer'));
    await reader.readOuter(opened);
    const [reading] = await reader.readInner([{ pin: scratch().path('web') }]);
    await reader.identify([scratch().path('web')]);
    reader.template(opened);
    reader.pins.readRecord(scratch().path('none'));
    for (const map of [outer, inner!, opened]) map.close();
    expect(reading instanceof KernelError || reading?.entries.count).to.equal(100);
    expect(mutations).to.deep.equal([]);
    expect(reader.calls).to.include({ objectGet: 2, identify: 1 });
  });

  it('settle: where whoever makes the settlings breaks, the maps are closed all the same', async () => {
    const map = openMap((await kernel.build([scratch().request('web')]))[0]);
    function* broken(): Generator<Settling> {
      yield {};
      throw new TypeError('broken');
    }
    const error = await kernel
      .settle(scratch().root, broken(), [map])
      .catch((thrown: Error) => thrown.message);
    expect(error).to.equal('broken');
    expect(() => map.fd).to.throw();
  });

  it('edit: what C refuses as a whole is told of each entry', async () => {
    const library = openLibrary();
    const refuse = () => -ERRNO.EINVAL;
    const mapEdit = Object.assign(refuse, { later: async () => refuse() });
    const other = scratch().open({ ...library, mapEdit });
    const map = openMap((await other.build([scratch().request('web', { entries: numbered(0, 3) })]))[0]);
    const kept = { mask: new Uint8Array(8).fill(0xff, 0, 4), entries: new Uint8Array(3).fill(1) };
    const failed = await other.edit(map, { upserts: numbered(0, 3, 9), deletes: u32(), kept });
    map.close();
    expect([...failed].map(([at, { errno }]) => `${at} ${errno}`)).to.deep.equal([
      '0 EINVAL',
      '1 EINVAL',
      '2 EINVAL',
    ]);
  });

  it('build: where no file is left the table of files is no reason to throw', async () => {
    const code = `const { openSync } = await import('node:fs');
      const kernel = openKernel({ bpffs: '${scratch().root}' });
      const spec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0 };
      const entries = { count: 0, keys: new Uint8Array(0), values: new Uint8Array(0) };
      const requests = ['a', 'b'].map(name => (
        { spec, name, label: name, entries, freeze: false, pins: ['${scratch().root}/' + name] }));
      try { for (;;) openSync('/dev/null', 'r'); } catch {}
      console.log((await kernel.build(requests)).map(({ errno }) => errno).join());`;
    expect(inChild(code, ['prlimit', '--nofile=512'])).to.equal('EMFILE,EMFILE');
  });

  it('close: what comes after is EBADF', () => {
    const other = scratch().open();
    other.close();
    expect(failureOf(() => other.open(scratch().path('x')))?.errno).to.equal('EBADF');
  });

  it('entries that are not as many bytes as their count says are refused, not read beyond', async () => {
    const [built] = await kernel.build([
      scratch().request('web', { entries: { ...numbered(0, 3), count: 4 } }),
    ]);
    expect(built).to.be.instanceOf(KernelError).with.property('errno', 'EINVAL');
  });
});
