import { expect } from 'chai';
import { build, run, Stage } from './stage.ts';
import { ENDS, Wire } from './wire.ts';

describe('native: driver load --attach', () => {
  let stage: Stage;
  let wire: Wire;

  before(function () {
    build(this);
  });

  beforeEach(async () => {
    stage = new Stage();
    wire = await Wire.make();
  });

  afterEach(async () => {
    await wire.leave();
    expect(await stage.leave(), 'maps that outlive the test').to.deep.equal([]);
  });

  it('makes the pair, attaches in native mode, and stays until the end of its standard input', async () => {
    const loader = wire.start(wire.loading('--stay', ...pins()));
    expect(await loader.ready()).to.include({ interface: ENDS.to, mode: 'native' });
    loader.hangUp();
    expect(await loader.ended).to.equal(0);
  });

  it('attaches in generic mode where the interface’s driver runs no XDP', async () => {
    const words = ['load', '--attach', 'lo', '--stay', '--pin-outer', stage.pin('tenants')];
    const loader = wire.start(wire.command(['net_admin', 'bpf', 'perfmon'], words));
    expect(await loader.ready()).to.include({ interface: 'lo', mode: 'generic' });
    expect(await loader.end()).to.equal(0);
  });

  it('in a pod, whose standard input is /dev/null, stays until SIGTERM', async () => {
    const loader = wire.start(wire.loading('--stay', ...pins()), 'ignore');
    await loader.ready();
    await wire.traffic({ flows: 1, rate: 1000 });
    expect(await loader.end('SIGTERM')).to.equal(0);
  });

  it('refuses to take the place of another’s program', async () => {
    await wire.load(...pins());
    expect(() => load('--stay', '--pin-outer', stage.pin('other'))).to.throw(
      /Cannot attach to web: .*: EBUSY/,
    );
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`with --reuse and --pin-link after ${signal}: a new program, the same link and maps, no frame lost`, async () => {
      const first = await wire.load(...pins(), '--reuse');
      const before = { link: link(), outer: outer() };
      const traffic = await wire.traffic({ flows: 4, rate: 10_000 });
      await first.end(signal);
      const between = traffic.settled();
      await wire.load(...pins(), '--reuse');
      const after = { link: link(), outer: outer() };
      expect(after.outer).to.equal(before.outer);
      expect(after.link.id).to.equal(before.link.id);
      expect(after.link.prog_id).to.not.equal(before.link.prog_id);
      const { sent, received, overflown } = traffic.settled();
      expect({ received, overflown }).to.deep.equal({ received: sent, overflown: 0 });
      expect(sent).to.be.above(between.sent);
    });
  }

  it('with --pin-link takes over the pin of an interface that is gone', async () => {
    await wire.load(...pins(), '--reuse');
    const { id } = link();
    await wire.leave();
    wire = await Wire.make();
    const loader = await wire.load(...pins(), '--reuse');
    expect(link().id).to.not.equal(id);
    await loader.end();
  });

  it('without --stay needs a pin for the link, and --stay an interface', () => {
    expect(() => load('--pin-outer', stage.pin('tenants'))).to.throw('give --stay or --pin-link');
    expect(() =>
      stage.driver('load', '--pin-outer', stage.pin('t'), '--pin-prog', stage.pin('p'), '--stay'),
    ).to.throw('name it with --attach');
  });

  function pins(): readonly string[] {
    return [
      '--pin-outer',
      stage.pin('tenants'),
      '--pin-limits',
      stage.pin('limits'),
      '--pin-link',
      stage.pin('link'),
    ];
  }

  /** To its end. */
  function load(...words: readonly string[]): void {
    const [program = '', ...rest] = wire.loading(...words);
    run(program, ...rest);
  }

  function link(): { readonly id: number; readonly prog_id: number } {
    return JSON.parse(run('bpftool', '-j', 'link', 'show', 'pinned', stage.pin('link')));
  }

  function outer(): number {
    return (JSON.parse(run('bpftool', '-j', 'map', 'show', 'pinned', stage.pin('tenants'))) as { id: number })
      .id;
  }
});
