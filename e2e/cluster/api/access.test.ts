import { expect } from 'chai';
import { type ControlPlaneFixture, describeCluster, until } from '../controlplanefixture.ts';
import type { Answer } from '../plane/kubectl.ts';

const API = 'innermap.io/v1alpha1';

const TENANTS = [
  { namespaces: ['team-a'], keys: ['10.1.0.0/16', '2001:db8::/32', '192.0.2.7'] },
  { namespaces: ['team-?'], keys: ['10.2.0.0/16'] },
];
const SLOTS = [
  { namespaces: ['team-a'], keys: [0, '1..9'] },
  { namespaces: ['team-b'], keys: ['10..19', '0x20'] },
  { namespaces: ['*-b'], keys: ['-5..-1'] },
];
const PREFIXES = [{ namespaces: ['other'], keys: ['10.1.0.0/16', '2001:db8::/32'] }];
const OPEN = [{ namespaces: ['team-*'] }];
/** As many keys as a rule can have. */
const MANY = [
  { namespaces: ['*'], keys: Array.from({ length: 4096 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`) },
];

const BOTH = 'names both';
const NAMESPACE = 'names it';

/** Who declares which key of which OuterMap, and why not; nothing where it is allowed. */
type Declaration = readonly [namespace: string, outerMap: string, key: string | number, why?: string];

const DECLARATIONS: readonly Declaration[] = [
  ['team-a', 'tenants', '10.1.0.7'],
  ['team-a', 'tenants', '10.2.0.7'],
  ['team-a', 'tenants', '10.3.0.7', BOTH],
  ['team-a', 'tenants', '192.0.2.7'],
  ['team-a', 'tenants', '192.0.2.8', BOTH],
  ['team-a', 'tenants', '2001:db8::7'],
  ['team-a', 'tenants', '2001:DB8:0::7'],
  ['team-a', 'tenants', '2001:db9::7', BOTH],
  ['other', 'prefixes', '10.1.3.0/24'],
  ['other', 'prefixes', '10.1.0.0/16'],
  ['other', 'prefixes', '10.0.0.0/8', BOTH],
  ['other', 'prefixes', '2001:db8:1::/48'],
  ['other', 'prefixes', '2001:db8::/31', BOTH],
  ['team-b', 'tenants', '10.1.0.7', BOTH],
  ['team-b', 'tenants', '10.2.0.7'],
  ['other', 'tenants', '10.1.0.7', NAMESPACE],
  ['team-a', 'slots', 0],
  ['team-a', 'slots', '0'],
  ['team-a', 'slots', 9],
  ['team-a', 'slots', '10', BOTH],
  ['team-a', 'slots', -1, BOTH],
  ['team-b', 'slots', 19],
  ['team-b', 'slots', -5],
  ['other', 'slots', 1, NAMESPACE],
  ['team-a', 'open', 'anything at all'],
  ['team-a', 'open', 7],
  ['other', 'open', 7, NAMESPACE],
  ['other', 'many', '10.15.255.1'],
  ['other', 'many', '10.16.0.1', BOTH],
  // What only the key's type can tell, agents decide: 0x20 may be any number
  ['team-b', 'slots', -6],
  ['team-a', 'tenants', 'port=443,proto=6'],
  ['team-a', 'slots', '0x09'],
  ['team-a', 'slots', '007'],
  // The OuterMap may come later
  ['other', 'absent', 7],
];

describeCluster('access policy on a real API server', fixture => {
  before(async function () {
    this.timeout(120_000);
    await fixture.install();
    await fixture.namespaces('team-a', 'team-b', 'other');
    const rules = { tenants: TENANTS, prefixes: PREFIXES, slots: SLOTS, open: OPEN, many: MANY };
    for (const [name, access] of Object.entries(rules)) await fixture.put(outerMap(name, access));
    await until(
      () => declare(fixture, ['other', 'many', '10.16.0.1']),
      ({ code }) => code !== 0,
    );
  });

  for (const [namespace, outer, key, why] of DECLARATIONS) {
    it(`${namespace} ${why === undefined ? 'may' : 'may not'} declare ${outer} ${JSON.stringify(key)}`, async () => {
      const { code, error } = await declare(fixture, [namespace, outer, key]);
      if (why === undefined) expect({ code, error }).to.deep.equal({ code: 0, error: '' });
      else
        expect(error)
          .to.contain('Error from server (Forbidden)')
          .and.to.contain(
            `Namespace ${namespace} may not declare key ${key}: no access rule of OuterMap ${outer} ${why}`,
          )
          .and.to.contain('ask the owner of the OuterMap to extend spec.access');
    });
  }

  it('an access rule that is taken away stops no correction of what is there', async () => {
    await fixture.put(innerMap('declared', ['team-a', 'tenants', '10.1.0.7']));
    await fixture.put(outerMap('tenants', [{ namespaces: ['other'] }]));
    await until(
      () => declare(fixture, ['team-a', 'tenants', '10.1.0.7']),
      ({ code }) => code !== 0,
    );
    const correction = JSON.stringify({ spec: { entries: [{ key: 1, value: 2 }] } });
    await fixture.kubectl.must(['patch', 'im', 'declared', '-n', 'team-a', '--type=merge', '-p', correction]);
  });
});

/** A server-side dry run: it is admitted or not, and not kept. */
function declare(fixture: ControlPlaneFixture, declaration: Declaration): Promise<Answer> {
  return fixture.apply(innerMap('new', declaration), '--dry-run=server');
}

function outerMap(name: string, access: readonly object[]): object {
  const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u32' };
  const spec = { type: 'HashOfMaps', maxEntries: 64, key: 'u32', inner, access };
  return { apiVersion: API, kind: 'OuterMap', metadata: { name }, spec };
}

function innerMap(name: string, [namespace, outer, key]: Declaration): object {
  return { apiVersion: API, kind: 'InnerMap', metadata: { name, namespace }, spec: { outerMap: outer, key } };
}
