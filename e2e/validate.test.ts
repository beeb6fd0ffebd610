import { readdirSync } from 'node:fs';
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
