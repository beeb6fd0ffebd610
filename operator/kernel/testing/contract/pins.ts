import { expect } from 'chai';
import type { Errno } from '../../error.ts';
import type { KernelFixture } from './fixture.ts';
import { failureOf } from './fixture.ts';
import { lockContract } from './lock.ts';
import { watchContract } from './watch.ts';

/** What a bpffs does. */
export function pinsContract(stand: () => KernelFixture): void {
  describe('directories', () => directoryContract(stand));
  describe('pins', () => pinContract(stand));
  describe('records', () => recordContract(stand));
  describe('lock', () => lockContract(stand));
  describe('watch', () => watchContract(stand));
}

function directoryContract(stand: () => KernelFixture): void {
  const pins = () => stand().kernel.pins;

  it('root: where the kernel works', () => {
    expect(stand().path('x').startsWith(`${pins().root}/`)).to.equal(true);
    expect(pins().exists(pins().root)).to.equal(true);
  });

  it('makeDirectory: with all parents, and again without an error', () => {
    pins().makeDirectory(stand().path('a/b/c'));
    pins().makeDirectory(stand().path('a/b/c'));
    expect(pins().list(stand().path('a'))).to.deep.equal(['b']);
    expect(pins().exists(stand().path('a/b/c'))).to.equal(true);
  });

  it('makeDirectory: a name with a dot is EPERM, one over 255 bytes ENAMETOOLONG', () => {
    expect(failureOf(() => pins().makeDirectory(stand().path('a.b')))?.errno).to.equal('EPERM');
    expect(failureOf(() => pins().makeDirectory(stand().path('a'.repeat(256))))?.errno).to.equal(
      'ENAMETOOLONG',
    );
    pins().makeDirectory(stand().path('a'.repeat(255)));
  });

  it('removeDirectory: no error where nothing is', () => {
    pins().removeDirectory(stand().path('nothing'));
  });

  it('makeDirectory: where a pin is, is EEXIST', async () => {
    await stand().inner('pin');
    expect(failureOf(() => pins().makeDirectory(stand().path('pin')))?.errno).to.equal('EEXIST');
  });

  it('list and exists: nothing is below a pin', async () => {
    await stand().inner('pin');
    expect(pins().list(stand().path('pin'))).to.deep.equal([]);
    expect(pins().exists(stand().path('pin/below'))).to.equal(false);
    expect(pins().exists(stand().path('nothing'))).to.equal(false);
  });

  it('isDirectory: not a pin, not a record, not what is below them or not there', async () => {
    await stand().inner('pin');
    pins().writeRecord(stand().path('record'), stand().path('a'));
    pins().makeDirectory(stand().path('a'));
    const names = ['a', 'pin', 'record', 'pin/below', 'nothing'];
    expect(names.filter(name => pins().isDirectory(stand().path(name)))).to.deep.equal(['a']);
  });

  it('removeDirectory: an empty one; ENOTEMPTY while anything is in it', () => {
    pins().makeDirectory(stand().path('a/b'));
    expect(failureOf(() => pins().removeDirectory(stand().path('a')))?.errno).to.equal('ENOTEMPTY');
    pins().removeDirectory(stand().path('a/b'));
    pins().removeDirectory(stand().path('a'));
    expect(pins().exists(stand().path('a'))).to.equal(false);
  });

  it('list: names of pins, directories and records; none of what is not there', async () => {
    pins().makeDirectory(stand().path('a/directory'));
    pins().writeRecord(stand().path('a/record'), 'text');
    await stand().inner('pin', { pin: stand().path('a/pin') });
    expect([...pins().list(stand().path('a'))].sort()).to.deep.equal(['directory', 'pin', 'record']);
    expect(pins().list(stand().path('nothing'))).to.deep.equal([]);
  });
}

