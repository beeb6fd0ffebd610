import { expect } from 'chai';
import fc from 'fast-check';
import { type Assembly, assembled, patched } from './assembly.ts';
import { declarationsOf, type FileState, stateAfter, unreadReading } from './filestate.ts';
import { readManifests } from './manifests.ts';
import { innerMap, outerMap } from './testing/maps.ts';

const OPTIONS = { layouts: new Map(), prefer: 'own', weigh: false } as const;
const AROUND = { complete: true, refusals: [], releases: [], fading: new Set<string>(), standing: new Map() };

function state(path: string, text: string, previous?: FileState): FileState {
  const reading = readManifests(`${outerMap(`o-${path}`)}---\n${text}`, path, OPTIONS);
  return stateAfter({ path, signature: text, reading }, previous && declarationsOf(previous));
}

/** One file's text: InnerMaps with so many entries, in this order. */
function file(path: string, maps: readonly (readonly [string, number])[], previous?: FileState): FileState {
  return state(
    path,
    maps.map(([name, entries]) => innerMap(name, entries, `o-${path}`)).join('---\n'),
    previous,
  );
}

describe('assembled', () => {
  it('gives an object that two files declare to the first, whatever fades to the last', () => {
    const [a, b] = [file('a', [['p', 1]]), file('b', [['p', 2]])];
    expect(assembled([a, b], AROUND).wanted.innerMaps).to.deep.equal(a.innerMaps);
    const fading = assembled([a, b], { ...AROUND, fading: new Set(['a']) }).wanted;
    expect(fading.innerMaps).to.deep.equal(b.innerMaps);
    expect(fading.refusals).to.deep.equal([]);
  });

  it('keeps what fades while nobody else declares it', () => {
    const a = file('a', [['p', 1]]);
    expect(assembled([a], { ...AROUND, fading: new Set(['a']) }).wanted.innerMaps).to.deep.equal(a.innerMaps);
  });

  it('is incomplete while a file hides what it may declare', () => {
    const unread = { path: 'b', signature: '', reading: unreadReading('b', 'Cannot read') };
    const now = stateAfter(unread);
    const { wanted } = assembled([file('a', []), now], AROUND);
    expect(wanted).to.deep.include({ complete: false, hiding: ['b'] });
    const { standing } = assembled([file('b', [['q', 1]])], AROUND);
    const known = assembled([now], { ...AROUND, standing }).wanted;
    expect(known).to.include({ complete: true });
    expect(known.innerMaps).to.have.length(1);
  });
});

describe('patched', () => {
  const maps = fc.uniqueArray(fc.tuple(fc.constantFrom('p', 'q', 'r', 's'), fc.nat(3)), {
    selector: ([name]) => name,
  });
  const edit = fc.record({ index: fc.nat(2), maps, more: fc.option(fc.nat(2)) });

  it('equals a new assembly wherever it answers', () => {
    let answered = 0;
    fc.assert(
      fc.property(fc.tuple(maps, maps, maps), fc.array(edit, { maxLength: 6 }), (contents, edits) => {
        const files = contents.map((content, index) => file(`f${index}`, prefixed(index, content)));
        const current = [...contents];
        let assembly: Assembly = assembled(files, AROUND);
        for (const { index, maps: others, more } of edits) {
          if (more === null) current[index] = others;
          else current[index] = current[index]!.map(([name, entries]) => [name, entries + more]);
          const next = file(`f${index}`, prefixed(index, current[index]!), files[index]);
          const patch = patched(assembly, files[index], next);
          files[index] = next;
          if (patch !== undefined) answered++;
          const anew = assembled(files, { ...AROUND, standing: assembly.standing });
          assembly = patch ?? anew;
          expect(assembly.wanted.innerMaps).to.deep.equal(anew.wanted.innerMaps);
          expect(assembly.standing).to.deep.equal(anew.standing);
        }
      }),
    );
    expect(answered).to.be.greaterThan(10);
  });

  /** Names of one's own for each file: an object in two files is another matter. */
  function prefixed(
    index: number,
    content: readonly (readonly [string, number])[],
  ): (readonly [string, number])[] {
    return content.map(([name, entries]) => [`${name}${index}`, entries] as const);
  }
});
