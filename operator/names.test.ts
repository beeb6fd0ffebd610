import { expectNone } from './testing/none.ts';
import { isOfTests, sources } from './testing/sources.ts';

describe('names', () => {
  it('no two exported types have one name', () => {
    const places = new Map<string, readonly string[]>();
    for (const { path, exportedTypes } of sources())
      if (path.startsWith('operator/') && !isOfTests(path))
        for (const name of exportedTypes) places.set(name, [...(places.get(name) ?? []), path]);
    expectNone(
      [...places]
        .filter(([, paths]) => paths.length > 1)
        .map(([name, paths]) => `${name} is exported by ${paths.join(' and ')}: rename one, or share it`),
    );
  });
});
