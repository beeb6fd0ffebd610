import { expect } from 'chai';
import { mapIds } from '../../native/stage.ts';
import { NO_RESYNC, onField } from '../agent/support/loadedagent.ts';
import { eventually } from '../agent/support/process.ts';
import { idsIn, pinsBelow, shown } from '../agent/support/witness.ts';
import { DROP, LIMITS, Program, TENANTS, tenant, udpLimits } from './support/sample.ts';

const WEB = '10.1.0.7';
const HTTPS = { to: WEB, service: 'tcp/443' };

describe('program reloaded', function () {
  this.timeout(30_000);
  const field = onField();
  let program: Program;

  beforeEach(() => {
    program = new Program(field());
  });

  it('its new outer maps at the same pins are filled without a resync, the old ones are let go', async () => {
    const old = program.load();
    field().write('outer.yaml', TENANTS, LIMITS);
    field().write('maps.yaml', tenant('a/web', WEB, { 'tcp/443': DROP }), udpLimits({ 53: 512 }));
    await field().started({ options: NO_RESYNC });
    const oldInners = ['tenants', 'limits'].flatMap(name => [...idsIn(field().pin(name)).values()]);

    const fresh = program.load('--replace');
    await eventually('the new program drops', () => program.verdict(HTTPS) === 'XDP_DROP');
    await eventually('both maps are filled', () => idsIn(field().pin('limits')).size === 1);
    const gone = [old.tenants, old.limits, ...oldInners];
    await eventually('the old maps are gone', () => mapIds().every(id => !gone.includes(id)));

    expect(shown(['tenants', 'limits'].map(name => field().pin(name))).map(({ id }) => id)).to.deep.equal([
      fresh.tenants,
      fresh.limits,
    ]);
    expect(idsBelow('innermap/tenants'), 'the ledger: outer map and inner map').to.deep.equal(
      [fresh.tenants, ...idsIn(field().pin('tenants')).values()].sort(),
    );
  });

  it('ten times in a row, quicker than a turn: the last one is filled, no other map stays', async () => {
    const earlier = [program.load().tenants];
    field().write('maps.yaml', TENANTS, tenant('a/web', WEB, { 'tcp/443': DROP }));
    await field().started();
    for (let time = 0; time < 10; time++) earlier.push(program.load('--replace').tenants);
    const last = earlier.pop()!;
    await eventually('the last program drops', () => program.verdict(HTTPS) === 'XDP_DROP');
    await eventually('the earlier maps are gone', () => mapIds().every(id => !earlier.includes(id)));
    await field().reported(({ state }) => state.outerMaps[0]?.id === last);
  });

  it('first started after the agent: its maps are filled once its loader pins them', async () => {
    field().write('maps.yaml', TENANTS, tenant('a/web', WEB, { 'tcp/443': DROP }));
    field().start({ options: NO_RESYNC });
    await field().reported(({ outerMaps }) => outerMaps[0]?.reason === 'PinNotFound');
    program.load();
    await eventually('the program drops', () => program.verdict(HTTPS) === 'XDP_DROP');
  });

  it('with --reuse takes the pinned map as it is filled, and nothing is done again', async () => {
    program.load();
    field().write('maps.yaml', TENANTS, tenant('a/web', WEB, { 'tcp/443': DROP }));
    await field().started();
    const [before] = idsIn(field().pin('tenants')).values();
    program.loadAgain();
    expect(program.verdict(HTTPS)).to.equal('XDP_DROP');
    expect([...idsIn(field().pin('tenants')).values()]).to.deep.equal([before]);
  });

  function idsBelow(directory: string): number[] {
    return shown(pinsBelow(field().pin(directory)))
      .map(({ id }) => id)
      .sort();
  }
});
