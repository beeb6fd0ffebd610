import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** What the kubelet asks of version 2; version 1 has a hierarchy for each. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids'];

/** Makes `/NAME/NODE` in every hierarchy: what a kubelet may call its root, so that it takes no other's pods for orphans. */
export function makeCgroup(name: string, node: string): string {
  const path = join('/', name, node);
  if (isUnified()) makeUnified(name, path);
  else for (const hierarchy of hierarchies()) mkdirSync(join(ROOT, hierarchy, path), { recursive: true });
  return path;
}

/**
 * Takes away what a node's pods had below its cgroup, as a reboot does: a kubelet that finds them spends three seconds
 * on each (1.36). Their processes must have ended.
 */
export function emptyCgroup(path: string): void {
  for (const root of isUnified() ? [''] : hierarchies())
    for (const child of foldersIn(join(ROOT, root, path))) removeBelow(child);
}

function removeBelow(folder: string): void {
  for (const child of foldersIn(folder)) removeBelow(child);
  rmdirSync(folder);
}

function foldersIn(folder: string): readonly string[] {
  const children = readdirSync(folder, { withFileTypes: true }).filter(child => child.isDirectory());
  return children.map(({ name }) => join(folder, name));
}

function makeUnified(name: string, path: string): void {
  mkdirSync(join(ROOT, path), { recursive: true });
  const wanted = CONTROLLERS.map(controller => `+${controller}`).join(' ');
  for (const folder of [ROOT, join(ROOT, name)])
    writeFileSync(join(folder, 'cgroup.subtree_control'), wanted);
}

function isUnified(): boolean {
  return existsSync(join(ROOT, 'cgroup.controllers'));
}

function hierarchies(): readonly string[] {
  return readdirSync(ROOT).filter(hierarchy => existsSync(join(ROOT, hierarchy, 'cgroup.procs')));
}
