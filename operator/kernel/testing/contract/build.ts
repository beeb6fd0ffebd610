import { expect } from 'chai';
import { EMPTY_TYPES } from '../../../api/outermap.ts';
import { NO_ENTRIES } from '../../../core/entries.ts';
import { smallestSpec } from '../../../core/layout/rules.ts';
import { addedFlags } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import type { BuildRequest } from '../../kernel.ts';
import type { KernelFixture } from './fixture.ts';
import { contents, errnos, failureOf, HASH, hexAt, numbered, openMap, u32 } from './fixture.ts';

/** The contract of build, open, openById and frozen. */
export function buildContract(fixture: () => KernelFixture): void {
  describe('build', () => makeContract(fixture));
  describe('build that fails', () => failureContract(fixture));
  describe('several pins', () => pinsOfOneContract(fixture));
  describe('freeze', () => freezeContract(fixture));
  describe('open', () => openContract(fixture));
}

function makeContract(fixture: () => KernelFixture): void {
  it('answers open maps in the order of the requests, each filled and pinned; undefined is a pause', async () => {
    const requests = [0, 1, 2].map(index =>
      fixture().request(`inner${index}`, {
        entries: numbered(index * 10, 2),
        spec: { ...HASH, maxEntries: 4 + index },
      }),
    );
    const built = (await fixture().kernel.build([undefined, ...requests, undefined])).map(openMap);
    for (const map of built) fixture().keep(map);
    expect(built.map(map => map.name)).to.deep.equal(['inner0', 'inner1', 'inner2']);
    expect(built.map(map => map.spec.maxEntries)).to.deep.equal([4, 5, 6]);
    for (const [index, map] of built.entries()) {
      const again = fixture().keep(fixture().kernel.open(fixture().path(`inner${index}`)));
      expect(again.id).to.equal(map.id);
      const read = await fixture().innerContents(fixture().path(`inner${index}`));
      expect(read).to.deep.equal(contents(numbered(index * 10, 2), 4));
    }
  });

  it('leaves nothing where whoever makes the requests breaks', async () => {
    const { kernel } = fixture();
    function* requests(): Generator<BuildRequest> {
      for (let at = 0; at < 400; at += 1) yield fixture().request(`broken${at}`);
      throw new TypeError('broken');
    }
    expect(await kernel.build(requests()).catch((thrown: Error) => thrown.message)).to.equal('broken');
    for (const at of [0, 399]) expect(kernel.pins.exists(fixture().path(`broken${at}`))).to.equal(false);
  });

  it('of nothing answers nothing', async () => {
    expect(await fixture().kernel.build([])).to.deep.equal([]);
  });

  it('without entries makes an empty map', async () => {
    await fixture().inner('empty');
    expect(await fixture().innerContents(fixture().path('empty'))).to.deep.equal({});
  });

  it('fills a map to its last entry', async () => {
    await fixture().inner('full', { entries: numbered(0, 16) });
    expect(Object.keys(await fixture().innerContents(fixture().path('full')))).to.have.length(16);
  });

  it('fills 20,000 entries into one map', async () => {
    const entries = numbered(0, 20_000);
    await fixture().inner('large', { spec: { ...HASH, maxEntries: 20_000 }, entries });
    expect(await fixture().innerContents(fixture().path('large'))).to.deep.equal(contents(entries, 4));
  });

  it('two maps of one name are two maps', async () => {
    const first = await fixture().inner('web');
    const second = await fixture().inner('web', { pins: [fixture().path('other')] });
    expect(second.id).to.be.greaterThan(first.id);
  });

  it('an id is not used again', async () => {
    const first = await fixture().inner('first');
    first.close();
    fixture().kernel.pins.unlink(fixture().path('first'));
    expect((await fixture().inner('second')).id).to.be.greaterThan(first.id);
  });

  for (const spec of EMPTY_TYPES.map(smallestSpec)) {
    it(`makes a ${spec.type}, which programs fill, where probe says that it can`, async () => {
      const { features } = await fixture().kernel.probe();
      const [map] = await fixture().kernel.build([fixture().request('empty', { spec })]);
      if (map instanceof KernelError) {
        expect(features[`inner.${spec.type}`], map.message).to.equal(false);
        return;
      }
      const flags = spec.flags | addedFlags(spec.type);
      expect(fixture().keep(openMap(map)).spec).to.deep.equal({ ...spec, flags });
      const [reading] = await fixture().kernel.readInner([{ pin: fixture().path('empty') }]);
      expect(reading instanceof KernelError || reading?.spec).to.deep.equal({ ...spec, flags });
      expect(reading instanceof KernelError || reading?.entries.count).to.equal(0);
      const failed = await fixture().kernel.replace(fixture().hashOfMaps(spec), u32(1), [openMap(map)]);
      expect(errnos(failed)).to.deep.equal({});
    });
  }
}

