import { expect } from 'chai';
import type { KernelFixture } from './fixture.ts';
import { eventually } from './fixture.ts';

/** Changes of pins are told, some time after they were made. */
export function watchContract(stand: () => KernelFixture): void {
  it('calls back after a pin was made, renamed and unlinked', async () => {
    const { pins } = stand().kernel;
    pins.makeDirectory(stand().path('watched'));
    const outer = stand().hashOfMaps();
    const calls = new Watcher(stand(), [stand().path('watched')]);
    await calls.follow('a pin', () => pins.pin(outer, stand().path('watched/pin'), 0o600));
    await calls.follow('a rename', () =>
      pins.rename(stand().path('watched/pin'), stand().path('watched/other')),
    );
    await calls.follow('an unlink', () => pins.unlink(stand().path('watched/other')));
    await calls.staysQuiet(() => undefined);
  });

  it('sees a directory that did not exist, and what is pinned in it', async () => {
    const { pins } = stand().kernel;
    const outer = stand().hashOfMaps();
    const calls = new Watcher(stand(), [stand().path('later/deeper')]);
    await calls.follow('the directory', () => pins.makeDirectory(stand().path('later/deeper')));
    await calls.follow('a pin', () => pins.pin(outer, stand().path('later/deeper/pin'), 0o600));
    calls.end();
  });

  it('is quiet after its end', async () => {
    const { pins } = stand().kernel;
    const outer = stand().hashOfMaps();
    const calls = new Watcher(stand(), [stand().opened.root]);
    calls.end();
    await calls.staysQuiet(() => pins.pin(outer, stand().path('pin'), 0o600));
  });
}

class Watcher {
  private calls = 0;
  readonly end: () => void;

  constructor(stand: KernelFixture, directories: readonly string[]) {
    this.end = stand.kernel.pins.watch(directories, () => {
      this.calls += 1;
    });
  }

  /** The callback comes after the action; what earlier ones still cause is waited for first. */
  async follow(what: string, action: () => void): Promise<void> {
    await this.settled();
    const before = this.calls;
    action();
    await eventually(`the watch to see ${what}`, () => this.calls > before);
  }

  async staysQuiet(action: () => void): Promise<void> {
    await this.settled();
    this.end();
    const before = this.calls;
    action();
    await this.settled();
    expect(this.calls).to.equal(before);
  }

  private settled(): Promise<void> {
    return new Promise(resume => setTimeout(resume, 30));
  }
}
