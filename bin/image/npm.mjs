// Packages of the npm registry that are not for everybody's node_modules, as folders in the cache outside the tree.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'innermap-operator');

/** The folder with the package's files; fetched once, and used only where its integrity (as package-lock.json writes it) is right. */
export function packageFolder({ name, version, integrity }) {
  const folder = join(CACHE, `${name.replaceAll(/[@/]/g, '-').replace(/^-/, '')}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const scratch = mkdtempSync(join(CACHE, 'fetch.'));
  try {
    const words = ['pack', `${name}@${version}`, '--pack-destination', scratch, '--silent'];
    const archive = join(scratch, execFileSync('npm', words, { encoding: 'utf8' }).trim());
    check(archive, { name, version, integrity });
    execFileSync('tar', ['-xzf', archive, '-C', scratch, '--no-same-owner', 'package']);
    renameSync(join(scratch, 'package'), folder);
  } catch (error) {
    // Another process was faster
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return folder;
}

function check(archive, { name, version, integrity }) {
  const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
  if (found !== integrity)
    throw new Error(`Cannot use ${name}@${version}: its integrity is ${found}, not ${integrity}`);
}