function failureContract(fixture: () => KernelFixture): void {
  it('one bad request is a KernelError in its place, the others are built', async () => {
    const built = await fixture().kernel.build([
      fixture().request('good0'),
      fixture().request('bad', { spec: { ...HASH, maxEntries: 0 } }),
      fixture().request('good1', { entries: numbered(0, 3) }),
    ]);
    fixture().keep(openMap(built[0]));
    fixture().keep(openMap(built[2]));
    expect(built[1]).to.be.instanceOf(KernelError).with.property('errno', 'EINVAL');
    expect(built[1]).to.have.property('message').that.contains('team-a/bad');
    expect(fixture().kernel.pins.exists(fixture().path('bad'))).to.equal(false);
    expect(Object.keys(await fixture().innerContents(fixture().path('good1')))).to.have.length(3);
  });

  const refused = [
    ['more entries than the map holds', 'E2BIG', { entries: numbered(0, 17) }],
    ['a name with a character that the kernel does not take', 'EINVAL', { name: 'team/a' }],
    ['an LPMTrie without NoPrealloc', 'EINVAL', { spec: { ...HASH, type: 'LPMTrie', keySize: 8 } }],
    ['an Array whose key is no u32', 'EINVAL', { spec: { ...HASH, type: 'Array', keySize: 8 } }],
    [
      'an array index beyond the last',
      'E2BIG',
      { spec: { ...HASH, type: 'Array' }, entries: numbered(15, 2) },
    ],
    ['a Hash without a value', 'EINVAL', { spec: { ...HASH, valueSize: 0 }, entries: NO_ENTRIES }],
    ['a flag that the type does not have', 'EINVAL', { spec: { ...HASH, type: 'Array', flags: 1 } }],
  ] as const;
  for (const [what, errno, changes] of refused) {
    it(`${what} is ${errno}, and no map and no pin is left`, async () => {
      const before = await fixture().inner('before');
      const [failed] = await fixture().kernel.build([fixture().request('contract_fail', changes)]);
      const after = await fixture().inner('after');
      expect(failed).to.be.instanceOf(KernelError).with.property('errno', errno);
      expect(fixture().kernel.pins.exists(fixture().path('contract_fail'))).to.equal(false);
      expect(
        [...fixture().mapsBetween(before, after)].filter(map => map.name === 'contract_fail'),
      ).to.deep.equal([]);
    });
  }

  it('a taken pin is EEXIST: what has it keeps it, and no map is left', async () => {
    const before = await fixture().inner('before');
    const [failed] = await fixture().kernel.build([
      fixture().request('contract_eexis', { pins: [fixture().path('before')], entries: numbered(1, 1) }),
    ]);
    const after = await fixture().inner('after');
    expect(failed).to.be.instanceOf(KernelError).with.property('errno', 'EEXIST');
    expect(
      [...fixture().mapsBetween(before, after)].filter(map => map.name === 'contract_eexis'),
    ).to.deep.equal([]);
    expect(fixture().keep(fixture().kernel.open(fixture().path('before'))).id).to.equal(before.id);
  });

  it('a pin whose directory is not there is ENOENT, one with a dot EPERM', async () => {
    const [absent, dotted] = await fixture().kernel.build([
      fixture().request('absent', { pins: [fixture().path('nowhere/absent')] }),
      fixture().request('dotted', { pins: [fixture().path('a.b')] }),
    ]);
    expect(absent).to.be.instanceOf(KernelError).with.property('errno', 'ENOENT');
    expect(dotted).to.be.instanceOf(KernelError).with.property('errno', 'EPERM');
  });
}

