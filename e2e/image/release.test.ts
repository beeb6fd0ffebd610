import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { clientPrograms } from '../cluster/plane/programs.ts';
import { REPOSITORY } from '../crdschema.ts';

describe('bin/release', () => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
  const run = (script: string, ...words: readonly string[]) => {
    const path = join(REPOSITORY, 'bin', 'release', script);
    const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...words], { encoding: 'utf8' });
    return { code: status, out: stdout, error: stderr };
  };

  let scratch: string;
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), 'innermap-release-'));
  });
  after(() => rmSync(scratch, { recursive: true }));

  it('version.mjs takes the tag of this version alone', () => {
    expect(run('version.mjs', `v${version}`)).to.deep.equal({ code: 0, out: `${version}\n`, error: '' });
    const other = run('version.mjs', 'v99.0.0');
    expect(other.code).to.equal(1);
    expect(other.error).to.include(`the tag says 99.0.0, package.json says ${version}`);
    expect(run('version.mjs', version).error).to.include('the tag says none');
  });

  it('changelog.mjs has the entry of a version, and fails without', () => {
    const file = join(scratch, 'CHANGELOG.md');
    writeFileSync(
      file,
      '# C\n\n## Unreleased\n\n- x\n\n## [1.2.0] - 2026-01-01\n\n### Added\n\n- y\n\n## 1.1.0\n\n- z\n',
    );
    expect(run('changelog.mjs', 'v1.2.0', file).out).to.equal('### Added\n\n- y\n');
    expect(run('changelog.mjs', 'v1.1.0', file).out).to.equal('- z\n');
    expect(run('changelog.mjs', 'v1.2', file)).to.include({ code: 1, out: '' });
    expect(run('changelog.mjs', '', file).code).to.equal(1);
  });

  it('chart.sh packages the chart with the image that was signed, by its digest', async function () {
    this.timeout(60_000);
    const { helm } = await clientPrograms();
    const image = 'registry.example.org:5000/ebpf/innermap-operator';
    const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
    const script = join(REPOSITORY, 'bin', 'release', 'chart.sh');
    const env = { ...process.env, PATH: `${dirname(helm)}:${process.env['PATH']}` };
    execFileSync('bash', [script, image, digest, join(scratch, 'chart')], { env });
    const archive = join(scratch, 'chart', `innermap-operator-${version}.tgz`);
    const rendered = execFileSync(helm, ['template', 'x', archive], { encoding: 'utf8' });
    expect([...rendered.matchAll(/^ +image: "?([^"\n]+)"?$/gm)].map(([, name]) => name)).to.deep.equal([
      `${image}@${digest}`,
      `${image}@${digest}`,
    ]);
    expect(spawnSync('bash', [script, image, '0.1.0', join(scratch, 'other')]).status).to.equal(1);
  });
});
