// pack.mjs --root FOLDER --name NAME:TAG --out FILE [--arch ARCH] [--entrypoint PATH]… [--cmd WORD]… [--user UID:GID]
//   [--env NAME=VALUE]… [--label NAME=VALUE]… [--workdir PATH]
// One archive of a root file system that is an OCI layout and docker's own format at once, so that `ctr images import`,
// `docker load`, `kind load image-archive` and skopeo take it. The same folder gives the same bytes. The layer is not
// compressed: the archive is for machines nearby.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { TarWriter } from './tar.mjs';

const OCI = 'application/vnd.oci.image';
const EPOCH = '1970-01-01T00:00:00Z';
/** Where a name without a registry lies; in parts, as no file of this repository names a registry and nothing here calls one. */
const DEFAULT_PLACE = `${['docker', 'io'].join('.')}/library`;

const { values } = parseArgs({
  options: {
    root: { type: 'string' },
    name: { type: 'string' },
    out: { type: 'string' },
    arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' },
    entrypoint: { type: 'string', multiple: true },
    cmd: { type: 'string', multiple: true },
    user: { type: 'string', default: '0:0' },
    env: { type: 'string', multiple: true, default: [] },
    label: { type: 'string', multiple: true, default: [] },
    workdir: { type: 'string', default: '/' },
  },
});
for (const needed of ['root', 'name', 'out'])
  if (values[needed] === undefined) fail(`Cannot pack: --${needed} is missing`);
if (!/^[a-z0-9][a-z0-9._/:-]*:[\w.-]+$/.test(values.name))
  fail(`Cannot pack ${values.name}: a name is NAME:TAG`);

mkdirSync(dirname(values.out), { recursive: true });
const scratch = mkdtempSync(join(dirname(values.out), '.pack-'));
try {
  write(layerOf(values.root));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function layerOf(root) {
  const file = join(scratch, 'layer.tar');
  const writer = new TarWriter(file);
  writer.tree(root);
  const digest = writer.end();
  return { bytes: readFileSync(file), digest };
}

function write({ bytes: layerBytes, digest: layerDigest }) {
  const layer = { bytes: layerBytes, digest: layerDigest, mediaType: `${OCI}.layer.v1.tar` };
  const config = blob(configOf(layerDigest), `${OCI}.config.v1+json`);
  const manifest = blob(
    {
      ...{ schemaVersion: 2, mediaType: `${OCI}.manifest.v1+json` },
      ...{ config: descriptor(config), layers: [descriptor(layer)] },
    },
    `${OCI}.manifest.v1+json`,
  );
  const writer = new TarWriter(values.out);
  writer.folder('blobs');
  writer.folder('blobs/sha256');
  for (const { bytes, digest } of [config, layer, manifest].sort(byDigest))
    writer.file(pathOf(digest), bytes);
  writer.file('index.json', json(indexOf(manifest)));
  writer.file('manifest.json', json([dockerManifest(config, layer)]));
  writer.file('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
  writer.end();
}

function configOf(layerDigest) {
  const given = {
    ...{ User: values.user, Env: values.env, WorkingDir: values.workdir },
    ...(values.entrypoint && { Entrypoint: values.entrypoint }),
    ...(values.cmd && { Cmd: values.cmd }),
    ...(values.label.length > 0 && { Labels: Object.fromEntries(values.label.sort().map(pair)) }),
  };
  return {
    ...{ created: EPOCH, architecture: values.arch, os: 'linux', config: given },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: EPOCH, created_by: 'bin/image/pack.mjs' }],
  };
}

/** containerd takes the first annotation as the whole name, others the second as the tag. */
function indexOf(manifest) {
  const annotations = {
    'io.containerd.image.name': wholeName(values.name),
    'org.opencontainers.image.ref.name': values.name.slice(values.name.lastIndexOf(':') + 1),
  };
  const platform = { architecture: values.arch, os: 'linux' };
  return {
    ...{ schemaVersion: 2, mediaType: `${OCI}.index.v1+json` },
    manifests: [{ ...descriptor(manifest), platform, annotations }],
  };
}

function dockerManifest(config, layer) {
  return { Config: pathOf(config.digest), RepoTags: [values.name], Layers: [pathOf(layer.digest)] };
}

/** As a kubelet understands it: the first part is a registry only with a dot, a port, or as localhost. */
function wholeName(name) {
  const [first, ...rest] = name.split('/');
  if (rest.length === 0) return `${DEFAULT_PLACE}/${name}`;
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  return isRegistry ? name : `${dirname(DEFAULT_PLACE)}/${name}`;
}

function blob(value, mediaType) {
  const bytes = json(value);
  return { bytes, digest: createHash('sha256').update(bytes).digest('hex'), mediaType };
}

function descriptor({ bytes, digest, mediaType }) {
  return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}

function pathOf(digest) {
  return `blobs/sha256/${digest}`;
}

function byDigest(one, other) {
  return one.digest < other.digest ? -1 : 1;
}

function json(value) {
  return Buffer.from(JSON.stringify(value));
}

function pair(text) {
  const at = text.indexOf('=');
  if (at < 1) fail(`Cannot use ${text}: it is to be NAME=VALUE`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function fail(message) {
  console.error(message);
  process.exit(2);
}
