import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OWN } from '../../../operator/testing/own.ts';
import { eventually } from './process.ts';

/** Version 1 where it is mounted with the memory controller, else version 2. */
const OLD = '/sys/fs/cgroup/memory';
const NEW = '/sys/fs/cgroup';

/** A cgroup with a limit of memory: maps are charged to whoever makes them. */
export class MemoryGroup {
  readonly #directory: string;
  readonly #limit: string;

  /** Undefined where no memory controller can be had here. */
  static make(bytes: number): MemoryGroup | undefined {
    const isOld = existsSync(join(OLD, 'memory.limit_in_bytes'));
    const root = isOld ? OLD : NEW;
    if (!isOld && !controllers(root).includes('memory')) return undefined;
    return new MemoryGroup(root, isOld ? 'memory.limit_in_bytes' : 'memory.max', bytes);
  }

  private constructor(root: string, limit: string, bytes: number) {
    this.#directory = join(root, `${OWN}-test-${process.pid}`);
    this.#limit = limit;
    mkdirSync(this.#directory);
    this.limit(bytes);
  }

  limit(bytes: number): void {
    writeFileSync(join(this.#directory, this.#limit), String(bytes));
  }

  /** Words that put a command into the group before it starts. */
  get enter(): readonly string[] {
    return ['sh', '-c', `echo $$ > ${this.#directory}/cgroup.procs && exec "$@"`, 'sh'];
  }

  /** Once its last process and map are gone. */
  async leave(): Promise<void> {
    await eventually('the cgroup is empty', () => {
      rmdirSync(this.#directory);
      return true;
    });
  }
}

function controllers(root: string): readonly string[] {
  try {
    return readFileSync(join(root, 'cgroup.subtree_control'), 'utf8').trim().split(' ');
  } catch {
    return [];
  }
}
