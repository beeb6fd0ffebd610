import { expect } from 'chai';
import { innerMapName } from '../../api/innermap.ts';
import { desiredState } from '../../core/desired/desired.ts';
import type { Wanted } from '../../core/wanted.ts';
import { type Assembly, assembled } from './assembly.ts';
import { declarationsOf, type FileState, stateAfter, unreadReading } from './filestate.ts';
import { readManifests } from './manifests.ts';

const OUTER = `apiVersion: innermap.io/v1alpha1
kind: OuterMap
metadata: {name: tenants}
spec:
  type: HashOfMaps
  maxEntries: 64
  key: ipv4
  inner: {type: Hash, maxEntries: 16, key: u32, value: u32}
  access:
  - {namespaces: [team-a], keys: [10.1.0.0/24]}
`;

function inner(name: string, key: string, entries = 1): string {
  const lines = Array.from({ length: entries }, (_, index) => `  - {key: ${index}, value: 1}\n`);
  return `apiVersion: innermap.io/v1alpha1
kind: InnerMap
metadata: {name: ${name}, namespace: team-a}
spec:
  outerMap: tenants
  key: ${key}
  entries:
${lines.join('')}`;
}

/** Files that are read, one version after another, by one agent. */
class Files {
  readonly #states = new Map<string, FileState>();
  #assembly: Assembly | undefined;

