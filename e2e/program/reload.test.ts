import { expect } from 'chai';
import { mapIds } from '../../native/stage.ts';
import { NO_RESYNC, useLoadedAgent } from '../agent/support/loadedagent.ts';
import { eventually } from '../agent/support/process.ts';
import { idsIn, pinsBelow, shown } from '../agent/support/witness.ts';
import { DROP, LIMITS, Program, TENANTS, tenant, udpLimits } from './support/sample.ts';

const WEB = '10.1.0.7';
const HTTPS = { to: WEB, service: 'tcp/443' };

describe('program reloaded', function () {
  this.timeout(60_000);
  const fixture = useLoadedAgent();
  let program: Program;

  beforeEach(() => {
    program = new Program(fixture());
  });

  it('its new outer maps at the same pins are filled without a resync, the old ones are let go', async () => {
    const old = program.load();
    fixture().write('outer.yaml', TENANTS, LIMITS);
    fixture().write('maps.yaml', tenant('a/web', WEB, { 'tcp/443': DROP }), udpLimits({ 53: 512 }));
    await fixture().started({ options: NO_RESYNC });
    const oldInners = ['tenants', 'limits'].flatMap(name => [...idsIn(fixture().pin(name)).values()]);

    const fresh = program.load('--replace');
    await eventually('the new program drops', () => program.verdict(HTTPS) === 'XDP_DROP');
    await eventually('both maps are filled', () => idsIn(fixture().pin('limits')).size === 1);
    const gone = [old.tenants, old.limits, ...oldInners];
    await eventually('the old maps are gone', () => mapIds().every(id => !gone.includes(id)));

    expect(shown(['tenants', 'limits'].map(name => fixture().pin(name))).map(({ id }) => id)).to.deep.equal([
      fresh.tenants,
      fresh.limits,
    ]);
    expect(idsBelow('innermap/tenants'), 'the ledger: outer map and inner map').to.deep.equal(
      [fresh.tenants, ...idsIn(fixture().pin('tenants')).values()].sort(),
    );
  });

  it('ten times in a row, quicker than a turn: the last one is filled, no other map stays', async () => {
    const earlier = [program.load().tenants];
    fixture().write('maps.yaml', TENANTS, tenant('a/web', WEB, { 'tcp/443': DROP }));
    await fixture().started();
    for (let time = 0; time < 10; time++) earlier.push(program.load('--replace').tenants);
    const last = earlier.pop()!;
    await eventually('the last program drops', () => program.verdict(HTTPS) === 'XDP_DROP');
    await eventually('the earlier maps are gone', () => mapIds().every(id => !earlier.includes(id)));
    await fixture().reported(({ state }) => state.outerMaps[0]?.id === last);
  });

  it('first started after the agent: its maps are filled once its loader pins them', async () => {
    fixture().write('maps.yaml', TENANTS, tenant('a/web', WEB, { 'tcp/443': DROP }));
    fixture().start({ options: NO_RESYNC });
    await fixture().reported(({ outerMaps }) => outerMaps[0]?.reason === 'PinNotFound');
    program.load();
    await eventually('the program drops', () => program.verdict(HTTPS) === 'XDP_DROP');
  });

  it('with --reuse takes the pinned map as it is filled, and nothing is done again', async () => {
    program.load();
    fixture().write('maps.yaml', TENANTS, tenant('a/web', WEB, { 'tcp/443': DROP }));
    await fixture().started();
    const [before] = idsIn(fixture().pin('tenants')).values();
    program.loadAgain();
    expect(program.verdict(HTTPS)).to.equal('XDP_DROP');
    expect([...idsIn(fixture().pin('tenants')).values()]).to.deep.equal([before]);
  });

  function idsBelow(directory: string): number[] {
    return shown(pinsBelow(fixture().pin(directory)))
      .map(({ id }) => id)
      .sort();
  }
});