function pinsOfOneContract(fixture: () => KernelFixture): void {
  it('are one map; it ends with the last of them', async () => {
    const paths = ['one', 'two', 'three'].map(name => fixture().path(name));
    const map = await fixture().inner('shared', { pins: paths, freeze: true, entries: numbered(1, 2) });
    expect(await fixture().kernel.identify(paths)).to.deep.equal(
      paths.map(() => ({ id: map.id, name: 'shared' })),
    );
    map.close();
    for (const path of paths.slice(0, 2)) fixture().kernel.pins.unlink(path);
    expect(await fixture().innerContents(paths[2]!)).to.deep.equal(contents(numbered(1, 2), 4));
    fixture().kernel.pins.unlink(paths[2]!);
    expect(fixture().isGone(map.id)).to.not.equal(false);
  });

  it('one map stands at many keys of an outer map', async () => {
    for (const outer of [fixture().hashOfMaps(), fixture().arrayOfMaps()]) {
      const map = await fixture().inner(outer.spec.type);
      expect(errnos(await fixture().kernel.replace(outer, u32(1, 2, 3), [map, map, map]))).to.deep.equal({});
      expect(Object.values(await fixture().outerIds(outer))).to.deep.equal([map.id, map.id, map.id]);
    }
  });

  it('one is taken: EEXIST, what has it keeps it, nothing is left of the map and its other pins', async () => {
    const before = await fixture().inner('before');
    const pins = ['one', 'two', 'before', 'three'].map(name => fixture().path(name));
    const [failed] = await fixture().kernel.build([fixture().request('contract_taken', { pins })]);
    const after = await fixture().inner('after');
    expect(failed).to.be.instanceOf(KernelError).with.property('errno', 'EEXIST');
    expect([...fixture().mapsBetween(before, after)].map(({ name }) => name)).to.not.include(
      'contract_taken',
    );
    expect([...fixture().names()].sort()).to.deep.equal(['after', 'before']);
    expect(fixture().keep(fixture().kernel.open(fixture().path('before'))).id).to.equal(before.id);
  });

  it('2,000 are one map; where the last is taken, none is left', async () => {
    const before = await fixture().inner('before');
    const pins = Array.from({ length: 2000 }, (_, at) => fixture().path(`many${at}`));
    const [map] = await fixture().kernel.build([fixture().request('many', { pins })]);
    expect(fixture().keep(openMap(map)).id).to.be.greaterThan(before.id);
    expect(fixture().names()).to.have.length(2001);
    for (const pin of pins) fixture().kernel.pins.unlink(pin);
    const taken = { pins: [...pins, fixture().path('before')] };
    const [failed] = await fixture().kernel.build([fixture().request('many', taken)]);
    expect(failed).to.be.instanceOf(KernelError).with.property('errno', 'EEXIST');
    expect(fixture().names()).to.deep.equal(['before']);
  });
}