  wanted(files: Readonly<Record<string, string>>): Wanted {
    for (const name of [...this.#states.keys()]) if (!(name in files)) this.#states.delete(name);
    const layouts = new Map(this.#assembly?.layouts);
    for (const [path, text] of Object.entries(files)) {
      const reading = readManifests(text, path, { layouts, prefer: 'own', weigh: false });
      for (const { outerMap, layout } of reading.outerMaps) layouts.set(outerMap.metadata.name, layout);
      const before = this.#states.get(path);
      const state = stateAfter({ path, signature: text, reading }, before && declarationsOf(before));
      this.#states.set(path, state);
    }
    return this.assemble();
  }

  unreadable(path: string): Wanted {
    this.#states.set(path, stateAfter({ path, signature: '', reading: unreadReading(path, 'Cannot read') }));
    return this.assemble();
  }

  assemble(): Wanted {
    const standing = this.#assembly?.standing ?? new Map();
    const around = { complete: true, refusals: [], releases: [], fading: new Set<string>(), standing };
    this.#assembly = assembled([...this.#states.values()], around);
    return this.#assembly.wanted;
  }
}

/** What the kernel is to hold: key and the object's name, and what cannot be programmed. */
function told(wanted: Wanted) {
  const { outers, rejections } = desiredState(wanted, { name: 'here', labels: {} });
  const keys = [...outers].flatMap(([, { inners }]) =>
    [...inners.values()].map(({ keyText, innerMap }) => `${keyText} ${innerMapName(innerMap)}`),
  );
  return { keys: keys.toSorted(), rejected: rejections.map(({ reason }) => reason) };
}

const WEB = inner('web', '10.1.0.7');
const API = inner('api', '10.1.0.8');
const OLD = inner('old', '10.1.0.9');
const FILE = [WEB, API, OLD].join('---\n');
const ALL = ['10.1.0.7 team-a/web', '10.1.0.8 team-a/api', '10.1.0.9 team-a/old'];

describe('assembled, of files with a mistake', () => {
  const MISTAKES: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    ['kind', text => text.replace('InnerMap', 'Innermap'), /Innermap/],
    ['apiVersion', text => text.replace('innermap.io', 'innermap.oi'), /innermap\.oi/],
    ['the field kind', text => text.replace('kind:', 'kin:'), /kin/],
    ['namespace', text => text.replace('team-a', 'team-b'), /^InnerMap team-b\/web|Keeps/],
    [
      'outerMap',
      text => text.replace('tenants', 'tenents'),
      /tenents does not exist, did you mean tenants\?/,
    ],
    ['key', text => text.replace('10.1.0.7', '10.1.0.777'), /10\.1\.0\.777/],
    ['key, of another range', text => text.replace('10.1.0.7', '10.2.0.7'), /10\.2\.0\.7/],
    [
      'key, of another InnerMap',
      text => text.replace('10.1.0.7', '10.1.0.8'),
      /belongs to InnerMap team-a\/api/,
    ],
    ['name, of another InnerMap', text => text.replace('web', 'api'), /declared already/],
    ['name and key', text => text.replace('web', 'wbe').replace('10.1.0.7', '10.1.0.777'), /./],
    ['a field', text => text.replace('outerMap:', 'outermap:'), /outermap/],
    ['the document', text => `${text}  - {key: \n`, /./],
  ];

  for (const [what, mistake, message] of MISTAKES) {
    const wrong = [mistake(WEB), API].join('---\n');

    it(`takes nothing away that a file declared before while it has a mistake in ${what}`, () => {
      const files = new Files();
      expect(told(files.wanted({ 'o.yaml': OUTER, 'w.yaml': FILE })).keys).to.deep.equal(ALL);
      const wanted = files.wanted({ 'o.yaml': OUTER, 'w.yaml': wrong });
      expect(told(wanted).keys).to.deep.equal(ALL);
      expect(wanted.complete).to.equal(true);
      expect(files.assemble(), 'assembled once more').to.deep.equal(wanted);
      const texts = [...wanted.refusals.map(refusal => refusal.message)];
      expect(texts.join('\n') + told(wanted).rejected.join()).to.match(message);
      expect(texts.at(-1)).to.match(
        /^Keeps what it declared before, until everything in it is taken: .*InnerMap team-a\/old/,
      );
    });

    // A conflict can be between good files: there the kernel's own InnerMap stays alone (agent/kept)
    if (what === 'key, of another InnerMap') continue;

    it(`removes nothing after a restart while a file has a mistake in ${what}, and says which file`, () => {
      const wanted = new Files().wanted({ 'o.yaml': OUTER, 'w.yaml': wrong });
      expect(wanted).to.deep.include({ complete: false, hiding: ['w.yaml'] });
    });
  }

  it('tells of a name that holds a line of its own, or commands for a terminal, on one line', () => {
    const evil = '"web\\n2026-01-01 ERROR forged\\e[2J"';
    const { refusals } = new Files().wanted({
      'o.yaml': OUTER,
      'w.yaml': WEB.replace('name: web', `name: ${evil}`),
    });
    expect(refusals[0]!.message)
      .to.contain('forged')
      .and.not.match(/\p{Cc}/u);
  });

  it('an OuterMap that is refused and was never good is faulty; one whose last good object stays is not', () => {
    const wrong = OUTER.replace('maxEntries: 64', 'maxEntries: none');
    const files = new Files();
    expect(files.wanted({ 'o.yaml': wrong, 'a.yaml': inner('web', '10.1.0.7') }).faulty).to.deep.equal(
      new Set(['tenants']),
    );
    expect(files.wanted({ 'o.yaml': OUTER }).faulty).to.equal(undefined);
    expect(files.wanted({ 'o.yaml': wrong }).faulty).to.equal(undefined);
  });

  it('takes the others out once the mistake is mended', () => {
    const files = new Files();
    files.wanted({ 'o.yaml': OUTER, 'w.yaml': FILE });
    files.wanted({ 'o.yaml': OUTER, 'w.yaml': WEB.replace('kind', 'kin') });
    const wanted = files.wanted({ 'o.yaml': OUTER, 'w.yaml': WEB });
    expect(told(wanted)).to.deep.equal({ keys: ALL.slice(0, 1), rejected: [] });
    expect(wanted.refusals).to.deep.equal([]);
  });

  it('holds back no other file', () => {
    const files = new Files();
    files.wanted({ 'o.yaml': OUTER, 'w.yaml': WEB, 'a.yaml': `${API}---\n${OLD}` });
    const wanted = files.wanted({ 'o.yaml': OUTER, 'w.yaml': WEB.replace('kind', 'kin'), 'a.yaml': API });
    expect(told(wanted).keys).to.deep.equal(ALL.slice(0, 2));
    expect(wanted.complete).to.equal(true);
  });

  it('keeps the newest good version of an object, not the last of the whole file', () => {
    const files = new Files();
    files.wanted({ 'o.yaml': OUTER, 'w.yaml': FILE });
    const broken = API.replace('kind', 'kin');
    files.wanted({ 'o.yaml': OUTER, 'w.yaml': `${inner('web', '10.1.0.7', 5)}---\n${broken}` });
    const wanted = files.unreadable('w.yaml');
    const web = wanted.innerMaps.find(({ innerMap }) => innerMap.metadata.name === 'web');
    expect(web!.content).to.have.nested.property('entries.count', 5);
    expect(told(wanted).keys).to.deep.equal(ALL);
  });

  it('removes what good files take out while two of their InnerMaps want one key, after a restart too', () => {
    const files = new Files();
    const all = { 'a.yaml': inner('aaa', '10.1.0.7'), 'o.yaml': OUTER, 'w.yaml': FILE };
    files.wanted(all);
    const start = files.wanted(all);
    expect(start).to.include({ complete: true }).and.not.have.property('hiding');
    expect(told(start).rejected).to.deep.equal(['KeyConflict']);
    const wanted = files.wanted({ ...all, 'w.yaml': [WEB, API].join('---\n') });
    expect(told(wanted).keys).to.deep.equal(['10.1.0.7 team-a/aaa', ALL[1]]);
    expect(wanted.refusals).to.deep.equal([]);
  });

  it('removes what a file takes out while access denies another of its InnerMaps its key', () => {
    const files = new Files();
    files.wanted({ 'o.yaml': OUTER, 'w.yaml': FILE });
    const strange = WEB.replace('team-a', 'team-b').replace('10.1.0.7', '10.1.0.6');
    const denied = files.wanted({ 'o.yaml': OUTER, 'w.yaml': [FILE, strange].join('---\n') });
    expect(told(denied)).to.deep.equal({ keys: ALL, rejected: ['KeyNotAllowed'] });
    const wanted = files.wanted({ 'o.yaml': OUTER, 'w.yaml': [WEB, API, strange].join('---\n') });
    expect(told(wanted).keys).to.deep.equal(ALL.slice(0, 2));
    expect(wanted.refusals).to.deep.equal([]);
  });

  it('lets a renamed object have the key, while another of its file is wrong', () => {
    const files = new Files();
    files.wanted({ 'o.yaml': OUTER, 'w.yaml': FILE });
    const wanted = files.wanted({
      'o.yaml': OUTER,
      'w.yaml': `${WEB.replace('web', 'aaa')}---\n- no object\n`,
    });
    expect(told(wanted).rejected).to.deep.equal([]);
    expect(told(wanted).keys[0]).to.equal('10.1.0.7 team-a/aaa');
  });

  it('takes out what an OuterMap does not allow any more, though its InnerMap is there', () => {
    const files = new Files();
    files.wanted({ 'o.yaml': OUTER, 'w.yaml': FILE });
    const wanted = files.wanted({ 'o.yaml': OUTER.replace('10.1.0.0/24', '10.1.0.8/31'), 'w.yaml': FILE });
    expect(told(wanted)).to.deep.equal({ keys: ALL.slice(1), rejected: ['KeyNotAllowed'] });
    expect(wanted.complete).to.equal(true);
  });

  it('keeps the OuterMap whose name was misspelt in the file of its InnerMaps', () => {
    const files = new Files();
    const text = (name: string) => `${OUTER.replace('tenants', name)}---\n${FILE}`;
    files.wanted({ 'w.yaml': text('tenants') });
    const wanted = files.wanted({ 'w.yaml': text('tenents') });
    expect(told(wanted).keys).to.deep.equal(ALL);
  });
});

describe('an OuterMap with several mistakes', () => {
  it('tells those of its types beside a wrong field, each once and at its place', () => {
    const wrong = OUTER.replace('maxEntries: 64', 'maxEntrie: 64').replace(
      'key: u32, value: u32',
      'key: u33, value: "struct { foo x; }"',
    );
    const options = { layouts: new Map(), prefer: 'own', weigh: false } as const;
    const { rejected } = readManifests(wrong.replace('key: ipv4', 'key: ""'), 'a.yaml', options);
    const fields = rejected.map(({ origin, message }) => `${origin} ${/spec\.[\w.]+/.exec(message)?.[0]}`);
    expect(fields.toSorted()).to.deep.equal([
      'a.yaml:5:3 spec.maxEntries',
      'a.yaml:6:14 spec.maxEntrie',
      'a.yaml:7:8 spec.key',
      'a.yaml:8:44 spec.inner.key',
      'a.yaml:8:56 spec.inner.value',
    ]);
  });
});
