// bundle.mjs [--arch amd64|arm64] [--out FOLDER]: the program and all that it reads at run time, in one folder (dist/image),
// laid out as this repository is, so that it finds its parts and is started in the same way from either:
//   bin/innermap.js                      what starts it, the same file
//   dist/operator/main.js, worker.js …   the operator and its packages, by esbuild
//   native/template.bpf.o, native/build/libinnermap.so, package.json  beside
//   node_modules                         koffi as it is: it loads its library for this architecture by path
// Fails where a bundled file reads something else at run time.
// Names are kept, and lines are short: a stack trace tells the functions. Its source maps lie beside and cost nothing until
// NODE_OPTIONS=--enable-source-maps reads them, which takes the memory that was saved here.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { licencesOf } from './bundle/licences.mjs';
import { onDemand, partOf, withoutSideEffects } from './bundle/plugins.mjs';
import { packageFolder } from './npm.mjs';

const REPOSITORY = join(import.meta.dirname, '..', '..');
/** As Debian and container images call them → as Node.js does. */
const ARCHITECTURES = { amd64: 'x64', arm64: 'arm64' };
/** → what compiles for it on a machine of another. Debian's packages: gcc-aarch64-linux-gnu and libc6-dev-arm64-cross, or of the other. */
const COMPILERS = { amd64: 'x86_64-linux-gnu-gcc', arm64: 'aarch64-linux-gnu-gcc' };
/** Files that look for something beside themselves; what they find is copied below. */
const MAY_LOOK_BESIDE = [
  'operator/main.ts',
  'operator/kernel/libbpf/library/beside.ts',
  'operator/source/folder/reader/reader.ts',
];
const BESIDE = ['native/template.bpf.o', 'bin/innermap.js', 'bin/package.json', 'LICENSE'];
const OUTPUT = 'dist/operator';
const LOOKS_BESIDE = /\bimport\.meta\.(?:url|dirname|filename|resolve)\b|\brequire\.resolve\(/;
/** CommonJS's way of it, by a name that is found again in what esbuild writes; in texts and comments it is left as it is. */
const FOLDER_OF_COMMONJS = 'folderOfCommonJs';

const { values } = parseArgs({
  options: {
    arch: { type: 'string', default: process.arch === 'arm64' ? 'arm64' : 'amd64' },
    out: { type: 'string', default: join(REPOSITORY, 'dist', 'image') },
  },
});
const cpu = ARCHITECTURES[values.arch];
if (cpu === undefined) fail(`Cannot bundle for ${values.arch}: amd64 or arm64`);

rmSync(values.out, { recursive: true, force: true });
const { outputs, outputFiles } = await bundled();
const inputs = Object.values(outputs).flatMap(output => Object.entries(output.inputs));
const used = [...new Set(inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path))];
checkImports();
checkFiles();
for (const file of outputFiles) writeOutput(file);
for (const path of BESIDE) copy(join(REPOSITORY, path), path);
copyLibrary();
writePackage();
copyKoffi();
writeFileSync(join(values.out, 'licenses.txt'), licencesOf(REPOSITORY, used));

async function bundled() {
  const {
    metafile,
    outputFiles: files,
    warnings,
  } = await build({
    absWorkingDir: REPOSITORY,
    entryPoints: { main: 'operator/main.ts', worker: 'operator/source/folder/reader/worker.ts' },
    // Not where it is written: the same input is to give the same bytes anywhere
    ...{ outdir: join(REPOSITORY, OUTPUT), write: false },
    // What only one command needs is read by that command alone
    splitting: true,
    chunkNames: '[name]-[hash]',
    ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20.19', external: ['koffi'] },
    define: { __dirname: FOLDER_OF_COMMONJS, 'process.env.NODE_ENV': '"production"' },
    // V8 keeps the text of what it has loaded, as two bytes a character where a comment has one beyond Latin 1
    ...{ minifyWhitespace: true, lineLimit: 120, legalComments: 'none' },
    ...{ sourcemap: 'linked', sourcesContent: false },
    ...{ metafile: true, logLevel: 'warning' },
    // Packages that are CommonJS ask for Node's own modules
    banner: {
      js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
    },
    plugins: [
      withoutSideEffects('@kubernetes/client-node'),
      ...['undici', 'winston', 'prom-client'].map(partOf),
      onDemand('http', 'crypto'),
    ],
  });
  if (warnings.length > 0) fail('Cannot trust the bundle: esbuild warns, see above');
  return { outputs: metafile.outputs, outputFiles: files };
}

