import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { REPOSITORY } from '../crdschema.ts';
import { lastStage } from './support/dockerfile.ts';
import { architecture, describeImage, MADE } from './support/made.ts';

const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
const NAME = `innermap-operator:${version}`;

interface Descriptor {
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

describeImage('the archive', () => {
  let folder: string;
  before(() => {
    folder = MADE.scratch();
    execFileSync('tar', ['-xf', MADE.archive(), '-C', folder]);
  });
  const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'));
  const blob = ({ digest }: Descriptor) => read(`blobs/${digest.replace(':', '/')}`);
  const manifest = () => blob(read('index.json').manifests[0]);

  it('is the same, byte for byte, when it is made again', () => {
    expect(digestOf(MADE.archive())).to.equal(digestOf(MADE.archive('another')));
  });

  it('each blob is what its name says', () => {
    for (const name of readdirSync(join(folder, 'blobs', 'sha256')))
      expect(digestOf(join(folder, 'blobs', 'sha256', name))).to.equal(name);
  });

  it('is an OCI layout and an archive of docker, of the same blobs', () => {
    expect(read('oci-layout')).to.deep.equal({ imageLayoutVersion: '1.0.0' });
    const { config, layers } = manifest() as { config: Descriptor; layers: Descriptor[] };
    const paths = [config, ...layers].map(({ digest }) => `blobs/${digest.replace(':', '/')}`);
    const [docker] = read('manifest.json');
    expect([docker.RepoTags, docker.Config, ...docker.Layers]).to.deep.equal([[NAME], ...paths]);
    expect(blob(config).rootfs.diff_ids).to.deep.equal(layers.map(({ digest }) => digest));
    expect(blob(config)).to.include({ architecture: architecture(), os: 'linux' });
  });

  it('is configured as the Dockerfile’s', () => {
    const { User, Env, Entrypoint, WorkingDir, Labels } = blob(manifest().config).config;
    expect({ User, Env, Entrypoint, WorkingDir, Labels }).to.deep.equal(lastStage());
  });

  it('owners are root, and times are none', () => {
    const [layer] = manifest().layers as Descriptor[];
    const path = join(folder, 'blobs', layer!.digest.replace(':', '/'));
    const listed = execFileSync('tar', ['-tv', '--numeric-owner', '--utc', '-f', path], {
      encoding: 'utf8',
      maxBuffer: 1 << 24,
    });
    for (const line of listed.trim().split('\n'))
      expect(line).to.match(/^\S{10} 0\/0 +\d+ 1970-01-01 00:00 /);
  });

  it('containerd imports it under the name that a kubelet asks for', async () => {
    const place = MADE.scratch();
    const address = await startContainerd(place);
    const ctr = (...words: readonly string[]) =>
      execFileSync('ctr', ['-a', address.socket, '-n', 'k8s.io', 'images', ...words], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    try {
      ctr('import', '--snapshotter', 'native', MADE.archive());
      const names = ctr('ls', '-q').trim().split('\n');
      expect(names.map(name => name.replace(/^[^/]+\.[^/]+\/library\//, ''))).to.deep.equal([NAME]);
      expect(ctr('check', '--snapshotter', 'native')).to.match(/ complete \(2\/2\) .* true/);
    } finally {
      await address.stop();
    }
  });
});

function digestOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** One of our own, that knows images and nothing else. */
async function startContainerd(place: string) {
  const socket = join(place, 'socket');
  for (const name of ['root', 'state']) mkdirSync(join(place, name));
  const config = [
    'version = 2',
    `root = "${join(place, 'root')}"`,
    `state = "${join(place, 'state')}"`,
    'disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]',
    `[grpc]\naddress = "${socket}"`,
    `[ttrpc]\naddress = "${socket}.ttrpc"`,
  ];
  writeFileSync(join(place, 'config.toml'), config.join('\n'));
  const child = spawn('containerd', ['--config', join(place, 'config.toml')], { stdio: 'ignore' });
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  for (let waited = 0; !existsSync(socket) && waited < 10_000; waited += 50) await sleep(50);
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  return { socket, stop };
}