function pinContract(stand: () => KernelFixture): void {
  const pins = () => stand().kernel.pins;

  it('pin: a map at two pins stays until both are unlinked', () => {
    const outer = stand().hashOfMaps();
    pins().pin(outer, stand().path('first'), 0o600);
    pins().pin(outer, stand().path('second'), 0o644);
    outer.close();
    pins().unlink(stand().path('first'));
    const again = stand().kernel.open(stand().path('second'));
    expect(again.id).to.equal(outer.id);
    again.close();
    pins().unlink(stand().path('second'));
    expect(stand().isGone(outer.id)).to.not.equal(false);
  });

  const refused: readonly (readonly [string, string, Errno])[] = [
    ['a taken name', 'taken', 'EEXIST'],
    ['a directory', 'directory', 'EEXIST'],
    ['a missing directory', 'missing/pin', 'ENOENT'],
    ['a name with a dot', 'a.b', 'EPERM'],
    ['a name over 255 bytes', 'a'.repeat(256), 'ENAMETOOLONG'],
  ];
  for (const [what, path, errno] of refused) {
    it(`pin: at ${what} is ${errno}`, () => {
      const outer = stand().hashOfMaps();
      pins().makeDirectory(stand().path('directory'));
      pins().pin(outer, stand().path('taken'), 0o600);
      expect(failureOf(() => pins().pin(outer, stand().path(path), 0o600))?.errno).to.equal(errno);
    });
  }

  it('pin: a name of 255 bytes', () => {
    pins().pin(stand().hashOfMaps(), stand().path('a'.repeat(255)), 0o600);
    expect(stand().names()).to.deep.equal(['a'.repeat(255)]);
  });

  it('open: a directory is no map', () => {
    pins().makeDirectory(stand().path('directory'));
    expect(failureOf(() => stand().kernel.open(stand().path('directory')))?.errno).to.equal('EACCES');
  });

  it('rename: over another pin, whose map goes', async () => {
    const old = await stand().inner('live');
    const fresh = await stand().inner('temporary');
    old.close();
    pins().rename(stand().path('temporary'), stand().path('live'));
    expect(pins().exists(stand().path('temporary'))).to.equal(false);
    expect(stand().keep(stand().kernel.open(stand().path('live'))).id).to.equal(fresh.id);
    expect(stand().isGone(old.id)).to.not.equal(false);
  });

  it('rename: of nothing is ENOENT, to a name with a dot EPERM', async () => {
    await stand().inner('pin');
    expect(failureOf(() => pins().rename(stand().path('nothing'), stand().path('pin')))?.errno).to.equal(
      'ENOENT',
    );
    expect(failureOf(() => pins().rename(stand().path('pin'), stand().path('a.b')))?.errno).to.equal('EPERM');
    expect(pins().exists(stand().path('pin'))).to.equal(true);
  });

  it('rename: a pin over a directory is EISDIR, a directory over a pin ENOTDIR', async () => {
    await stand().inner('pin');
    pins().makeDirectory(stand().path('directory'));
    const [pin, directory] = [stand().path('pin'), stand().path('directory')];
    expect(failureOf(() => pins().rename(pin, directory))?.errno).to.equal('EISDIR');
    expect(failureOf(() => pins().rename(directory, pin))?.errno).to.equal('ENOTDIR');
  });

  it('rename: a directory with what is in it, over an empty one alone', async () => {
    for (const name of ['a', 'b/c', 'empty']) pins().makeDirectory(stand().path(name));
    const { id } = await stand().inner('pin', { pin: stand().path('a/pin') });
    const rename = (from: string, to: string) =>
      failureOf(() => pins().rename(stand().path(from), stand().path(to)));
    expect(rename('a', 'b')?.errno).to.equal('ENOTEMPTY');
    expect(rename('b', 'b/c/d')?.errno).to.equal('EINVAL');
    expect(rename('a', 'empty')).to.equal(undefined);
    expect(await stand().kernel.identify([stand().path('empty/pin')])).to.deep.equal([id]);
  });

  it('unlink: no error where nothing is; a directory is refused', () => {
    pins().unlink(stand().path('nothing'));
    pins().makeDirectory(stand().path('directory'));
    expect(failureOf(() => pins().unlink(stand().path('directory')))?.errno).to.equal('EISDIR');
  });
}

function recordContract(stand: () => KernelFixture): void {
  const pins = () => stand().kernel.pins;
  const path = () => stand().path('record');

  it('readRecord: what writeRecord wrote; undefined where nothing is', () => {
    expect(pins().readRecord(path())).to.equal(undefined);
    pins().writeRecord(path(), '{"made":true,"pin":"/a/b.c","who":"Zoë"}');
    expect(pins().readRecord(path())).to.equal('{"made":true,"pin":"/a/b.c","who":"Zoë"}');
    expect(pins().exists(path())).to.equal(true);
  });

  it('writeRecord: replaces an older one, and leaves nothing beside it', () => {
    pins().writeRecord(path(), 'first');
    pins().writeRecord(path(), 'second');
    expect(pins().readRecord(path())).to.equal('second');
    expect(stand().names()).to.deep.equal(['record']);
  });

  it('writeRecord: takes 4,000 bytes', () => {
    pins().writeRecord(path(), 'x'.repeat(4000));
    expect(pins().readRecord(path())).to.equal('x'.repeat(4000));
  });

  it('writeRecord: more than 4,000 bytes are ENAMETOOLONG, none are EINVAL, and the older record stays', () => {
    pins().writeRecord(path(), 'first');
    expect(failureOf(() => pins().writeRecord(path(), 'é'.repeat(2001)))?.errno).to.equal('ENAMETOOLONG');
    expect(failureOf(() => pins().writeRecord(path(), ''))?.errno).to.equal('EINVAL');
    expect(pins().readRecord(path())).to.equal('first');
    expect(stand().names()).to.deep.equal(['record']);
  });

  it('readRecord: of a pin is EINVAL', async () => {
    await stand().inner('pin');
    expect(failureOf(() => pins().readRecord(stand().path('pin')))?.errno).to.equal('EINVAL');
  });

  it('writeRecord: in a missing directory is ENOENT', () => {
    expect(failureOf(() => pins().writeRecord(stand().path('missing/record'), 'x'))?.errno).to.equal(
      'ENOENT',
    );
  });

  it('unlink: removes a record', () => {
    pins().writeRecord(path(), 'first');
    pins().unlink(path());
    expect(pins().exists(path())).to.equal(false);
    expect(pins().readRecord(path())).to.equal(undefined);
  });

  it('rename: moves a record', () => {
    pins().writeRecord(path(), 'first');
    pins().rename(path(), stand().path('moved'));
    expect(pins().readRecord(stand().path('moved'))).to.equal('first');
    expect(pins().readRecord(path())).to.equal(undefined);
  });
}
