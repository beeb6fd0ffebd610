import { expect } from 'chai';
import type { KernelFixture } from './fixture.ts';
import { eventually } from './fixture.ts';

/** The contract of watch: it reports changes of pins some time after they were made. */
export function watchContract(fixture: () => KernelFixture): void {
  it('calls back after a pin was made, renamed and unlinked', async () => {
    const { pins } = fixture().kernel;
    pins.makeDirectory(fixture().path('watched'));
    const outer = fixture().hashOfMaps();
    const calls = new Watcher(fixture(), [fixture().path('watched')]);
    await calls.follow('a pin', () => pins.pin(outer, fixture().path('watched/pin'), 0o600));
    await calls.follow('a rename', () =>
      pins.rename(fixture().path('watched/pin'), fixture().path('watched/other')),
    );
    await calls.follow('an unlink', () => pins.unlink(fixture().path('watched/other')));
    await calls.staysQuiet(() => undefined);
  });

  it('sees a directory that did not exist, and what is pinned in it', async () => {
    const { pins } = fixture().kernel;
    const outer = fixture().hashOfMaps();
    const calls = new Watcher(fixture(), [fixture().path('later/deeper')]);
    await calls.follow('the directory', () => pins.makeDirectory(fixture().path('later/deeper')));
    await calls.follow('a pin', () => pins.pin(outer, fixture().path('later/deeper/pin'), 0o600));
    calls.end();
  });

  it('sees a pin in a directory that was removed and made anew', async () => {
    const { pins } = fixture().kernel;
    const outer = fixture().hashOfMaps();
    pins.makeDirectory(fixture().path('way/watched'));
    const calls = new Watcher(fixture(), [fixture().path('way/watched')]);
    for (const round of ['a', 'b']) {
      await calls.follow('its end', () => pins.removeDirectory(fixture().path('way/watched')));
      await calls.follow('the end of its parent', () => pins.removeDirectory(fixture().path('way')));
      await calls.follow('the new one', () => pins.makeDirectory(fixture().path('way/watched')));
      await calls.follow('a pin', () => pins.pin(outer, fixture().path(`way/watched/${round}`), 0o600));
      await calls.follow('its unlinking', () => pins.unlink(fixture().path(`way/watched/${round}`)));
      await calls.follow('another in its place', () => {
        pins.removeDirectory(fixture().path('way/watched'));
        pins.makeDirectory(fixture().path('way/watched'));
      });
      await calls.follow('a pin', () => pins.pin(outer, fixture().path('way/watched/there'), 0o600));
      await calls.follow('its unlinking', () => pins.unlink(fixture().path('way/watched/there')));
    }
    calls.end();
  });

  it('sees a pin in a directory that came into one that is watched as well', async () => {
    const { pins } = fixture().kernel;
    const outer = fixture().hashOfMaps();
    const calls = new Watcher(fixture(), [fixture().opened.root, fixture().path('inner')]);
    await calls.follow('the directory', () => pins.makeDirectory(fixture().path('inner')));
    await calls.follow('a pin', () => pins.pin(outer, fixture().path('inner/pin'), 0o600));
    calls.end();
  });

  it('is quiet after its end', async () => {
    const { pins } = fixture().kernel;
    const outer = fixture().hashOfMaps();
    const calls = new Watcher(fixture(), [fixture().opened.root]);
    calls.end();
    await calls.staysQuiet(() => pins.pin(outer, fixture().path('pin'), 0o600));
  });
}

class Watcher {
  private calls = 0;
  readonly end: () => void;

  constructor(fixture: KernelFixture, directories: readonly string[]) {
    this.end = fixture.kernel.pins.watch(directories, () => {
      this.calls += 1;
    });
  }

  /** The callback comes after the action; callbacks of earlier actions are awaited first. */
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
