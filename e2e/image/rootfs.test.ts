import { execFileSync } from 'node:child_process';
import { cpSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { REPOSITORY } from '../crdschema.ts';
import { describeImage, MADE, said, withBpffs, withSystem } from './support/made.ts';

const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
const INNERMAP = '/usr/local/bin/innermap';
const SHELLS = ['sh', 'bash', 'dash', 'ash', 'busybox', 'env', 'apt', 'apt-get', 'dpkg', 'perl', 'python3'];

describeImage('the root file system', () => {
  const chroot = (...words: readonly string[]) => said('/usr/sbin/chroot', [MADE.root, ...words]);
  const everything = () =>
    (readdirSync(MADE.root, { recursive: true }) as string[]).map(name => ({
      name,
      stat: lstatSync(join(MADE.root, name)),
    }));

  it('runs the program with nothing else there', () => {
    expect(chroot(INNERMAP, '--version')).to.deep.equal({ code: 0, out: `innermap ${version}\n`, error: '' });
  });

  it('runs it as nobody', () => {
    const words = ['--userspec=65532:65532', MADE.root, INNERMAP, '--version'];
    expect(said('/usr/sbin/chroot', words).out).to.equal(`innermap ${version}\n`);
  });

  it('programs the kernel, and reads templates', () => {
    const copy = join(MADE.scratch(), 'root');
    cpSync(MADE.root, copy, { recursive: true, verbatimSymlinks: true });
    cpSync(join(REPOSITORY, 'examples'), join(copy, 'examples'), { recursive: true });
    const inContainer = (work: () => void) => withSystem(copy, () => withBpffs(join(copy, 'bpffs'), work));
    inContainer(() => {
      const inside = (...words: readonly string[]) => said('/usr/sbin/chroot', [copy, INNERMAP, ...words]);
      const here = ['--bpffs', '/bpffs'];
      const once = inside('agent', '--once', '--manifests', '/examples', '--report', '/report', ...here);
      expect(once.code, once.error).to.equal(0);
      expect(readFileSync(join(copy, 'report'), 'utf8')).to.match(/"readTemplate":\s*true/);
      expect(inside('plan', '/examples', ...here).out).to.match(/^Nothing to do/);
      expect(inside('clean', '--yes', ...here).code).to.equal(0);
    });
  });

  it('has no shell, no package manager, and only two programs', () => {
    const programs = ['bin', 'sbin', 'usr/bin', 'usr/sbin', 'usr/local/bin'].flatMap(folder =>
      readdirSync(join(MADE.root, folder)),
    );
    expect(programs.sort()).to.deep.equal(['innermap', 'node']);
    const files = everything().filter(({ stat }) => !stat.isDirectory());
    const names = new Set(files.map(({ name }) => name.split('/').at(-1)));
    for (const shell of SHELLS) expect(names.has(shell), shell).to.equal(false);
  });

  it('has nothing that is set-uid or set-gid, and nothing that all may write but /tmp', () => {
    const files = everything().filter(({ stat }) => !stat.isSymbolicLink());
    expect(files.filter(({ stat }) => (stat.mode & 0o6000) !== 0).map(({ name }) => name)).to.deep.equal([]);
    expect(files.filter(({ stat }) => (stat.mode & 0o002) !== 0).map(({ name }) => name)).to.deep.equal([
      'tmp',
    ]);
    expect(lstatSync(join(MADE.root, 'tmp')).mode & 0o7777).to.equal(0o1777);
  });

  it('no link leads out of it or to nothing', () => {
    const links = everything().filter(({ stat }) => stat.isSymbolicLink());
    const broken = links.filter(({ name }) => chroot(`/usr/local/bin/node`, '-e', exists(name)).code !== 0);
    expect(broken.map(({ name }) => `${name} → ${readlinkSync(join(MADE.root, name))}`)).to.deep.equal([]);
  });

  it('every library that a file in it loads is in it', () => {
    const loader = chroot('/usr/local/bin/node', '-p', 'process.report.getReport().sharedObjects.join()');
    expect(loader.out).to.include('libstdc++');
    const objects = everything().filter(({ name }) => /\.(?:node|so)(?:\.|$)|bin\/node$/.test(name));
    const needed = objects.flatMap(({ name }) => libraries(join(MADE.root, name)));
    const there = new Set(everything().map(({ name }) => name.split('/').at(-1)));
    expect([...new Set(needed)].filter(name => !there.has(name))).to.deep.equal([]);
  });

  it('names nothing of the machine that made it', () => {
    const words = ['-rlaF', '-e', REPOSITORY, '-e', tmpdir() === '/tmp' ? MADE.root : tmpdir(), MADE.root];
    expect(said('/usr/bin/grep', words).out).to.equal('');
  });

  it('says to scanners what it is of, and keeps the licences', () => {
    const packages = readdirSync(join(MADE.root, 'var/lib/dpkg/status.d'));
    expect(packages).to.include.members([
      'base-files',
      'libbpf1',
      'libc6',
      'libelf1',
      'libgcc-s1',
      'libstdc++6',
      'zlib1g',
    ]);
    for (const name of [...packages, 'node', 'innermap-operator'])
      expect(
        readFileSync(join(MADE.root, 'usr/share/doc', name, 'copyright'), 'utf8').length,
        name,
      ).to.be.above(100);
    expect(readFileSync(join(MADE.root, 'etc/os-release'), 'utf8')).to.match(/^ID=debian$/m);
  });

  it('knows root and nonroot', () => {
    const ids = readFileSync(join(MADE.root, 'etc/passwd'), 'utf8').trim().split('\n');
    expect(ids.map(line => line.split(':').slice(0, 3).join())).to.deep.equal([
      'root,x,0',
      'nonroot,x,65532',
    ]);
  });
});

function exists(name: string): string {
  return `fs.statSync(${JSON.stringify(`/${name}`)})`;
}

/** What the dynamic section of an ELF file asks for. */
function libraries(file: string): string[] {
  const text = execFileSync('readelf', ['--dynamic', '--wide', file], { encoding: 'utf8', stdio: 'pipe' });
  return [...text.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name!);
}
