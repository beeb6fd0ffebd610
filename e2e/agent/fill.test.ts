import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CONTENT_TYPES } from './support/contenttypes.ts';
import { type LoadedAgentFixture, NO_RESYNC, useLoadedAgent } from './support/loadedagent.ts';
import { fileText, innerMap, type Manifest, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { shown } from './support/witness.ts';

const OUTER_TYPES = ['HashOfMaps', 'ArrayOfMaps'] as const;

describe('agent on a folder', () => {
  const fixture = useLoadedAgent();

  it('fills every inner type in both outer types, byte for byte as bpftool reads them', async () => {
    for (const outerType of OUTER_TYPES) fixture().write(`${outerType}.yaml`, ...allTypes(outerType));
    await fixture().started();
    for (const outerType of OUTER_TYPES) {
      for (const [type, { bytes }] of Object.entries(CONTENT_TYPES)) {
        const contents = fixture().contents(pinOf(outerType, type));
        expect(contents, `${type} in ${outerType}`).to.deep.equal({ [u32(3)]: bytes });
      }
    }
  });

  it('changes the kernel at an edit, an added file and an erased one', async () => {
    fixture().write('outer.yaml', outerMap('tenants'));
    fixture().write('web.yaml', innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 10: 1 }));
    await fixture().started({ options: NO_RESYNC });
    fixture().write('web.yaml', innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 10: 2, 11: 3 }));
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 10: 2, 11: 3 }) });
    fixture().write('mail.yaml', innerMap('a/mail', { outerMap: 'tenants', key: 2 }, { 5: 5 }));
    await fixture().holds('tenants', {
      [u32(1)]: u32Pairs({ 10: 2, 11: 3 }),
      [u32(2)]: u32Pairs({ 5: 5 }),
    });
    fixture().erase('web.yaml');
    await fixture().holds('tenants', { [u32(2)]: u32Pairs({ 5: 5 }) });
  });

  it('follows a write in place, as an editor without rename does', async () => {
    fixture().write('outer.yaml', outerMap('tenants'));
    fixture().write('web.yaml', innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 10: 1 }));
    await fixture().started({ options: NO_RESYNC });
    const text = fileText([innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 10: 7 })]);
    writeFileSync(join(fixture().manifests, 'web.yaml'), text);
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 10: 7 }) });
  });

  it('follows the symlink swap of a mounted ConfigMap', async () => {
    configMap(fixture(), '..first', { 10: 1 });
    renameSync(join(fixture().manifests, '..fresh'), join(fixture().manifests, '..data'));
    symlinkSync('..data/maps.yaml', join(fixture().manifests, 'maps.yaml'));
    await fixture().started({ options: NO_RESYNC });
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 10: 1 }) });
    configMap(fixture(), '..second', { 10: 9 });
    renameSync(join(fixture().manifests, '..fresh'), join(fixture().manifests, '..data'));
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 10: 9 }) });
  });

  it('seals what is declared sealed: user space can no longer write it', async () => {
    const place = { outerMap: 'tenants', key: 1 };
    fixture().write('maps.yaml', outerMap('tenants'), innerMap('a/web', place, { 1: 1 }, { sealed: true }));
    await fixture().started();
    const [inner] = shown([fixture().pin(`innermap/tenants/inner/${u32(1)}`)]);
    expect(inner?.frozen).to.equal(1);
    fixture().write('maps.yaml', outerMap('tenants'), innerMap('a/web', place, { 1: 2 }));
    await fixture().holds('tenants', { [u32(1)]: u32Pairs({ 1: 2 }) });
    expect(shown([fixture().pin(`innermap/tenants/inner/${u32(1)}`)])[0]?.frozen).to.equal(0);
  });

  it('writes a report that counts what is in the kernel', async () => {
    fixture().write(
      'maps.yaml',
      outerMap('tenants'),
      innerMap('a/web', { outerMap: 'tenants', key: 1 }, { 1: 1, 2: 2 }),
      innerMap('a/mail', { outerMap: 'tenants', key: 2 }, { 1: 1 }),
    );
    await fixture().started();
    const { state, outerMaps } = fixture().reportNow();
    expect(state.outerMaps[0]).to.include({
      name: 'tenants',
      innerMaps: 2,
      entries: 3,
      bytes: 24,
      failuresTotal: 0,
    });
    expect(state.outerMaps[0]?.id).to.equal(shown([fixture().pin('tenants')])[0]?.id);
    expect(outerMaps[0]).to.include({ ready: true, reason: 'Programmed', pin: fixture().pin('tenants') });
  });
});

function allTypes(outerType: string): Manifest[] {
  return Object.entries(CONTENT_TYPES).flatMap(([type, { inner, pairs, entries }]) => {
    const name = pinOf(outerType, type);
    const spec = { type: outerType, maxEntries: 8, inner: { type, ...inner } };
    const place = { outerMap: name, key: 3 };
    return [
      outerMap(name, spec),
      innerMap(`a/${name}`, place, pairs, entries === undefined ? {} : { entries }),
    ];
  });
}

function pinOf(outerType: string, type: string): string {
  return `${outerType}-${type}`.toLowerCase();
}

/** As kubelet writes a ConfigMap: a directory of its own, and a link that is swapped to it. */
function configMap(
  fixture: LoadedAgentFixture,
  directory: string,
  pairs: Readonly<Record<number, number>>,
): void {
  mkdirSync(join(fixture.manifests, directory));
  const manifests = [outerMap('tenants'), innerMap('a/web', { outerMap: 'tenants', key: 1 }, pairs)];
  writeFileSync(join(fixture.manifests, directory, 'maps.yaml'), fileText(manifests));
  symlinkSync(directory, join(fixture.manifests, '..fresh'));
}
