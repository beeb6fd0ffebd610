import { spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openLibrary } from '../library.ts';
import { lacking, run } from '../scratch.test.ts';
import { isAlone } from './alone.ts';
import { openForWriting } from './writers.ts';

const NOBODY = 65534;

describe('openForWriting', () => {
  const folder = mkdtempSync(join(tmpdir(), 'innermap-writers-'));
  const file = join(folder, 'a.yaml');
  const library = openLibrary();

  beforeEach(() => writeFileSync(file, 'x'));
  afterEach(() => process.seteuid!(0));
  after(() => rmSync(folder, { recursive: true }));

  it('says true while somebody has the file open for writing, and false before, after and for readers', () => {
    expect(openForWriting(library, file)).to.equal(false);
    const reader = openSync(file, 'r');
    expect(openForWriting(library, file)).to.equal(false);
    const writer = openSync(file, 'a');
    expect(openForWriting(library, file)).to.equal(true);
    closeSync(writer);
    expect(openForWriting(library, file)).to.equal(false);
    closeSync(reader);
  });

  it('is ended by no writer that comes between, holds none up, and leaves no descriptor', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const count = join(folder, 'count');
    const script = `i=0; while [ $i -lt 3000 ]; do : > ${file}; i=$((i+1)); done; echo $i > ${count}`;
    const writer = spawn('sh', ['-c', script], { stdio: 'ignore' });
    const ended = new Promise<number | null>(done => writer.once('exit', done));
    let asked = 0;
    while (writer.exitCode === null && writer.signalCode === null) {
      for (let round = 0; round < 100; round++) openForWriting(library, file);
      asked += 100;
      await new Promise(setImmediate);
    }
    expect(await ended).to.equal(0);
    expect(readFileSync(count, 'utf8')).to.equal('3000\n');
    expect(asked).to.be.greaterThan(100);
    expect(readdirSync('/proc/self/fd')).to.have.length(before);
  });

  it('knows nothing of what is no file, is gone, or is another’s without CAP_LEASE', function () {
    expect(openForWriting(library, folder)).to.equal(undefined);
    expect(openForWriting(library, join(folder, 'none'))).to.equal(undefined);
    if (process.getuid!() !== 0) this.skip();
    chownSync(folder, NOBODY, NOBODY);
    process.seteuid!(NOBODY);
    expect(openForWriting(library, file)).to.equal(undefined);
  });

  /** On a file system of its own: before somebody opens a file for writing, meanwhile, and after. */
  function answersOn(type: string, ...options: readonly string[]): readonly (boolean | undefined)[] {
    const mount = join(folder, 'mount');
    mkdirSync(mount);
    try {
      run('mount', '-t', type, ...options, 'innermap', mount);
    } catch (error) {
      rmdirSync(mount);
      throw error;
    }
    try {
      const inside = join(mount, 'a.yaml');
      closeSync(openSync(inside, 'w'));
      const before = openForWriting(library, inside);
      const writer = openSync(inside, 'r+');
      const meanwhile = openForWriting(library, inside);
      closeSync(writer);
      return [before, meanwhile, openForWriting(library, inside)];
    } finally {
      run('umount', mount);
      rmdirSync(mount);
    }
  }

  it('believes the kernel on a tmpfs', function () {
    if (process.getuid!() !== 0) this.skip();
    expect(answersOn('tmpfs')).to.deep.equal([false, true, false]);
  });

  it('believes the kernel on an overlay', function () {
    if (process.getuid!() !== 0) this.skip();
    if (!mountable('overlay')) lacking(this, 'overlay');
    const [lower, upper, work] = ['lower', 'upper', 'work'].map(name => join(folder, name)) as [
      string,
      string,
      string,
    ];
    run('mount', '-t', 'tmpfs', 'innermap', folder);
    for (const name of [lower, upper, work]) mkdirSync(name);
    try {
      const layers = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
      expect(answersOn('overlay', '-o', layers)).to.deep.equal([false, true, false]);
    } finally {
      run('umount', folder);
    }
  });

  it('knows nothing on a file system that it does not know, though the kernel has an answer', function () {
    if (process.getuid!() !== 0) this.skip();
    if (!mountable('hugetlbfs')) lacking(this, 'hugetlbfs');
    expect(answersOn('hugetlbfs')).to.deep.equal([undefined, undefined, undefined]);
  });
});

/** A module of it is loaded by the first try. */
function mountable(type: string): boolean {
  const isThere = () => new RegExp(`\\t${type}$`, 'm').test(readFileSync('/proc/filesystems', 'utf8'));
  return isThere() || (tried(() => run('modprobe', type)) && isThere());
}

function tried(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

describe('isAlone', () => {
  for (const [name, magic, expected] of [
    ['ext4', 0xef53, true],
    ['xfs', 0x58465342, true],
    ['btrfs', 0x9123683e, true],
    ['tmpfs', 0x01021994, true],
    ['overlay', 0x794c7630, true],
    ['NFS', 0x6969, false],
    ['CIFS', 0xff534d42, false],
    ['SMB2', 0xfe534d42, false],
    ['Ceph', 0x00c36400, false],
    ['AFS', 0x5346414f, false],
    ['kAFS', 0x6b414653, false],
    ['9P', 0x01021997, false],
    ['FUSE', 0x65735546, false],
    ['OCFS2', 0x7461636f, false],
  ] as const)
    it(`says ${expected} of ${name}, whose number may be signed`, () => {
      expect(isAlone(magic)).to.equal(expected);
      expect(isAlone(magic | 0)).to.equal(expected);
    });
});
