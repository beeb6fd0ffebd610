#!/usr/bin/env node
// CommonJS, which any Node can read: it may have to say that this Node is too old.
const { existsSync, readFileSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const OLDEST = [20, 19];

// The loader of ES modules opens a program's files side by side, some hundred where it is not bundled
const LEAST_FILES = 128;

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
  fail(`Cannot run on Node ${process.versions.node}: innermap needs ${OLDEST.join('.')} or newer`);
}

const files = openFiles();
if (files < LEAST_FILES) {
  fail(
    `Cannot start with ${files} open files (RLIMIT_NOFILE): innermap needs ${LEAST_FILES}, an agent one more for each inner map that it changes at once; raise it with ulimit -n or LimitNOFILE`,
  );
}

process.title = ['innermap', ...process.argv.slice(2, 3)].join(' ');

const built = join(__dirname, '..', 'dist', 'operator', 'main.js');
if (!existsSync(built)) {
  fail('Cannot find dist/operator/main.js: run npm ci, or npm run build after a change');
}
// Node ends with 0 where a promise never settles and nothing is left that could settle it
process.once('beforeExit', unfinished);
import(pathToFileURL(built).href)
  .then(({ main }) => main(process.argv.slice(2)))
  .then(code => {
    process.off('beforeExit', unfinished);
    process.exitCode = code;
  })
  .catch(ended);

// A command that goes on has a net of its own, and ends in order
process.on('uncaughtException', error => {
  if (process.listenerCount('uncaughtException') === 1) ended(error);
});

function unfinished() {
  fail(
    'Error: Cannot finish: nothing is left to wait for, which is a mistake in innermap; please report what it was to do',
  );
}

function ended(error) {
  const isDebugged = (process.env.INNERMAP_DEBUG ?? '') !== '';
  fail(`Error: ${(isDebugged && error?.stack) || (error?.message ?? error)}`);
}

// Node has raised it to the hard limit
function openFiles() {
  try {
    return Number(
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Infinity,
    );
  } catch {
    return Infinity;
  }
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
