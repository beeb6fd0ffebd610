import { expect } from 'chai';
import type { BuildRequest } from '../../kernel.ts';
import { HASH, numbered } from '../../testing/contract/fixture.ts';
import type { Library } from '../library.ts';
import type { Host } from '../maps.ts';
import { Room } from '../memory/room.ts';
import { OuterWays } from '../outer/ways.ts';
import { buildInners } from './build.ts';

const GIB = 2 ** 30;
/** More than one call of C makes. */
const MANY = 600;

/** A library whose calls do nothing, or break. */
function host(breaks: (call: number) => boolean): Host {
  let calls = 0;
  const build = async (): Promise<void> => {
    calls += 1;
    const broke = breaks(calls);
    // The last one is still under way when those before are over
    for (let tick = 0; tick < calls; tick += 1) await new Promise(resume => setImmediate(resume));
    if (broke) throw new TypeError('broken');
  };
  const given = { buildMaps: { later: build }, close: () => 0 };
  const library = given as unknown as Library;
  const room = new Room(
    () => GIB,
    () => 0,
  );
  return { library, room, possibleCpus: 1, ways: new OuterWays() };
}

function* requests(end?: Error): Generator<BuildRequest> {
  const entries = numbered(0, 1);
  for (let at = 0; at < MANY; at += 1)
    yield { spec: HASH, name: 'x', label: 'x', entries, freeze: false, pins: [`/nowhere/${at}`] };
  if (end !== undefined) throw end;
}

/** What is left of the room where nothing is being made. */
function isWhole({ room }: Host): boolean {
  return room.takes(GIB - (32 << 20));
}

describe('buildInners', () => {
  const breaking: readonly (readonly [string, (call: number) => boolean])[] = [
    ['the first call, while the second is written', call => call === 1],
    ['a call that is waited for', call => call === 3],
  ];
  for (const [what, breaks] of breaking)
    it(`ends with what broke in ${what}, and what was to be made counts no more`, async () => {
      const broken = host(breaks);
      const error = await buildInners(broken, requests(), async () => {}).catch((thrown: unknown) => thrown);
      expect(error).to.have.property('message', 'broken');
      expect(isWhole(broken)).to.equal(true);
    });

  it('ends with what broke where files are reserved, or requests are made', async () => {
    const reserved = host(() => false);
    const reserve = async () => {
      throw new TypeError('no files');
    };
    const error = await buildInners(reserved, requests(), reserve).catch((thrown: unknown) => thrown);
    expect(error).to.have.property('message', 'no files');
    expect(isWhole(reserved)).to.equal(true);
  });
});
