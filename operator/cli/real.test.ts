import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { openKernel } from '../kernel/libbpf/kernel.ts';
import { onRealKernel, Scratch } from '../kernel/libbpf/scratch.test.ts';
import type { Lock } from '../kernel/pins.ts';
import { ARRAYS_OF_OTHER_SIZES, foreignMaps } from './testing/exports.ts';
import { makeForeign } from './testing/foreign.ts';

/** The folder that holds package.json and crds/. */
function repository(): string {
  let directory = import.meta.dirname;
  while (!existsSync(join(directory, 'crds')) || !existsSync(join(directory, 'tsconfig.json')))
    directory = dirname(directory);
  return directory;
}

const PROGRAM = join(repository(), 'bin', 'innermap.js');

function innermap(...args: readonly string[]) {
  return ran([process.execPath, PROGRAM, ...args]);
}

/** Where this file of native/ cannot be loaded: it is hidden from it. */
function without(file: string, ...args: readonly string[]) {
  const hidden = `mount --bind /dev/null ${join(repository(), 'native', file)} && exec "$@"`;
  return ran(['unshare', '--mount', 'sh', '-c', hidden, 'sh', process.execPath, PROGRAM, ...args]);
}

/** Where nothing can be loaded that reads templates. */
function withoutTemplates(...args: readonly string[]) {
  return without('template.bpf.o', ...args);
}

function ran([command = '', ...args]: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return { code: status, out: stdout, error: stderr };
}

