import { REAL_CLOCK } from './clock.ts';

describe('REAL_CLOCK', () => {
  it('ends a sleep at once when aborted, before or meanwhile', async () => {
    const stop = new AbortController();
    const sleeping = REAL_CLOCK.sleep(60_000, stop.signal);
    stop.abort();
    await sleeping;
    await REAL_CLOCK.sleep(60_000, stop.signal);
  });
});
