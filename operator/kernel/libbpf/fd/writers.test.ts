import { spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openLibrary } from '../library.ts';
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
});