describe('bin/innermap.js', () => {
  it('is the program: executable, with the version of package.json', () => {
    const { version } = JSON.parse(readFileSync(join(repository(), 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(execFileSync(PROGRAM, ['--version'], { encoding: 'utf8' })).to.equal(`innermap ${version}\n`);
  });

  it('answers with the exit code of its command', () => {
    expect(innermap('--help').code).to.equal(0);
    expect(innermap('stauts').code).to.equal(2);
    expect(innermap('status', '--report', '/nowhere').code).to.equal(2);
  });

  it('a reader that goes away ends it in silence', () => {
    const line = `"${process.execPath}" "${PROGRAM}" agent --help | head -1`;
    const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
    expect([status, stderr]).to.deep.equal([0, '']);
  });

  it('ends with 2 and a sentence where nothing is left that its command could wait for', () => {
    const directory = mkdtempSync(join(tmpdir(), 'innermap-bin-'));
    try {
      mkdirSync(join(directory, 'bin'));
      mkdirSync(join(directory, 'dist', 'operator'), { recursive: true });
      const copy = join(directory, 'bin', 'innermap.cjs');
      writeFileSync(copy, readFileSync(PROGRAM));
      writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
      const main = join(directory, 'dist', 'operator', 'main.js');
      writeFileSync(main, 'export const main = () => new Promise(() => {});');
      const { code, error } = ran([process.execPath, copy, 'get']);
      expect(code, error).to.equal(2);
      expect(error).to.match(/^Error: Cannot finish: .*\n$/);
      writeFileSync(main, 'export const main = () => Promise.resolve(1);');
      expect(ran([process.execPath, copy, 'get'])).to.deep.equal({ code: 1, out: '', error: '' });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('without what tsc makes says what to run', () => {
    const directory = mkdtempSync(join(tmpdir(), 'innermap-bin-'));
    try {
      const copy = join(directory, 'innermap.cjs');
      writeFileSync(copy, readFileSync(PROGRAM));
      const { status, stderr } = spawnSync(process.execPath, [copy], { encoding: 'utf8' });
      expect([status, stderr]).to.deep.equal([
        2,
        'Cannot find dist/operator/main.js: run npm ci, or npm run build after a change\n',
      ]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

onRealKernel('commands on the real kernel', function () {
  this.timeout(60_000);
  let scratch: Scratch;
  let folder: string;
  beforeEach(() => {
    scratch = new Scratch();
    folder = mkdtempSync(join(tmpdir(), 'innermap-folder-'));
  });
  afterEach(() => {
    scratch.close();
    rmSync(folder, { recursive: true });
  });
  const here = () => ['--bpffs', scratch.root];
  const once = () => [
    'agent',
    '--manifests',
    folder,
    '--once',
    '--report',
    join(folder, 'report'),
    ...here(),
  ];

  for (const what of Object.keys(foreignMaps('', 1))) {
    it(`export of ${what}, applied, is as it was; clean leaves it as it was`, () =>
      roundTrip(what, innermap));
  }

  it('export without the template: an array as small as the smallest', () =>
    roundTrip(ARRAYS_OF_OTHER_SIZES, withoutTemplates));

  it('without libinnermap.so: validate works, plan and get say how it is built', () => {
    const examples = join(repository(), 'examples');
    const [validated, ...others] = [
      ['validate', examples],
      ['plan', examples, ...here()],
      ['get', ...here()],
    ].map(words => without('build/libinnermap.so', ...words));
    expect([validated?.code, validated?.out]).to.deep.equal([0, innermap('validate', examples).out]);
    for (const { code, error } of others) {
      expect(code).to.equal(2);
      expect(error).to.match(
        /Cannot load \S+libinnermap.so: ENOENT, it is built where a C compiler is: install one/,
      );
    }
  });

  it('the examples: planned, programmed, shown, cleaned away', () => {
    const examples = join(repository(), 'examples');
    const agent = ['agent', '--manifests', examples, '--once', '--report', join(folder, 'report'), ...here()];
    expect(innermap('plan', examples, ...here()).code).to.equal(1);
    expect(innermap(...agent).code).to.equal(0);
    expect(innermap('plan', examples, ...here()).code).to.equal(0);
    const past = innermap('status', '--report', join(folder, 'report'));
    expect([past.code, past.out.includes('No agent runs: as of ')]).to.deep.equal([1, true]);
    const lock = scratch.open().pins.lock(scratch.path('innermap')) as Lock;
    const status = innermap('status', '--report', join(folder, 'report'));
    lock.release();
    expect([status.code, status.out.includes('Ready: ')]).to.deep.equal([0, true]);
    const names = (JSON.parse(innermap('get', '-o', 'json', ...here()).out) as { name: string }[]).map(
      ({ name }) => name,
    );
    expect(names).to.not.deep.equal([]);
    for (const name of names) expect(innermap('get', name, ...here())).to.include({ code: 0, error: '' });
    const clean = innermap('clean', '--yes', '--report', join(folder, 'report'), ...here());
    expect([clean.code, existsSync(join(folder, 'report'))]).to.deep.equal([0, false]);
    expect(readdirSync(scratch.root).filter(name => !name.endsWith('.debug'))).to.deep.equal([]);
  });

  async function roundTrip(what: string, exporting: typeof innermap): Promise<void> {
    const kernel = scratch.open();
    const foreign = foreignMaps(scratch.root, kernel.possibleCpus)[what]!;
    await makeForeign(kernel, foreign);
    const exported = exporting('export', foreign.pin, ...here());
    expect(exported.code, exported.error).to.equal(0);
    writeFileSync(join(folder, 'exported.yaml'), exported.out);
    const valid = new RegExp(`, ${foreign.maps.length} inner maps?,.*: no errors$`);
    expect(innermap('validate', folder).out.trimEnd()).to.match(valid);
    const idsBefore = await idsOf(foreign.pin);
    expect(innermap(...once()).code).to.equal(0);
    expect(await idsOf(foreign.pin), 'inner maps that were replaced').to.deep.equal(idsBefore);
    expect(innermap('plan', folder, ...here())).to.deep.equal({
      code: 0,
      out: 'Nothing to do: the kernel is as declared\n',
      error: '',
    });
    expect(exporting('export', foreign.pin, ...here()).out).to.equal(exported.out);
    expect(innermap('clean', '--yes', ...here()).code).to.equal(0);
    expect(exporting('export', foreign.pin, ...here()).out).to.equal(exported.out);
    expect(readdirSync(scratch.root)).to.not.include('innermap');
  }

  async function idsOf(pin: string): Promise<readonly number[]> {
    const kernel = openKernel({ bpffs: scratch.root });
    const outer = kernel.open(pin);
    try {
      return [...(await kernel.readOuter(outer)).ids].sort();
    } finally {
      outer.close();
      kernel.close();
    }
  }
});
