import { expect } from 'chai';
import { Bell, type Heard } from './trigger.ts';

const NEVER = 60_000;

describe('Bell', () => {
  let stop: AbortController;
  let bell: Bell;
  beforeEach(() => {
    stop = new AbortController();
    bell = new Bell(stop.signal);
  });
  afterEach(() => bell.silence());

  it('hears at once what rang while nobody waited, the most thorough of it', async () => {
    bell.ring('changed');
    bell.ring('pins');
    bell.ring('changed');
    expect(await bell.next(NEVER, undefined)).to.equal('pins');
  });

  it('wakes who waits', async () => {
    const heard = bell.next(NEVER, undefined);
    bell.ring('changed');
    expect(await heard).to.equal('changed');
  });

  it('tells when a retry or a resync is due, whichever is first', async () => {
    expect(await bell.next(NEVER, 1)).to.equal('retry');
    expect(await new Bell(stop.signal).next(1, NEVER)).to.equal('resync');
  });

  it('resyncs in time though something rings all the time', async () => {
    const heard: Heard[] = [];
    const end = performance.now() + 100;
    while (performance.now() < end) {
      bell.ring('changed');
      heard.push(await bell.next(20, undefined));
    }
    expect(heard.filter(reason => reason === 'resync').length).to.be.within(2, 5);
  });

  it('ends its wait when stopped', async () => {
    const heard = bell.next(NEVER, undefined);
    stop.abort();
    await heard;
  });
});
