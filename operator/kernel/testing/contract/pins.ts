import { expect } from 'chai';
import { type Errno, KernelError } from '../../error.ts';
import type { KernelFixture } from './fixture.ts';
import { failureOf } from './fixture.ts';
import { listingContract } from './listing.ts';
import { lockContract } from './lock.ts';
import { watchContract } from './watch.ts';

/** The contract of a bpffs. */
export function pinsContract(fixture: () => KernelFixture): void {
  describe('directories', () => directoryContract(fixture));
  describe('listings', () => listingContract(fixture));
  describe('pins', () => pinContract(fixture));
  describe('records', () => recordContract(fixture));
  describe('lock', () => lockContract(fixture));
  describe('watch', () => watchContract(fixture));
}

function directoryContract(fixture: () => KernelFixture): void {
  const pins = () => fixture().kernel.pins;

  it('root: where the kernel works', () => {
    expect(fixture().path('x').startsWith(`${pins().root}/`)).to.equal(true);
    expect(pins().exists(pins().root)).to.equal(true);
  });

  it('makeDirectory: with all parents, and again without an error', () => {
    pins().makeDirectory(fixture().path('a/b/c'));
    pins().makeDirectory(fixture().path('a/b/c'));
    expect(pins().list(fixture().path('a'))).to.deep.equal(['b']);
    expect(pins().exists(fixture().path('a/b/c'))).to.equal(true);
  });

  it('makeDirectory: a name with a dot is EPERM, one over 255 bytes ENAMETOOLONG', () => {
    expect(failureOf(() => pins().makeDirectory(fixture().path('a.b')))?.errno).to.equal('EPERM');
    expect(failureOf(() => pins().makeDirectory(fixture().path('a'.repeat(256))))?.errno).to.equal(
      'ENAMETOOLONG',
    );
    pins().makeDirectory(fixture().path('a'.repeat(255)));
  });

  it('makeDirectory: all may enter, unless a mode is given, which its new parents have too', () => {
    const { outside } = fixture().opened;
    pins().makeDirectory(fixture().path('open/below'));
    pins().makeDirectory(fixture().path('closed/below'), 0o700);
    const names = ['open', 'open/below', 'closed', 'closed/below'];
    const modes = names.map(name => outside.modeOf(fixture().path(name)));
    expect(modes).to.deep.equal([0o755, 0o755, 0o700, 0o700]);
  });

  it('after the bpffs was unmounted: requireMounted, makeDirectory and writeRecord are EINVAL and write nothing', () => {
    const { outside } = fixture().opened;
    pins().requireMounted();
    outside.unmount();
    const calls = [
      () => pins().requireMounted(),
      () => pins().makeDirectory(fixture().path('innermap/tenants')),
      () => pins().writeRecord(fixture().path('record'), 'text'),
    ];
    expect(calls.map(call => failureOf(call)?.errno)).to.deep.equal(['EINVAL', 'EINVAL', 'EINVAL']);
    expect(pins().list(fixture().opened.root)).to.deep.equal([]);
    outside.mount();
    pins().requireMounted();
  });

  it('removeDirectory: no error where nothing is', () => {
    pins().removeDirectory(fixture().path('nothing'));
  });

  it('makeDirectory: where a pin is, is EEXIST', async () => {
    await fixture().inner('pin');
    expect(failureOf(() => pins().makeDirectory(fixture().path('pin')))?.errno).to.equal('EEXIST');
  });

  it('list and exists: nothing is below a pin', async () => {
    await fixture().inner('pin');
    expect(pins().list(fixture().path('pin'))).to.deep.equal([]);
    expect(pins().exists(fixture().path('pin/below'))).to.equal(false);
    expect(pins().exists(fixture().path('nothing'))).to.equal(false);
  });

  it('isDirectory: not a pin, not a record, not what is below them or not there', async () => {
    await fixture().inner('pin');
    pins().writeRecord(fixture().path('record'), fixture().path('a'));
    pins().makeDirectory(fixture().path('a'));
    const names = ['a', 'pin', 'record', 'pin/below', 'nothing'];
    expect(names.filter(name => pins().isDirectory(fixture().path(name)))).to.deep.equal(['a']);
  });

  it('removeDirectory: an empty one; ENOTEMPTY while anything is in it', () => {
    pins().makeDirectory(fixture().path('a/b'));
    expect(failureOf(() => pins().removeDirectory(fixture().path('a')))?.errno).to.equal('ENOTEMPTY');
    pins().removeDirectory(fixture().path('a/b'));
    pins().removeDirectory(fixture().path('a'));
    expect(pins().exists(fixture().path('a'))).to.equal(false);
  });

  it('list: names of pins, directories and records; none of what is not there', async () => {
    pins().makeDirectory(fixture().path('a/directory'));
    pins().writeRecord(fixture().path('a/record'), 'text');
    await fixture().inner('pin', { pins: [fixture().path('a/pin')] });
    expect([...pins().list(fixture().path('a'))].sort()).to.deep.equal(['directory', 'pin', 'record']);
    expect(pins().list(fixture().path('nothing'))).to.deep.equal([]);
  });
}

