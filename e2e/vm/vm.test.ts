import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { REPOSITORY } from '../crdschema.ts';
import { KNOWN_FAILURES } from './expected.ts';
import { commandOf } from './job.ts';
import { parseOptions } from './options.ts';
import { SETS } from './sets.ts';
import { Tally } from './tally.ts';

const KNOWN = { set: 'agent', spec: 'agent swaps', on: ['6.1'], why: 'NULL on replace before 6.16' } as const;

describe('npm run vm', () => {
  it('takes a kernel, sets and options, and says what there is of each', () => {
    expect(parseOptions(['6.1'], 'amd64')).to.include({
      version: '6.1',
      arch: 'amd64',
      limitSeconds: 10_800,
    });
    expect(parseOptions(['6.12', 'waves', '--arch', 'arm64', '--limit', '60'], 'amd64')).to.deep.include({
      sets: ['waves'],
      arch: 'arm64',
      limitSeconds: 60,
    });
    expect(() => parseOptions(['6.2'], 'amd64')).to.throw(
      /no kernel "6\.2"[\s\S]*VERSION {2}5\.10, 6\.1, 6\.12/,
    );
    expect(() => parseOptions(['6.1', 'wavy'], 'amd64')).to.throw(/no set or option "wavy"[\s\S]*contract/);
    expect(() => parseOptions(['6.1', '--arch'], 'amd64')).to.throw('--arch needs a value');
    expect(() => parseOptions(['6.1', '--arch', 'mips'], 'amd64')).to.throw('no machine "mips"');
  });

  it('its sets name specs that there are, and quote them for a shell', () => {
    for (const { files, leaveOut = [] } of Object.values(SETS))
      for (const file of [...files, ...leaveOut].filter(name => !name.includes('*')))
        expect(existsSync(join(REPOSITORY, 'dist', file)), file).to.equal(true);
    const command = commandOf({ sets: ['program'], grep: "a stranger's" });
    const { stdout } = spawnSync('sh', ['-c', command.replace(/; '?node'?/, '; printf %s\\\\n')], {
      encoding: 'utf8',
    });
    expect(stdout.split('\n')).to.include.members(["a stranger's", '/src/dist/e2e/program/feeds.test.js']);
  });

  it('what is known to fail names a set, a reason and each spec once', () => {
    for (const { set, why } of KNOWN_FAILURES) {
      expect(SETS).to.have.property(set);
      expect(why).to.match(/^[A-Z0-9].{20}/);
    }
    expect(new Set(KNOWN_FAILURES.map(({ spec }) => spec)).size).to.equal(KNOWN_FAILURES.length);
  });
});

describe('Tally', () => {
  it('a spec that is known to fail and does counts as passed, with its reason', () => {
    const tally = new Tally([KNOWN]);
    expect(tally.add({ title: KNOWN.spec, outcome: 'failed', error: 'x' })).to.contain(KNOWN.why);
    expect(tally.finish()).to.deep.equal([]);
    expect(tally.counts).to.deep.equal({ passed: 1, failed: 0, skipped: 0 });
  });

  it('a spec that is known to fail and passes is a failure, and so is one that there is not', () => {
    const tally = new Tally([KNOWN]);
    expect(tally.add({ title: KNOWN.spec, outcome: 'passed' })).to.match(/^FAIL .*\n.*It holds/);
    const other = new Tally([KNOWN]);
    expect(other.finish()).to.have.length(1);
    expect([tally.counts.failed, other.counts.failed]).to.deep.equal([1, 1]);
  });

  it('where a race decides, it may hold', () => {
    const tally = new Tally([{ ...KNOWN, byChance: true }]);
    expect(tally.add({ title: KNOWN.spec, outcome: 'passed' })).to.equal(undefined);
    expect(tally.add({ title: KNOWN.spec, outcome: 'failed' })).to.contain(KNOWN.why);
    expect(tally.counts).to.deep.equal({ passed: 2, failed: 0, skipped: 0 });
  });

  it('what nobody expects to fail is told with its error; what passes is silent', () => {
    const tally = new Tally([]);
    expect(tally.add({ title: 'a', outcome: 'failed', error: 'why\nwhere' })).to.equal(
      'FAIL a\n     why\n     where',
    );
    expect(tally.add({ title: 'b', outcome: 'passed' })).to.equal(undefined);
    expect(tally.add({ title: 'c', outcome: 'skipped' })).to.equal('skip c');
    expect(tally.counts).to.deep.equal({ passed: 1, failed: 1, skipped: 1 });
  });
});
