import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { REPOSITORY } from '../crdschema.ts';
import { describeImage, MADE, nodeOfImage, said, script, withBpffs } from './support/made.ts';
import { MANY_FILES, writeManyFiles } from './support/manifests.ts';

const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
const EXAMPLES = join(REPOSITORY, 'examples');

describeImage('the bundle', () => {
  let node: string;
  before(() => {
    node = nodeOfImage();
  });
  const innermap = (...words: readonly string[]) => run(MADE.bundle, ...words);
  const run = (bundle: string, ...words: readonly string[]) =>
    said(node, [join(bundle, 'bin', 'innermap.js'), ...words], MADE.scratch());

  for (const [name, program] of [
    ['the Node.js of the image', () => node],
    ['the Node.js of this machine', () => process.execPath],
  ] as const)
    it(`runs from an empty folder on ${name}`, () => {
      const words = [join(MADE.bundle, 'bin', 'innermap.js'), '--version'];
      expect(said(program(), words, MADE.scratch())).to.deep.equal({
        ...{ code: 0, out: `innermap ${version}\n`, error: '' },
      });
    });

  it('validates the examples', () => {
    const { code, out, error } = innermap('validate', EXAMPLES);
    expect({ code, error }).to.deep.equal({ code: 0, error: '' });
    expect(out).to.match(/no errors\n$/);
  });

  it('programs the examples into the kernel, and has the program that reads templates', () => {
    const folder = MADE.scratch();
    const report = join(folder, 'report');
    withBpffs(join(folder, 'bpf'), () => {
      const here = ['--bpffs', join(folder, 'bpf')];
      const once = innermap('agent', '--once', '--manifests', EXAMPLES, '--report', report, ...here);
      expect(once.code, once.error).to.equal(0);
      expect(innermap('plan', EXAMPLES, ...here).out).to.match(/^Nothing to do/);
      expect(innermap('clean', '--yes', ...here).code).to.equal(0);
    });
    expect(readFileSync(report, 'utf8')).to.match(/"readTemplate":\s*true/);
  });

  it('reads many files in its worker', () => {
    const manifests = MADE.scratch();
    writeManyFiles(manifests);
    expect(innermap('validate', manifests).out).to.match(
      new RegExp(`${MANY_FILES} inner maps.*no errors\\n$`, 's'),
    );
    const without = join(MADE.scratch(), 'bundle');
    cpSync(MADE.bundle, without, { recursive: true });
    rmSync(join(without, 'dist', 'operator', 'worker.js'));
    const { code, out, error } = run(without, 'validate', manifests);
    expect([code, `${out}${error}`.includes('the reading thread failed')]).to.deep.equal([2, true]);
  });

  it('has the licences of all packages that are in it', () => {
    const text = readFileSync(join(MADE.bundle, 'licenses.txt'), 'utf8');
    for (const name of ['@kubernetes/client-node', 'koffi', 'prom-client', 'undici', 'winston', 'yaml'])
      expect(text).to.include(`== ${name} `);
  });

  it('its source maps name files of the repository, and nothing of the machine', () => {
    const sources = sourcesOf(MADE.bundle);
    expect(sources).to.include('operator/main.ts');
    expect(sources.filter(path => path.startsWith('/') || path.startsWith('..'))).to.deep.equal([]);
  });

  it('has of packages the parts that it calls, and not what these load for others', () => {
    const sources = sourcesOf(MADE.bundle).map(path => path.replace('node_modules/', ''));
    expect(sources).to.include.members([
      'undici/lib/dispatcher/pool.js',
      'winston/lib/winston/logger.js',
      'prom-client/lib/registry.js',
    ]);
    const parts =
      /^(?:undici\/index|winston\/lib\/winston\.|prom-client\/(?:index|lib\/cluster)|@opentelemetry\/)/;
    expect(sources.filter(path => parts.test(path))).to.deep.equal([]);
  });

  it('is refused where a bundled file reads what is not in it', () => {
    const copy = join(MADE.scratch(), 'repository');
    mkdirSync(copy);
    for (const name of ['operator', 'bin', 'native', 'package.json', 'package-lock.json', 'LICENSE'])
      cpSync(join(REPOSITORY, name), join(copy, name), { recursive: true });
    symlinkSync(join(REPOSITORY, 'node_modules'), join(copy, 'node_modules'));
    const file = join(copy, 'operator', 'cli', 'run.ts');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nconsole.log(import.meta.dirname);\n`);
    const { code, error } = said(process.execPath, [join(copy, 'bin', 'image', 'bundle.mjs')], copy);
    expect(code).to.equal(1);
    expect(error).to.include('Cannot bundle operator/cli/run.ts: it looks for files beside itself');
  });

  it('is for an architecture that the image can have', () => {
    expect(() => script('bundle.mjs', '--arch', 'riscv64', '--out', join(MADE.scratch(), 'x'))).to.throw(
      'Cannot bundle for riscv64: amd64 or arm64',
    );
  });
});

/** What its source maps name. */
function sourcesOf(bundle: string): readonly string[] {
  const folder = join(bundle, 'dist', 'operator');
  const maps = readdirSync(folder).filter(name => name.endsWith('.map'));
  return maps.flatMap(name => JSON.parse(readFileSync(join(folder, name), 'utf8')).sources as string[]);
}