function pinContract(fixture: () => KernelFixture): void {
  const pins = () => fixture().kernel.pins;

  it('pin: a map at two pins stays until both are unlinked', () => {
    const outer = fixture().hashOfMaps();
    pins().pin(outer, fixture().path('first'), 0o600);
    pins().pin(outer, fixture().path('second'), 0o644);
    outer.close();
    pins().unlink(fixture().path('first'));
    const again = fixture().kernel.open(fixture().path('second'));
    expect(again.id).to.equal(outer.id);
    again.close();
    pins().unlink(fixture().path('second'));
    expect(fixture().isGone(outer.id)).to.not.equal(false);
  });

  const refused: readonly (readonly [string, string, Errno])[] = [
    ['a taken name', 'taken', 'EEXIST'],
    ['a directory', 'directory', 'EEXIST'],
    ['a symlink to nothing', 'dangling', 'EEXIST'],
    ['a missing directory', 'missing/pin', 'ENOENT'],
    ['a name with a dot', 'a.b', 'EPERM'],
    ['a name over 255 bytes', 'a'.repeat(256), 'ENAMETOOLONG'],
  ];
  for (const [what, path, errno] of refused) {
    it(`pin: at ${what} is ${errno}`, () => {
      const outer = fixture().hashOfMaps();
      pins().makeDirectory(fixture().path('directory'));
      pins().writeRecord(fixture().path('dangling'), fixture().path('nothing'));
      pins().pin(outer, fixture().path('taken'), 0o600);
      expect(failureOf(() => pins().pin(outer, fixture().path(path), 0o600))?.errno).to.equal(errno);
    });
  }

  it('pin: a name of 255 bytes', () => {
    pins().pin(fixture().hashOfMaps(), fixture().path('a'.repeat(255)), 0o600);
    expect(fixture().names()).to.deep.equal(['a'.repeat(255)]);
  });

  it('open, identify: a symlink is ELOOP, whether it leads to a map or to nothing', async () => {
    await fixture().inner('pin');
    pins().writeRecord(fixture().path('link'), fixture().path('pin'));
    pins().writeRecord(fixture().path('dangling'), fixture().path('nothing'));
    const errnos = ['link', 'dangling'].map(
      name => failureOf(() => fixture().kernel.open(fixture().path(name)))?.errno,
    );
    expect(errnos).to.deep.equal(['ELOOP', 'ELOOP']);
    const found = await fixture().kernel.identify(['link', 'dangling'].map(name => fixture().path(name)));
    expect(found.map(one => one instanceof KernelError && one.errno)).to.deep.equal(errnos);
  });

  it('open: a directory is no map', () => {
    pins().makeDirectory(fixture().path('directory'));
    expect(failureOf(() => fixture().kernel.open(fixture().path('directory')))?.errno).to.equal('EACCES');
  });

  it('rename: over another pin, whose map goes', async () => {
    const old = await fixture().inner('live');
    const fresh = await fixture().inner('temporary');
    old.close();
    pins().rename(fixture().path('temporary'), fixture().path('live'));
    expect(pins().exists(fixture().path('temporary'))).to.equal(false);
    expect(fixture().keep(fixture().kernel.open(fixture().path('live'))).id).to.equal(fresh.id);
    expect(fixture().isGone(old.id)).to.not.equal(false);
  });

  it('rename: of nothing is ENOENT, to a name with a dot EPERM', async () => {
    await fixture().inner('pin');
    expect(failureOf(() => pins().rename(fixture().path('nothing'), fixture().path('pin')))?.errno).to.equal(
      'ENOENT',
    );
    expect(failureOf(() => pins().rename(fixture().path('pin'), fixture().path('a.b')))?.errno).to.equal(
      'EPERM',
    );
    expect(pins().exists(fixture().path('pin'))).to.equal(true);
  });

  it('rename: a pin over a directory is EISDIR, a directory over a pin ENOTDIR', async () => {
    await fixture().inner('pin');
    pins().makeDirectory(fixture().path('directory'));
    const [pin, directory] = [fixture().path('pin'), fixture().path('directory')];
    expect(failureOf(() => pins().rename(pin, directory))?.errno).to.equal('EISDIR');
    expect(failureOf(() => pins().rename(directory, pin))?.errno).to.equal('ENOTDIR');
  });

  it('rename: a directory with what is in it, over an empty one alone', async () => {
    for (const name of ['a', 'b/c', 'empty']) pins().makeDirectory(fixture().path(name));
    const { id } = await fixture().inner('pin', { pins: [fixture().path('a/pin')] });
    const rename = (from: string, to: string) =>
      failureOf(() => pins().rename(fixture().path(from), fixture().path(to)));
    expect(rename('a', 'b')?.errno).to.equal('ENOTEMPTY');
    expect(rename('b', 'b/c/d')?.errno).to.equal('EINVAL');
    expect(rename('a', 'empty')).to.equal(undefined);
    const [moved] = await fixture().kernel.identify([fixture().path('empty/pin')]);
    expect(moved).to.include({ id });
  });

  it('unlink: no error where nothing is; a directory is refused', () => {
    pins().unlink(fixture().path('nothing'));
    pins().makeDirectory(fixture().path('directory'));
    expect(failureOf(() => pins().unlink(fixture().path('directory')))?.errno).to.equal('EISDIR');
  });
}

function recordContract(fixture: () => KernelFixture): void {
  const pins = () => fixture().kernel.pins;
  const path = () => fixture().path('record');

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
    expect(fixture().names()).to.deep.equal(['record']);
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
    expect(fixture().names()).to.deep.equal(['record']);
  });

  it('readRecord: of a pin is EINVAL', async () => {
    await fixture().inner('pin');
    expect(failureOf(() => pins().readRecord(fixture().path('pin')))?.errno).to.equal('EINVAL');
  });

  it('writeRecord: in a missing directory is ENOENT', () => {
    expect(failureOf(() => pins().writeRecord(fixture().path('missing/record'), 'x'))?.errno).to.equal(
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
    pins().rename(path(), fixture().path('moved'));
    expect(pins().readRecord(fixture().path('moved'))).to.equal('first');
    expect(pins().readRecord(path())).to.equal(undefined);
  });
}
