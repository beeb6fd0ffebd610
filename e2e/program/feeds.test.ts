import { expect } from 'chai';
import { generateManifests } from '../../bench/manifests.ts';
import { run } from '../../native/stage.ts';
import { useLoadedAgent } from '../agent/support/loadedagent.ts';
import { u32 } from '../agent/support/manifests.ts';
import { idsIn } from '../agent/support/witness.ts';
import { type Measured, measured } from './support/measured.ts';

const FILES = 250;
const PREFIXES = 560_000;
const LARGEST = 75_000;
/** What a test can promise on any machine; npm run bench says what it takes. */
const MOST_MB = 512;

describe('250 manifests with 560,000 prefixes', function () {
  this.timeout(120_000);
  const fixture = useLoadedAgent();

  it('are validated, planned and applied; a second plan is empty; bpftool finds what they say', async () => {
    const { manifests, bpffs } = fixture();
    generateManifests(manifests, { files: FILES, entries: PREFIXES, largest: LARGEST, outerMap: 'feeds' });

    const validated = await withinMemory('validate', manifests);
    expect(validated.code, validated.out).to.equal(0);
    expect(validated.out).to.match(/: no errors, 1 warning\n$/);

    const planned = await withinMemory('plan', manifests, '--bpffs', bpffs);
    expect(planned.code, planned.error).to.equal(1);
    expect(planned.out).to.match(/\n253 changes\n$/);

    const report = ['--report', fixture().report];
    const applied = await withinMemory(
      'agent',
      '--once',
      '--manifests',
      manifests,
      '--bpffs',
      bpffs,
      ...report,
    );
    expect(applied.code, applied.out + applied.error).to.equal(0);
    expect(fixture().reportNow().state.outerMaps[0]).to.include({ innerMaps: FILES, entries: PREFIXES });

    const again = await withinMemory('plan', manifests, '--bpffs', bpffs);
    expect(again).to.include({ code: 0, out: 'Nothing to do: the kernel is as declared\n' });
    expectPrefixes(idsIn(fixture().pin('feeds')));
  });

  async function withinMemory(...words: readonly string[]): Promise<Measured> {
    const answer = await measured(...words);
    console.log(`      ${words[0]!.padEnd(8)} ${answer.seconds.toFixed(1)} s, peak ${answer.peakMB} MB`);
    expect(answer.peakMB, words[0]).to.be.below(MOST_MB);
    return answer;
  }
});

/** Samples of the largest map and of small ones, written as lists (even numbers) and as tables (odd ones). */
function expectPrefixes(ids: ReadonlyMap<string, number>): void {
  expect(ids.size).to.equal(FILES);
  for (const map of [0, 1, 2, 101, 248, 249]) {
    const id = ids.get(u32(map))!;
    const last = map === 0 ? LARGEST - 1 : 1900;
    for (const number of [0, 1, 6, 7, last]) {
      expect(looked(id, number), `prefix ${number} of map ${map}`).to.equal(u32(map + number));
    }
  }
  const beyond = `${u32(32)}0b000000`;
  expect(() => lookup(ids.get(u32(1))!, beyond), 'an address that no prefix covers').to.throw();
}

/** As the generator numbers them: lengths 25 to 32, each within a /25 of its own below 10.0.0.0/8. */
function looked(id: number, number: number): string {
  const address = Buffer.alloc(4);
  address.writeUInt32BE(0x0a000000 + number * 128);
  return lookup(id, `${u32(25 + (number % 8))}${address.toString('hex')}`);
}

function lookup(id: number, key: string): string {
  const bytes = key.match(/../g) ?? [];
  const answer = run('bpftool', '-j', 'map', 'lookup', 'id', String(id), 'key', 'hex', ...bytes);
  return (JSON.parse(answer) as { value: string[] }).value.map(byte => byte.slice(2)).join('');
}
