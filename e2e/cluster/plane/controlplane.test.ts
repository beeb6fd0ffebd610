import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { OWN } from '../../../operator/testing/own.ts';
import { childEnvironment, eventually } from '../../agent/support/process.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { startControlPlane } from './controlplane.ts';

const ABANDONED = join(import.meta.dirname, 'abandoned.js');

describeCluster('control plane', fixture => {
  it('is the Kubernetes that it says it is', async () => {
    const { serverVersion } = JSON.parse(await fixture.kubectl.must(['version', '-o', 'json']));
    expect(serverVersion.gitVersion).to.match(/^v1\.\d+\.\d+$/);
    expect(serverVersion.gitVersion).to.contain(`v${serverVersion.major}.${serverVersion.minor}.`);
  });

  it('takes only those who can say who they are, for no more than they may', async () => {
    const stranger = await fixture.controlPlane.kubectlWith('no-such-token').run(['get', 'namespaces']);
    expect(stranger.error).to.contain('You must be logged in to the server');
    const token = await fixture.kubectl.must(['create', 'token', 'nobody', '-n', 'default']).catch(String);
    expect(token).to.contain('serviceaccounts "nobody" not found');
    await fixture.kubectl.must(['create', 'serviceaccount', 'somebody', '-n', 'default']);
    const known = (await fixture.kubectl.must(['create', 'token', 'somebody', '-n', 'default'])).trim();
    const { error } = await fixture.controlPlane.kubectlWith(known).run(['get', 'namespaces']);
    expect(error).to.contain(
      'User "system:serviceaccount:default:somebody" cannot list resource "namespaces"',
    );
  });

  it('leaves no process, port or file when the test is killed, and another one beside it goes on', async function () {
    this.timeout(60_000);
    const test = spawn(process.execPath, [ABANDONED], {
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(test.stdout), 'line').finally(() => test.kill('SIGKILL'));
    const { directory, url } = JSON.parse(line) as { readonly directory: string; readonly url: string };
    await eventually(
      'its folder and its processes are gone',
      () => !existsSync(directory) && processesIn(directory).length === 0,
    );
    expect(await answers(Number(new URL(url).port))).to.equal(false);
    await fixture.kubectl.must(['get', 'namespaces']);
  });

  it('that cannot start says why in the words of the part that ended, and leaves nothing', async () => {
    const before = folders();
    const failure = await startControlPlane({ apiServerFlags: ['--no-such-flag'] }).then(
      () => undefined,
      String,
    );
    expect(failure).to.contain('Cannot start a control plane: kube-apiserver ended');
    expect(failure).to.contain('unknown flag: --no-such-flag');
    expect(folders()).to.deep.equal(before);
  });
});

/** Zombies that nobody has reaped yet work nowhere. */
function processesIn(directory: string): readonly string[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name) && folderOf(name) === directory);
}

function folderOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
}

function folders(): readonly string[] {
  return readdirSync(tmpdir()).filter(name => name.startsWith(`${OWN}-cluster-`));
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
