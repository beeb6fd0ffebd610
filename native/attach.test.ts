import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { idAt, onStage, run } from './stage.ts';
import { ENDS, Wire } from './wire.ts';

const DROP = '02000000';

describe('native: driver load --attach', () => {
  let wire: Wire;
  // Before the stage is left: its maps would still be in use
  afterEach(() => wire.leave());
  const stage = onStage();
  beforeEach(async () => {
    wire = await Wire.make();
  });

  it('makes the pair, attaches in native mode, and stays until the end of its standard input', async () => {
    const loader = wire.start(wire.loading('--stay', ...pins()));
    expect(await loader.ready()).to.include({ interface: ENDS.to, mode: 'native' });
    loader.hangUp();
    expect(await loader.ended).to.equal(0);
  });

  it('attaches in generic mode where the interface’s driver runs no XDP, and again', async () => {
    const words = ['load', '--attach', 'lo', '--stay', ...pins(), '--reuse'];
    for (let start = 0; start < 2; start++) {
      const loader = wire.start(wire.command(['net_admin', 'bpf', 'perfmon'], words));
      expect(await loader.ready()).to.include({ interface: 'lo', mode: 'generic' });
      expect(await loader.end()).to.equal(0);
    }
  });

  it('in a pod, whose standard input is /dev/null, stays until SIGTERM', async () => {
    const loader = wire.start(wire.loading('--stay', ...pins()), 'ignore');
    await loader.ready();
    await wire.traffic({ flows: 1, rate: 1000 });
    expect(await loader.end('SIGTERM')).to.equal(0);
  });

  it('refuses to take the place of another’s program', async () => {
    await wire.load(...pins());
    expect(() => load('--stay', '--pin-outer', stage().pin('other'))).to.throw(
      /Cannot attach to web: .*: EBUSY/,
    );
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`with --reuse and --pin-link after ${signal}: the same link and maps, and no frame lost nor let through`, async () => {
      let loader = await wire.load(...pins(), '--reuse');
      const before = { link: link(), outer: idAt(stage().pin('tenants')) };
      stage().declareRule('0a010001', '01bb1100', DROP);
      const traffic = await wire.traffic({ flows: 4, rate: 10_000 });
      for (let restart = 0; restart < 5; restart++) {
        await loader.end(signal);
        loader = await wire.load(...pins(), '--reuse');
      }
      expect(idAt(stage().pin('tenants'))).to.equal(before.outer);
      expect(link().id).to.equal(before.link.id);
      expect(link().prog_id).to.not.equal(before.link.prog_id);
      const { overflown, flows } = await traffic.end();
      expect(overflown).to.equal(0);
      for (const { sent, received, to } of flows) {
        expect(sent).to.be.above(50);
        expect(received, to).to.equal(to === '10.1.0.1' ? 0 : sent);
      }
    });
  }

  it('without --pin-link the program leaves with its loader', async () => {
    const loader = await wire.load('--pin-outer', stage().pin('tenants'));
    stage().declareRule('0a010001', '01bb1100', DROP);
    const traffic = await wire.traffic({ flows: 1, rate: 1000 });
    expect(traffic.settled().received).to.equal(0);
    await loader.end('SIGKILL');
    traffic.settled('--reset');
    await sleep(50);
    const { sent, received } = await traffic.end();
    expect(received).to.be.above(0).and.to.equal(sent);
  });

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
    expect(() => load('--pin-outer', stage().pin('tenants'))).to.throw('give --stay or --pin-link');
    expect(() =>
      stage().driver('load', '--pin-outer', stage().pin('t'), '--pin-prog', stage().pin('p'), '--stay'),
    ).to.throw('name it with --attach');
  });

  function pins(): readonly string[] {
    return [
      '--pin-outer',
      stage().pin('tenants'),
      '--pin-limits',
      stage().pin('limits'),
      '--pin-link',
      stage().pin('link'),
    ];
  }

  /** To its end. */
  function load(...words: readonly string[]): void {
    const [program = '', ...rest] = wire.loading(...words);
    run(program, ...rest);
  }

  function link(): { readonly id: number; readonly prog_id: number } {
    return JSON.parse(run('bpftool', '-j', 'link', 'show', 'pinned', stage().pin('link')));
  }
});
