import { rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { innerMapName } from '../../../api/innermap.ts';
import type { ContentRoom } from '../../../core/bytes/contentroom.ts';
import type { Wanted, WantedInner } from '../../../core/wanted.ts';
import { PATIENCE_MS } from '../../../testing/patience.ts';
import type { Source } from '../../source.ts';
import type { OpenForWriting } from '../disk/belief.ts';
import { folderSource } from '../folder.ts';
import { newFolder } from './maps.ts';

/** For tests: folders and sources that are gone after each test. */
export class FolderFixture {
  readonly #folders: string[] = [];
  readonly #sources: Source[] = [];
  /** Changes that the last source reported. */
  changes = 0;
  /** Short, so that no spec waits for seconds; a spec of what must not wait for it sets it far away. */
  quietMs = 200;
  patienceMs = 5_000;
  longestMs = 5_000;
  isOpenForWriting: OpenForWriting = () => undefined;
  room: ContentRoom | undefined;

  async open(...paths: string[]): Promise<{ source: Source; wanted: Wanted }> {
    const { quietMs, patienceMs, longestMs, isOpenForWriting, room } = this;
    const source = folderSource({
      ...{ paths, possibleCpus: 2, releases: ['token'] },
      ...{ quietMs, isOpenForWriting, patienceMs, longestMs, ...(room && { room }) },
    });
    this.#sources.push(source);
    this.changes = 0;
    source.onChange(() => this.changes++);
    return { source, wanted: await source.read() };
  }

  /** A folder whose files are quiet already. */
  folder(files: Readonly<Record<string, string>>): string {
    const folder = this.keep(newFolder(files));
    for (const name of Object.keys(files)) age(join(folder, name));
    return folder;
  }

  keep(folder: string): string {
    this.#folders.push(folder);
    return folder;
  }

  async end(): Promise<void> {
    this.quietMs = 200;
    this.patienceMs = 5_000;
    this.longestMs = 5_000;
    this.isOpenForWriting = () => undefined;
    for (const source of this.#sources.splice(0)) await source.close();
    for (const folder of this.#folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  }
}

export function names(wanted: Wanted): string[] {
  return wanted.innerMaps.map(({ innerMap: map }) => innerMapName(map)).sort();
}

export function inner(wanted: Wanted, name: string): WantedInner {
  const found = wanted.innerMaps.find(({ innerMap: map }) => innerMapName(map) === name);
  if (found === undefined) throw new Error(`no ${name} among ${names(wanted).join(', ')}`);
  return found;
}

export function entriesOf(wanted: Wanted, name: string): number {
  const { content } = inner(wanted, name);
  return content.kind === 'encoded' ? content.entries.count : -1;
}

export function valueBytes(wanted: Wanted, name: string): number {
  const { content } = inner(wanted, name);
  return content.kind === 'encoded' ? content.entries.values.length : -1;
}

/** Makes a file quiet, so that a test need not wait until it is. */
function age(path: string): void {
  const past = Date.now() / 1000 - 60;
  utimesSync(path, past, past);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise(done => setTimeout(done, milliseconds));
}

export async function until(holds: () => boolean | Promise<boolean>, within = PATIENCE_MS): Promise<void> {
  const end = performance.now() + within;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${within} ms`);
    await pause(5);
  }
}
