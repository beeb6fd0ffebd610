#!/usr/bin/env node
// Plain JavaScript that any Node can read: it may have to say that this Node is too old.
// CommonJS: the loader of ES modules starts libuv's pool before the first line of a module runs, too early for its size.
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const OLDEST = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  fail(`Cannot run on Node ${process.versions.node}: innermap needs ${OLDEST.join('.')} or newer`);
}

// libuv reads it once, before its first use. An ArrayOfMaps has no delete batch: as many deletes as koffi takes
// at once (256) share a grace period. A thread that only waits in the kernel costs its stack's first page.
process.env.UV_THREADPOOL_SIZE ??= '256';
process.title = ['innermap', ...process.argv.slice(2, 3)].join(' ');

const built = join(__dirname, '..', 'dist', 'operator', 'main.js');
if (!existsSync(built)) {
  fail('Cannot find dist/operator/main.js: run npm ci, or npm run build after a change');
}
import(pathToFileURL(built).href)
  .then(({ main }) => main(process.argv.slice(2)))
  .then(code => {
    process.exitCode = code;
  });

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
