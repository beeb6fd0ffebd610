import { mkdirSync, readFileSync, rmdirSync, statSync, watch } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import type { KernelError } from '../../error.ts';
import { eventually, failureOf, HASH } from '../../testing/contract/fixture.ts';
import type { RealKernel } from '../kernel.ts';
import { observed, openLibrary } from '../library.ts';
import { onRealKernel, onScratch, run } from '../scratch.test.ts';

onRealKernel('pinsOn', () => {
  // The event loop opens its inotify with the first watch, and keeps it
  before(() => watch(tmpdir()).close());
  const scratch = onScratch();
  let kernel: RealKernel;
  beforeEach(() => {
    kernel = scratch().open();
  });

  const pinned = (name: string, mode = 0o600): void => {
    const outer = kernel.createOuter({ ...HASH, type: 'HashOfMaps', valueSize: 4 }, HASH, 'pins_test');
    kernel.pins.pin(outer, scratch().path(name), mode);
    outer.close();
  };

  it('pin: gives the pin its mode whatever the umask is', () => {
    pinned('narrow');
    pinned('wide', 0o666);
    const modes = ['narrow', 'wide'].map(name => statSync(scratch().path(name)).mode & 0o777);
    expect(modes).to.deep.equal([0o600, 0o666]);
  });

  it('open, identify: a pin of a program or a link is no map', async () => {
    const { pins } = kernel;
    run('bpftool', 'iter', 'pin', PROGRAM, scratch().path('link'));
    const error = failureOf(() => kernel.open(scratch().path('link')));
    const [identified] = await kernel.identify([scratch().path('link')]);
    pins.unlink(scratch().path('link'));
    expect(error?.errno).to.equal('EINVAL');
    expect(error?.message).to.match(/it is no map but bpf[_-]link$/);
    expect((identified as KernelError).message).to.equal(error?.message);
  });

  it('lock: names the pid and the command of the holder', () => {
    kernel.pins.makeDirectory(scratch().path('innermap'));
    const lock = kernel.pins.lock(scratch().path('innermap'));
    const other = scratch().open().pins.lock(scratch().path('innermap'));
    if ('release' in lock) lock.release();
    expect(other)
      .to.have.property('heldBy')
      .that.matches(new RegExp(`^pid ${process.pid}, .+`));
    const command = readFileSync('/proc/self/cmdline', 'utf8');
    expect(command).to.contain((other as { heldBy: string }).heldBy.split(' ').at(-1));
  });

  it('lock: of a directory that was removed and made anew meanwhile is the lock of the new one', () => {
    const directory = scratch().path('innermap');
    mkdirSync(directory);
    let isFirst = true;
    const library = observed(openLibrary(), name => {
      if (name !== 'flock' || !isFirst) return;
      isFirst = false;
      rmdirSync(directory);
      mkdirSync(directory);
    });
    const lock = scratch().open(library).pins.lock(directory);
    expect(scratch().open().pins.holder(directory)).to.match(/^pid /);
    if ('release' in lock) lock.release();
  });

  it('writeRecord: what a crash left beside it is overwritten', () => {
    kernel.pins.writeRecord(scratch().path('spec~'), 'left');
    kernel.pins.writeRecord(scratch().path('spec'), 'whole');
    // The kernel itself puts maps.debug and progs.debug into a fresh mount
    expect(kernel.pins.list(scratch().root).filter(name => !name.includes('.'))).to.deep.equal(['spec']);
  });

  it('watch: hears again after rmdir and mkdir of the directory, and of its parent', async () => {
    let calls = 0;
    const end = kernel.pins.watch([scratch().path('a/b')], () => {
      calls += 1;
    });
    const heard = async (what: string, action: () => void): Promise<void> => {
      await new Promise(resume => setTimeout(resume, 30));
      const before = calls;
      action();
      await eventually(`the watch to hear ${what}`, () => calls > before);
    };
    await heard('mkdir', () => kernel.pins.makeDirectory(scratch().path('a/b')));
    await heard('a pin', () => pinned('a/b/one'));
    await heard('unlink', () => kernel.pins.unlink(scratch().path('a/b/one')));
    await heard('rmdir of both', () => {
      rmdirSync(scratch().path('a/b'));
      rmdirSync(scratch().path('a'));
    });
    await heard('mkdir of both', () => {
      mkdirSync(scratch().path('a'));
      mkdirSync(scratch().path('a/b'));
    });
    await heard('a pin in the new one', () => pinned('a/b/two'));
    end();
  });

  it('watch: reports no change beside the directory', async () => {
    let calls = 0;
    kernel.pins.makeDirectory(scratch().path('a'));
    const end = kernel.pins.watch([scratch().path('a')], () => {
      calls += 1;
    });
    kernel.pins.makeDirectory(scratch().path('other'));
    pinned('beside');
    await new Promise(resume => setTimeout(resume, 60));
    end();
    expect(calls).to.equal(0);
  });
});

/** Any iterator program will do. */
const PROGRAM = new URL('../../../../../native/template.bpf.o', import.meta.url).pathname;
