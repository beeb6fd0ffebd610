import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { validationProblems } from '../operator/cli/validate/findings.ts';
import { loadManifests } from '../operator/source/folder/load.ts';
import { readSamples, SAMPLES } from './crdschema.ts';

/** Words and numbers that kubectl would read otherwise than they stand there. */
const AT_THE_TEXT = /: quote it \(/;

describe('validate: samples', () => {
  const names = readdirSync(SAMPLES).filter(name => name.endsWith('.yaml'));
  const refused = new Map(readSamples().map(sample => [sample.name, sample.refused]));

  for (const name of names.filter(each => each.startsWith('invalid-'))) {
    it(`${name}, which a cluster refuses, is refused with its line and column`, async () => {
      const findings = validationProblems(await loadManifests([join(SAMPLES, name)]));
      const errors = findings.filter(({ severity }) => severity === 'error');
      const messages = errors.map(({ origin, message }) => `${origin}: ${message}`);
      const places = errors.map(({ origin }) => origin);
      expect(
        places.every(place => /\.yaml:\d+:\d+$/.test(place)),
        messages.join('\n'),
      ).to.equal(true);
      expect(messages).to.not.have.length(0);
      // What YAML itself would change on its way is told before anybody knows which field it is
      if (!AT_THE_TEXT.test(messages[0]!)) expect(messages.join('\n')).to.contain(refused.get(name)!.words);
    });
  }

  for (const name of names.filter(each => /^valid-(inner|outer)/.test(each))) {
    it(`${name}, which a cluster takes, is no error`, async () => {
      const findings = validationProblems(await loadManifests([join(SAMPLES, name)]));
      expect(findings.filter(({ severity }) => severity === 'error')).to.deep.equal([]);
    });
  }
});

const OUTER = `apiVersion: innermap.io/v1alpha1
kind: OuterMap
metadata: {name: tenants}
spec:
  type: HashOfMaps
  maxEntries: 64
  key: ipv4
  inner: {type: Hash, maxEntries: 2, key: u32, value: u32}
  access: [{namespaces: [team-a], keys: [10.1.0.0/24]}]
`;
const WRONG_VALUE = 'spec.entries[0].value: -2 is out of range: u32 takes 0 to 4294967295';
const MISSING_VALUE = "spec.entries[1].value: Missing: the entry's value";

describe('validate: an InnerMap with several mistakes', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'innermap-validate-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  async function told(spec: string, outer = OUTER): Promise<readonly string[]> {
    const inner = `apiVersion: innermap.io/v1alpha1\nkind: InnerMap\nmetadata: {name: web, namespace: team-a}\nspec:\n${spec}`;
    writeFileSync(join(folder, 'a.yaml'), inner);
    writeFileSync(join(folder, 'o.yaml'), outer);
    const findings = validationProblems(await loadManifests([folder]));
    return findings.map(({ origin, message }) => `${origin.slice(folder.length + 1)}: ${message}`);
  }

  const entries = '  entries:\n  - {key: 1, value: -2}\n';

  it('has a field and a value that are wrong, though its OuterMap is in a file behind it', async () => {
    expect(await told(`  outerMap: tenants\n  key: 10.1.0.7\n  entires: []\n${entries}`)).to.deep.equal([
      'a.yaml:7:12: InnerMap team-a/web: spec.entires: Unknown field: did you mean entries',
      `a.yaml:9:21: InnerMap team-a/web: ${WRONG_VALUE}`,
    ]);
  });

  it('has an entry that is refused, a key of the wrong type and a wrong value', async () => {
    const found = await told(`  outerMap: tenants\n  key: 10.1.0.777\n${entries}  - {key: 2}\n`);
    expect(found).to.have.length(3);
    expect(found[0]).to.match(/^a\.yaml:6:8: InnerMap team-a\/web: spec\.key: Key 10\.1\.0\.777: .* is not/);
    expect(found.slice(1)).to.deep.equal([
      `a.yaml:8:21: InnerMap team-a/web: ${WRONG_VALUE}`,
      `a.yaml:9:5: InnerMap team-a/web: ${MISSING_VALUE}`,
    ]);
  });

  it('has a key that is not allowed and a wrong value', async () => {
    const found = await told(`  outerMap: tenants\n  key: 10.2.0.7\n${entries}`);
    expect(found).to.have.length(2);
    expect(found[0])
      .to.match(/^a\.yaml:1: InnerMap team-a\/web: KeyNotAllowed, /)
      .and.to.not.include('-2');
    expect(found[1]).to.equal(`a.yaml:8:21: InnerMap team-a/web: ${WRONG_VALUE}`);
  });

  it('has a field that is wrong and an OuterMap that is not there, or more entries than fit', async () => {
    const spec = `  outerMap: tenants\n  key: 10.1.0.7\n  entires: []\n${entries}`;
    expect(await told(spec, '')).to.have.length(1);
    const more = ['1', '2', '3'].map(key => `  - {key: ${key}, value: 1}\n`).join('');
    const found = await told(spec.replace(/ {2}- .*\n/, more));
    expect(found).to.have.length(2);
    expect(found.join()).to.include('3 entries are more than maxEntries 2');
  });

  it('tells the first twenty mistakes of a field, and how many there are in all', async () => {
    const fields = Array.from({ length: 25 }, (_, at) => `  field${at}: 1\n`).join('');
    const found = await told(`  outerMap: tenants\n  key: 10.1.0.7\n${fields}${entries}`);
    expect(found).to.have.length(21);
    expect(found[20]).to.match(/^a\.yaml:27:.* 6 more mistakes from here on$/);
  });
});
