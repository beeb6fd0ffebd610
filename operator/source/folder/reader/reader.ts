import { Worker } from 'node:worker_threads';
import type { WantedInner } from '../../../core/wanted.ts';
import type { ReadOptions } from '../manifests.ts';
import { type FileResult, readFiles } from './read.ts';
import type { Answer, Job } from './worker.ts';

/** After this long without work the thread ends, to give its memory back. */
const IDLE_MS = 30_000;

/** A long list in irregular layout takes some 300 MiB while it is read; a million entries in one file some 400. */
const LIMITS = { maxOldGenerationSizeMb: 1536, maxYoungGenerationSizeMb: 32 };

interface Running {
  readonly left: Set<string>;
  readonly each: (result: FileResult) => void;
  readonly done: () => void;
  parts: WantedInner[];
}

/** Reads files here, or in a thread of its own where that would hold up the event loop. Both answer the same. */
export class Reader {
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #jobs = 0;
  readonly #running = new Map<number, Running>();

  /** At once; for a few small files. */
  readHere(paths: readonly string[], options: ReadOptions): readonly FileResult[] {
    return [...readFiles(paths, options)];
  }

  /** In the thread; every file is answered, by `each`, before the promise is kept. */
  read(paths: readonly string[], options: ReadOptions, each: (result: FileResult) => void): Promise<void> {
    clearTimeout(this.#idle);
    const job = this.#jobs++;
    const worker = this.#thread();
    return new Promise(done => {
      this.#running.set(job, { left: new Set(paths), each, done, parts: [] });
      worker.postMessage({ job, paths, options } satisfies Job);
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #thread(): Worker {
    if (this.#worker === undefined) {
      const worker = new Worker(workerFile(), { resourceLimits: LIMITS });
      worker.on('message', (answer: Answer) => this.#answered(answer));
      worker.on('error', error => this.#ended(worker, error.message));
      worker.on('exit', () => this.#ended(worker, 'it was ended'));
      this.#worker = worker;
    }
    this.#worker.ref();
    return this.#worker;
  }

  #answered(answer: Answer): void {
    const running = this.#running.get(answer.job);
    if (running === undefined) return;
    if (answer.kind === 'part') running.parts.push(...answer.innerMaps);
    else if (answer.kind === 'file') this.#fileRead(running, answer.result);
    else this.#jobDone(answer.job, running);
  }

  #fileRead(running: Running, result: FileResult): void {
    running.left.delete(result.path);
    const innerMaps = running.parts;
    running.parts = [];
    running.each(result.kind === 'read' ? { ...result, reading: { ...result.reading, innerMaps } } : result);
  }

  #jobDone(job: number, running: Running): void {
    this.#running.delete(job);
    running.done();
    if (this.#running.size > 0) return;
    this.#worker?.unref();
    this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref();
  }

  /** Out of memory, most likely: what it did not get to is unreadable until it changes. */
  #ended(worker: Worker, reason: string): void {
    if (this.#worker === worker) this.#worker = undefined;
    const jobs = [...this.#running.values()];
    this.#running.clear();
    for (const { left, each, done } of jobs) {
      const message = `Cannot read: the reading thread failed (${reason}): split large files, or write their entries as tables`;
      for (const path of left) each({ kind: 'unreadable', path, message, signature: 'failed' });
      done();
    }
  }
}

/** Beside this file, as TypeScript or as what it was compiled to. */
function workerFile(): URL {
  return new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}