function freezeContract(fixture: () => KernelFixture): void {
  it('frozen: false of a map that was not frozen, true of one that was, also when opened again', async () => {
    const open = await fixture().inner('open');
    const sealed = await fixture().inner('sealed', { freeze: true, entries: numbered(1, 2) });
    expect([open.frozen(), sealed.frozen()]).to.deep.equal([false, true]);
    expect(
      fixture()
        .keep(fixture().kernel.open(fixture().path('sealed')))
        .frozen(),
    ).to.equal(true);
    const readings = await fixture().kernel.readInner([
      { pin: fixture().path('open') },
      { pin: fixture().path('sealed') },
    ]);
    expect(readings.map(reading => reading instanceof KernelError || reading.frozen)).to.deep.equal([
      false,
      true,
    ]);
  });

  it('edit: EPERM for every entry of a frozen map, which keeps what it has', async () => {
    const sealed = await fixture().inner('sealed', { freeze: true, entries: numbered(1, 2) });
    const failed = await fixture().kernel.edit(sealed, { upserts: numbered(1, 2, 7), deletes: u32(2) });
    expect(errnos(failed)).to.deep.equal({ 0: 'EPERM', 1: 'EPERM', 2: 'EPERM' });
    const kept = await fixture().innerContents(fixture().path('sealed'));
    expect(kept).to.deep.equal(contents(numbered(1, 2), 4));
  });

  it('a frozen inner map may be put into an outer map', async () => {
    const sealed = await fixture().inner('sealed', { freeze: true });
    for (const outer of [fixture().hashOfMaps(), fixture().arrayOfMaps()])
      expect(errnos(await fixture().kernel.replace(outer, u32(1), [sealed]))).to.deep.equal({});
  });
}

function openContract(fixture: () => KernelFixture): void {
  it('open: the map of the pin, with id, name and layout', async () => {
    const made = await fixture().inner('web', { spec: { ...HASH, flags: 1 } });
    const opened = fixture().keep(fixture().kernel.open(fixture().path('web')));
    expect({ id: opened.id, name: opened.name, spec: opened.spec }).to.deep.equal({
      id: made.id,
      name: 'web',
      spec: { ...HASH, flags: 1 },
    });
    expect(opened.fd).to.not.equal(made.fd);
  });

  it('open: ENOENT where nothing is', () => {
    expect(failureOf(() => fixture().kernel.open(fixture().path('nothing')))?.errno).to.equal('ENOENT');
  });

  it('openById: the same map; ENOENT when the id is gone', async function () {
    if ((await fixture().kernel.probe()).features['openById'] !== true) this.skip();
    const made = await fixture().inner('web');
    const opened = fixture().keep(fixture().kernel.openById(made.id));
    expect(opened.spec).to.deep.equal(HASH);
    opened.close();
    made.close();
    expect(fixture().isGone(made.id), 'pinned').to.equal(false);
    fixture().kernel.pins.unlink(fixture().path('web'));
    expect(fixture().isGone(made.id), 'unlinked and closed').to.equal(true);
  });

  it('openById: an fd alone keeps a map alive', async () => {
    const made = await fixture().inner('web', { entries: numbered(1, 1) });
    fixture().kernel.pins.unlink(fixture().path('web'));
    expect(fixture().isGone(made.id)).to.not.equal(true);
    made.close();
    expect(fixture().isGone(made.id)).to.not.equal(false);
  });

  it('two kernels see one machine: ids, pins, outer entries and contents', async function () {
    const { second } = fixture().opened;
    if (second === undefined) this.skip();
    const other = await second();
    const outer = fixture().hashOfMaps();
    fixture().kernel.pins.pin(outer, fixture().path('outer'), 0o600);
    const inner = await fixture().inner('inner', { entries: numbered(5, 1, 9) });
    await fixture().kernel.replace(outer, u32(3), [inner]);
    const seen = fixture().keep(other.open(fixture().path('outer')));
    const { keys, ids } = await other.readOuter(seen);
    expect([hexAt(keys, 0, 4), ...ids]).to.deep.equal(['03000000', inner.id]);
    const [reading] = await other.readInner([{ pin: fixture().path('inner') }]);
    expect(reading instanceof KernelError || reading?.entries.keys).to.deep.equal(u32(5));
  });
}
