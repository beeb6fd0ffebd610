import { expect } from 'chai';
import { CommandFixture } from '../testing/commandfixture.ts';
import type { ClusterAddress } from './ports.ts';
import { Facts } from './testing/facts.ts';

/** The cluster that `status WORDS…` reads; nothing where it reads none. */
async function meant(program: string, words: string, env: Record<string, string> = { HOME: '/home/me' }) {
  const fixture = Object.assign(new CommandFixture(), { program, env });
  const addresses: ClusterAddress[] = [];
  fixture.inspect = {
    facts: async ({ address }) => {
      addresses.push(address);
      return new Facts().all();
    },
  };
  const { error } = await fixture.run('status', ...words.split(' ').filter(word => word !== ''));
  return { address: addresses[0], error };
}

describe('clusterMeant', () => {
  it('innermap asks a cluster that was named, never somebody’s KUBECONFIG', async () => {
    const env = { HOME: '/home/me', KUBECONFIG: '/k' };
    expect((await meant('innermap', '--report /none', env)).address).to.equal(undefined);
    expect((await meant('innermap', '', env)).address).to.equal(undefined);
    const named = (await meant('innermap', '--kubeconfig f', env)).address;
    expect(named).to.deep.equal({ kubeconfig: 'f', files: ['f'] });
    const context = (await meant('innermap', '--context c', env)).address;
    expect(context).to.deep.equal({ files: ['/k'], context: 'c' });
  });

  it('kubectl innermap asks kubectl’s', async () => {
    const plugin = (words: string, env?: Record<string, string>) => meant('kubectl innermap', words, env);
    expect((await plugin('')).address).to.deep.equal({ files: ['/home/me/.kube/config'] });
    const listed = await plugin('', { HOME: '/home/me', KUBECONFIG: ':/a::/b' });
    expect(listed.address).to.deep.equal({ files: ['/a', '/b'] });
    expect((await plugin('--report /none')).address, 'this machine').to.equal(undefined);
    expect((await plugin('', {})).error).to.contain(
      'Cannot find a cluster: neither KUBECONFIG nor HOME is set; name a file',
    );
  });

  it('an empty name is an error', async () => {
    expect((await meant('innermap', '--kubeconfig=')).error).to.contain('cannot be empty');
    expect((await meant('innermap', '--context=')).error).to.contain('cannot be empty');
  });
});
