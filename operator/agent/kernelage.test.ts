import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../testing/root.ts';
import { ageWarning, OLDEST_KERNEL } from './kernelage.ts';

describe('ageWarning', () => {
  it('one sentence on a kernel below what is promised, with the limit that it has of its own', () => {
    for (const release of ['5.10.0-33-cloud-amd64', '5.14.0', '4.18.0-553.el8_10.x86_64', '5.9'])
      expect(ageWarning(release))
        .to.match(new RegExp(`^Linux ${release.replaceAll('.', '\\.')} is older than 5\\.15, `))
        .and.to.include('before 5.11 RLIMIT_MEMLOCK must be unlimited');
  });

  it('nothing on what is promised and newer, nor where the release says nothing', () => {
    for (const release of [
      '5.15.0',
      '5.15.167.4-microsoft-standard-WSL2',
      '6.1.0-56-amd64',
      '10.0-rc1',
      'gokernel',
      '',
    ])
      expect(ageWarning(release), release).to.equal(undefined);
  });

  it('docs and chart promise the same', () => {
    for (const page of ['docs/install.md', 'charts/innermap-operator/README.md'])
      expect(readFileSync(join(ROOT, page), 'utf8')).to.include(`Linux ${OLDEST_KERNEL} or newer`);
  });
});
