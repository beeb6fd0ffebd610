import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { ROOT } from '../testing/root.ts';

const MODULE = pathToFileURL(`${ROOT}/dist/operator/wiring/untilsignal.js`).href;

describe('untilSignal', () => {
  it('after an exception in a callback the code is 2, also where the work never ends and nothing else goes on', () => {
    const work = 'new Promise(() => setTimeout(() => { throw new Error("slipped"); }, 1))';
    expect(endOf(work)).to.deep.equal({ status: 2, said: ['slipped'] });
  });

  it('an exception in a callback is what it throws once the work ended in its order', () => {
    const work = `new Promise(ended => {
      stop.addEventListener('abort', () => setTimeout(() => ended(console.log('in order')), 1));
      setTimeout(() => { throw new Error("slipped"); }, 1);
    })`;
    expect(endOf(work)).to.deep.equal({ status: 5, said: ['slipped', 'in order', 'thrown: slipped'] });
  });
});

/** How a process ends that does this work until a signal. */
function endOf(work: string): { readonly status: number | null; readonly said: readonly string[] } {
  const program = `
    const { untilSignal } = await import(${JSON.stringify(MODULE)});
    const log = { error: (message, { error }) => console.log(/slipped/.exec(error)[0]) };
    untilSignal(log, stop => ${work}).catch(error => {
      console.log('thrown: ' + error.message);
      process.exitCode = 5;
    });`;
  const command = ['--input-type=module', '--eval', program];
  const { status, stdout } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  return { status, said: stdout.trim().split('\n') };
}
