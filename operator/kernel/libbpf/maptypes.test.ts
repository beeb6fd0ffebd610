import { expect } from 'chai';
import { REFUSED_TYPES } from '../../api/maps/types.ts';
import { failureOf } from '../testing/contract/fixture.ts';
import { openLibrary } from './library.ts';
import { onRealKernel, onScratch } from './scratch.test.ts';

const MMAPABLE = 1 << 10;

/** Key size, value size, max entries, flags; the kernel makes the others for nobody without more than that. */
const LAYOUTS: Readonly<Record<string, readonly [number, number, number, number]>> = {
  ProgArray: [4, 4, 1, 0],
  CgroupStorage: [8, 8, 0, 0],
  PerCPUCgroupStorage: [8, 8, 0, 0],
  ArrayOfMaps: [4, 4, 1, 0],
  HashOfMaps: [4, 4, 1, 0],
};

onRealKernel('map types that no OuterMap can have', () => {
  const scratch = onScratch();
  const library = openLibrary();

  for (const [name, layout] of Object.entries(LAYOUTS))
    it(`${name}: the kernel takes none into an outer map`, () => {
      const template = library.mapCreate(1, 'refused', 4, 4, 1, options(0, 0));
      const inner = create(name, layout, name.endsWith('OfMaps') ? template : 0);
      expect(inner, name).to.be.greaterThan(0);
      const outer = library.mapCreate(12, 'refused', 4, 4, 1, options(0, inner));
      for (const fd of [template, inner, outer]) if (fd >= 0) library.close(fd);
      expect(outer).to.be.lessThan(0);
    });

  it('Arena: the kernel takes one, and a pin of it and an outer map of it are refused by name', async function () {
    const arena = create('Arena', [0, 0, 1, MMAPABLE]);
    // Before 6.9
    if (arena < 0) this.skip();
    const outer = library.mapCreate(12, 'refused', 4, 4, 1, options(0, arena));
    const pins = [arena, outer].map((fd, at) => [fd, scratch().path(`refused${at}`)] as const);
    for (const [fd, path] of pins) expect(library.objectPin(fd, path)).to.equal(0);
    const kernel = scratch().open();
    const words = /a map of type Arena, which is no inner map: a program uses the arena that it names itself/;
    expect(failureOf(() => kernel.open(pins[0]![1]).spec)?.message).to.match(words);
    const opened = kernel.open(pins[1]![1]);
    if ((await kernel.probe()).features['readTemplate'] === true)
      expect(failureOf(() => kernel.template(opened))?.message).to.match(words);
    opened.close();
    for (const fd of [arena, outer]) library.close(fd);
  });

  function create(
    name: string,
    [key, value, entries, flags]: readonly [number, number, number, number],
    inner = 0,
  ) {
    return library.mapCreate(
      REFUSED_TYPES[name]!.number,
      'refused',
      key,
      value,
      entries,
      options(flags, inner),
    );
  }
});

function options(flags: number, inner: number): Uint32Array {
  return Uint32Array.of(flags, inner, 0, 0, 0);
}
