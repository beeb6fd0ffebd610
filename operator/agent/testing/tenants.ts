import { AgentFixture } from './fixture.ts';

/** The ledger's pin of the outer map `tenants`. */
export const LEDGER = '/sys/fs/bpf/innermap/tenants/outer';

export function twoTenants(): AgentFixture {
  return new AgentFixture()
    .outer('tenants', { pin: 'tenants' })
    .inner('a/web', 'tenants', 1, { 10: 1, 20: 2 })
    .inner('b/web', 'tenants', 2, { 10: 3 });
}
