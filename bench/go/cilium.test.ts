import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { BENCH, sampleOf } from '../child.ts';
import { onPins } from '../pins.test.ts';

const SMALL = ['--maps', '40', '--entries', '30'];

describe('bench: cilium/ebpf', () => {
  const pins = onPins();

  before(function () {
    this.timeout(120_000);
    const missing = process.getuid?.() === 0 ? missingGo() : 'not root';
    if (missing === '') execFileSync('make', ['--silent', '-C', BENCH, 'go']);
    else if (process.env['CI'] === 'true') throw new Error(`Cannot test cilium: ${missing}`);
    else {
      console.log(`      skipped: ${missing}`);
      this.skip();
    }
  });

  it('apply does its work, with pins and without, and leaves nothing', () => {
    for (const more of [[], ['--pins', pins()]]) {
      const sample = sampleOf(cilium('apply', ...SMALL, ...more), 'cilium');
      expect(sample).to.include({ maps: 40, entries: 30 });
      expect(sample.seconds).to.be.above(0);
    }
    expect(readdirSync(pins())).to.deep.equal([]);
  });

  it('apply works in chunks where few files may be open', () => {
    const program = join(BENCH, 'build', 'cilium');
    const command = `ulimit -n 80 && exec ${program} apply ${SMALL.join(' ')} --pins ${pins()}`;
    expect(sampleOf(execFileSync('bash', ['-c', command], { encoding: 'utf8' }), 'cilium')).to.include({
      maps: 40,
    });
  });

  it('apply pins each inner map by its key', () => {
    mkdirSync(join(pins(), '05000000'));
    expect(() => cilium('apply', ...SMALL, '--pins', pins())).to.throw('Cannot pin inner map 5');
  });

  it('an unknown argument is an error', () => {
    expect(() => cilium('change')).to.throw('cilium apply [--maps N]');
    expect(() => cilium('apply', '--maps', '0')).to.throw('Cannot read arguments');
  });
});

function cilium(...words: readonly string[]): string {
  return execFileSync(join(BENCH, 'build', 'cilium'), words, { encoding: 'utf8', stdio: 'pipe' });
}

function missingGo(): string {
  try {
    execFileSync('go', ['version']);
    return '';
  } catch {
    return 'Go is not installed';
  }
}