function writeOutput({ path, text }) {
  const name = relative(join(REPOSITORY, OUTPUT), path);
  const written = join(values.out, 'dist', 'operator', name);
  mkdirSync(dirname(written), { recursive: true });
  writeFileSync(written, name.endsWith('.map') ? fromRoot(text) : text);
}

/** The sources of a map as this repository names them. */
function fromRoot(map) {
  const { sources, ...rest } = JSON.parse(map);
  const named = sources.map(source => relative(REPOSITORY, resolve(REPOSITORY, OUTPUT, source)));
  return JSON.stringify({ ...rest, sources: named });
}

/** What is not in the bundle is Node's own, or koffi. */
function checkImports() {
  for (const [file, { imports }] of Object.entries(outputs))
    for (const { path, external } of imports) {
      if (external !== true || path === 'koffi' || path.startsWith('node:') || isNodes(path)) continue;
      fail(`Cannot bundle: ${file} imports ${path}, which is not in it`);
    }
}

function isNodes(path) {
  return process.getBuiltinModule(path) !== undefined;
}

/** A file that looks beside itself finds nothing once it is bundled, unless it is known here. */
function checkFiles() {
  for (const path of used) {
    if (MAY_LOOK_BESIDE.includes(path) || path.endsWith('.json') || path.startsWith('on-demand:')) continue;
    const line = readFileSync(join(REPOSITORY, path), 'utf8')
      .split('\n')
      .find(text => LOOKS_BESIDE.test(text) && !/^\s*(?:\/\/|\*|\/\*)/.test(text));
    if (line !== undefined)
      fail(
        `Cannot bundle ${path}: it looks for files beside itself (${line.trim().slice(0, 120)}): copy them too, and name it in MAY_LOOK_BESIDE`,
      );
  }
  for (const { path, text } of outputFiles)
    if (text.includes(FOLDER_OF_COMMONJS))
      fail(`Cannot bundle: ${path} asks for __dirname, and looks for files beside itself`);
  const gone = MAY_LOOK_BESIDE.filter(path => !used.includes(path));
  if (gone.length > 0)
    fail(`Cannot bundle: ${gone.join(', ')} is not a part of it any more: take it out of MAY_LOOK_BESIDE`);
}

function writePackage() {
  const { name, version, license, type } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
  writeFileSync(join(values.out, 'package.json'), `${JSON.stringify({ name, version, license, type })}\n`);
}

/** Built for the architecture, in a folder of its own where that is not this machine's. */
function copyLibrary() {
  const isOwn = cpu === process.arch;
  const folder = isOwn ? 'build' : `build/${values.arch}`;
  const variables = isOwn ? [] : [`BUILD=${folder}`, `CC=${COMPILERS[values.arch]}`];
  const native = join(REPOSITORY, 'native');
  try {
    execFileSync('make', ['--silent', '-C', native, 'lib', ...variables], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    const compiler = isOwn ? 'a C compiler' : COMPILERS[values.arch];
    fail(
      `Cannot bundle libinnermap.so for ${values.arch}: make, ${compiler} and its C library's headers are needed\n${error.stderr ?? error.message}`,
    );
  }
  copy(join(native, folder, 'libinnermap.so'), join('native', 'build', 'libinnermap.so'));
}

function copyKoffi() {
  const modules = join(REPOSITORY, 'node_modules');
  for (const file of ['package.json', 'index.js', 'src/koffi/index.js', 'src/koffi/src/static.js'])
    copy(join(modules, 'koffi', file), join('node_modules', 'koffi', file));
  const name = `@koromix/koffi-linux-${cpu}`;
  const { packages } = JSON.parse(readFileSync(join(REPOSITORY, 'package-lock.json'), 'utf8'));
  const { version, integrity } = packages[`node_modules/${name}`];
  const from = cpu === process.arch ? join(modules, name) : packageFolder({ name, version, integrity });
  for (const file of ['package.json', 'index.js', `linux_${cpu}/koffi.node`])
    copy(join(from, file), join('node_modules', name, file));
}

function copy(from, to) {
  mkdirSync(dirname(join(values.out, to)), { recursive: true });
  cpSync(from, join(values.out, to));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
