import { expect } from 'chai';
import { bpftool } from '../../native/stage.ts';
import { NO_RESYNC, useLoadedAgent } from '../agent/support/loadedagent.ts';
import { eventually } from '../agent/support/process.ts';
import { idsIn } from '../agent/support/witness.ts';
import {
  addressHex,
  DROP,
  LIMITS,
  PASS,
  Program,
  serviceHex,
  TENANTS,
  tenant,
  udpLimits,
} from './support/sample.ts';

const WEB = '10.1.0.7';
const MAIL = '10.1.0.8';
const HTTPS = { to: WEB, service: 'tcp/443' };

describe('XDP program over adopted outer maps', function () {
  this.timeout(60_000);
  const fixture = useLoadedAgent();
  let program: Program;

  beforeEach(() => {
    program = new Program(fixture());
    program.load();
  });

  it('passes and drops by what InnerMaps declare, in a HashOfMaps and an ArrayOfMaps', async () => {
    const answer = { to: WEB, service: 'udp/9', from: 53 };
    expect(program.verdict(HTTPS), 'before anything is declared').to.equal('XDP_PASS');
    fixture().write('outer.yaml', TENANTS, LIMITS);
    fixture().write('web.yaml', tenant('a/web', WEB, { 'tcp/443': DROP, 'udp/53': PASS }));
    fixture().write('mail.yaml', tenant('b/mail', MAIL, { 'tcp/25': DROP }));
    fixture().write('udp.yaml', udpLimits({ 53: 512 }));
    await fixture().started();

    expect(program.verdict(HTTPS), 'a rule that drops').to.equal('XDP_DROP');
    expect(program.verdict({ to: WEB, service: 'udp/53' }), 'a rule that passes').to.equal('XDP_PASS');
    expect(program.verdict({ to: WEB, service: 'tcp/80' }), 'no rule').to.equal('XDP_PASS');
    expect(program.verdict({ to: MAIL, service: 'tcp/443' }), 'another tenant').to.equal('XDP_PASS');
    expect(program.verdict({ to: MAIL, service: 'tcp/25' }), 'another tenant’s rule').to.equal('XDP_DROP');
    expect(program.verdict({ ...answer, bytes: 512 }), 'as long as allowed').to.equal('XDP_PASS');
    expect(program.verdict({ ...answer, bytes: 513 }), 'longer').to.equal('XDP_DROP');
  });

  it('decides anew at a changed manifest, and by default again when the InnerMap is deleted', async () => {
    fixture().write('outer.yaml', TENANTS);
    fixture().write('web.yaml', tenant('a/web', WEB, { 'tcp/443': PASS }));
    await fixture().started({ options: NO_RESYNC });
    fixture().write('web.yaml', tenant('a/web', WEB, { 'tcp/443': DROP }));
    await eventually('it drops', () => program.verdict(HTTPS) === 'XDP_DROP');
    fixture().erase('web.yaml');
    await eventually('it passes', () => program.verdict(HTTPS) === 'XDP_PASS');
    expect(idsIn(fixture().pin('tenants')).size).to.equal(0);
  });

  it('keeps its packet counters over edits in place; rules that come begin at zero', async () => {
    fixture().write('outer.yaml', TENANTS);
    fixture().write('web.yaml', tenant('a/web', WEB, { 'tcp/443': DROP, 'tcp/80': PASS }));
    await fixture().started();
    const [before] = idsIn(fixture().pin('tenants')).values();
    program.verdict({ ...HTTPS, times: 5 });

    fixture().write('web.yaml', tenant('a/web', WEB, { 'tcp/443': PASS, 'udp/53': DROP }));
    await eventually('the edit is seen', () => program.verdict(HTTPS) === 'XDP_PASS');
    await eventually('the old rule is gone', () => Object.keys(rulesOf(WEB)).length === 2);
    const seen = program.packets(WEB, 'tcp/443');
    program.verdict({ ...HTTPS, times: 3 });
    expect(program.packets(WEB, 'tcp/443'))
      .to.equal(seen + 3)
      .and.to.be.at.least(5 + 3);
    expect(program.packets(WEB, 'udp/53')).to.equal(0);
    expect([...idsIn(fixture().pin('tenants')).values()], 'the same inner map').to.deep.equal([before]);
  });

  it('starts its counters anew where a swap was asked for', async () => {
    const swap = { update: 'Swap' };
    fixture().write('maps.yaml', TENANTS, tenant('a/web', WEB, { 'tcp/443': DROP }, swap));
    await fixture().started();
    program.verdict({ ...HTTPS, times: 5 });
    expect(program.packets(WEB, 'tcp/443')).to.equal(5);
    fixture().write('maps.yaml', TENANTS, tenant('a/web', WEB, { 'tcp/443': DROP, 'tcp/80': DROP }, swap));
    await eventually(
      'the swap is seen',
      () => program.verdict({ to: WEB, service: 'tcp/80' }) === 'XDP_DROP',
    );
    expect(program.packets(WEB, 'tcp/443')).to.equal(0);
  });

  it('keeps its counters when somebody’s write into a rule is repaired', async () => {
    fixture().write('maps.yaml', TENANTS, tenant('a/web', WEB, { 'tcp/443': DROP }));
    await fixture().started({ options: ['--resync', '300ms', '--content-resync', '300ms'] });
    program.verdict({ ...HTTPS, times: 7 });
    const [inner = 0] = idsIn(fixture().pin('tenants')).values();
    bpftool('update', inner, serviceHex('tcp/443'), `01000000000000000${'7'.padEnd(15, '0')}`);
    await eventually('the repair is seen', () => program.verdict(HTTPS) === 'XDP_DROP');
    expect(program.packets(WEB, 'tcp/443')).to.be.at.least(7);
    const { state } = await fixture().reported(({ state }) => (state.drift?.repaired ?? 0) > 0);
    expect(state.drift).to.include({ found: 1, repaired: 1 });
  });

  function rulesOf(destination: string): Readonly<Record<string, string>> {
    return fixture().contents('tenants')[addressHex(destination)] ?? {};
  }
});
