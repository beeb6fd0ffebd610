import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { onPins } from '../pins.test.ts';

/** bench/ of the checkout, where make builds; this file runs from dist/bench/c. */
const BENCH = join(import.meta.dirname, '..', '..', '..', 'bench');

const SMALL = ['--maps', '40', '--entries', '30'];

describe('bench: C programs', () => {
  before(function () {
    this.timeout(120_000);
    const missing = process.getuid?.() === 0 ? missingPackages() : 'not root';
    if (missing === '') execFileSync('make', ['--silent', '-C', BENCH, 'c']);
    else if (process.env['CI'] === 'true') throw new Error(`Cannot test the C programs: ${missing}`);
    else {
      console.log(`      skipped: ${missing}`);
      this.skip();
    }
  });

  for (const type of ['hash', 'lpm', 'array']) {
    for (const threads of ['1', '2']) {
      for (const what of ['apply', 'change', 'drift', 'delete', 'fill']) {
        it(`bulk ${what} does its work: inner type ${type}, ${threads} threads`, () => {
          const answer = measure('bulk', what, '--type', type, '--threads', threads, ...SMALL);
          expect(answer).to.include({ what, entries: 30, threads: Number(threads) });
          expect(answer.seconds).to.be.above(0);
        });
      }
    }
  }

  it('bulk works in chunks where few files may be open', () => {
    const command = `ulimit -n 80 && exec ${join(BENCH, 'build', 'bulk')} drift --threads 2 ${SMALL.join(' ')}`;
    expect(answerOf(run('bash', '-c', command))).to.include({ what: 'drift', maps: 40 });
  });

  it('bulk delete takes the inner maps out of an array by many threads', () => {
    const answer = measure('bulk', 'delete', '--outer', 'array', '--threads', '40', ...SMALL);
    expect(answer).to.include({ what: 'delete', threads: 40 });
  });

  describe('with --pins', () => {
    const pins = onPins();

    for (const words of [
      ...['apply', 'change', 'drift', 'delete', 'fill'].map(what => ['bulk', what]),
      ['bulk', 'delete', '--outer', 'array', '--threads', '20'],
      ['onebyone'],
    ])
      it(`${words.join(' ')} leaves no pin`, () => {
        const [program, ...rest] = words;
        expect(measure(program!, ...rest, ...SMALL, '--pins', pins()).seconds).to.be.above(0);
        expect(readdirSync(pins())).to.deep.equal([]);
      });

    for (const words of [['bulk', 'apply'], ['bulk', 'delete'], ['onebyone']])
      it(`${words.join(' ')} pins each inner map by its key`, () => {
        mkdirSync(join(pins(), '05000000'));
        const [program, ...rest] = words;
        expect(() => measure(program!, ...rest, ...SMALL, '--pins', pins())).to.throw(
          'Cannot pin inner map 5 at 05000000: File exists',
        );
      });

    it('bulk change pins under temporary names, which it renames', () => {
      mkdirSync(join(pins(), '05000000-new'));
      expect(() => measure('bulk', 'change', ...SMALL, '--pins', pins())).to.throw(
        'Cannot pin inner map 5 at 05000000-new: File exists',
      );
      expect(readdirSync(pins())).to.include.members(['00000000', '00000000-new', '27000000']);
    });

    it('a pin is for root alone', () => {
      mkdirSync(join(pins(), '05000000'));
      expect(() => measure('bulk', 'apply', ...SMALL, '--pins', pins())).to.throw();
      expect(statSync(join(pins(), '04000000')).mode & 0o777).to.equal(0o600);
    });

    it('a directory that is not there is an error that names it', () => {
      expect(() => measure('bulk', 'apply', ...SMALL, '--pins', join(pins(), 'none'))).to.throw(
        `Cannot make pins in ${pins()}/none`,
      );
    });
  });

  it('onebyone waits a grace period for each insert, apply once for all', () => {
    const slow = measure('onebyone', ...SMALL).seconds;
    const fast = Math.min(...[1, 2, 3].map(() => measure('bulk', 'apply', ...SMALL).seconds));
    // Kernels from 6.19 wait 0.1 ms, earlier ones 4 ms and more.
    expect(slow).to.be.above(fast);
  });

  it('an unknown argument is an error that names it', () => {
    expect(() => measure('bulk', 'apply', '--map', '3')).to.throw('--map is unknown');
    expect(() => measure('bulk', 'apply', '--maps', '0')).to.throw('0 is not an integer');
    expect(() => measure('bulk', 'apply', '--max-entries', '3')).to.throw('Cannot fill 100 entries');
  });
});

function measure(program: string, ...words: readonly string[]) {
  return answerOf(run(join(BENCH, 'build', program), ...words));
}

function run(program: string, ...words: readonly string[]): string {
  return execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function answerOf(line: string): { readonly seconds: number } {
  return JSON.parse(line) as { seconds: number };
}

function missingPackages(): string {
  const places = { make: '/usr/bin/make', gcc: '/usr/bin/cc', 'libbpf-dev': '/usr/include/bpf/libbpf.h' };
  const missing = Object.entries(places).filter(([, place]) => !existsSync(place));
  return missing.length === 0
    ? ''
    : `missing ${missing.map(([name]) => name).join(', ')}, apt-get install brings them`;
}
