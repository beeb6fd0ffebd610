import { expect } from 'chai';
import { REAL_CLOCK } from './clock.ts';
import { aborted, Trigger } from './trigger.ts';

const NEVER = 60_000;
const STARTED = Symbol('still waiting');

describe('Trigger', () => {
  const stop = new AbortController();
  const wait = (trigger: Trigger, milliseconds: number) =>
    trigger.wait(REAL_CLOCK, milliseconds, stop.signal);

  it('ends a wait that runs, and the next one where it fired before', async () => {
    const trigger = new Trigger();
    const waiting = wait(trigger, NEVER);
    trigger.fire();
    await waiting;
    trigger.fire();
    trigger.fire();
    await wait(trigger, NEVER);
    const third = wait(trigger, NEVER);
    expect(await Promise.race([third, REAL_CLOCK.sleep(5).then(() => STARTED)])).to.equal(STARTED);
    trigger.fire();
    await third;
  });

  it('ends a wait when the time is over, or stopped', async () => {
    await wait(new Trigger(), 1);
    const waiting = wait(new Trigger(), NEVER);
    stop.abort();
    await waiting;
    await wait(new Trigger(), NEVER);
    await aborted(stop.signal);
  });
});
