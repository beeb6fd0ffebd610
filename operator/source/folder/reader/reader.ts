import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { WantedInner } from '../../../core/wanted.ts';
import { signatureAt } from '../disk/scan.ts';
import type { ReadOptions } from '../manifests.ts';
import { type FileResult, readFiles } from './read.ts';
import { CommonTexts } from './texts.ts';
import type { Answer, Job } from './worker.ts';

/** The thread ends after so long without work, to release its memory. */
const IDLE_MS = 30_000;

/** A long list in irregular layout takes some 300 MiB while it is read; a million entries in one file some 400. */
const MOST_MIB = 1536;
const LEAST_MIB = 64;

/** At most half of what this process's cgroup may have: the thread ends before the kernel ends the process. */
function limits(): ResourceLimits {
  const mebibytes = process.constrainedMemory() / 1024 / 1024;
  const share = mebibytes > 0 ? Math.floor(mebibytes / 2) : MOST_MIB;
  return {
    maxOldGenerationSizeMb: Math.max(LEAST_MIB, Math.min(MOST_MIB, share)),
    maxYoungGenerationSizeMb: 32,
  };
}

interface Running {
  readonly options: ReadOptions;
  readonly left: Set<string>;
  readonly each: (result: FileResult) => void;
  readonly done: () => void;
  readonly texts: CommonTexts;
  parts: WantedInner[];
}

/** Reads files on this thread, or in a thread of its own where that would stall the event loop. Both results are equal. */
export class FileReader {
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #jobs = 0;
  #isClosed = false;
  readonly #limits: ResourceLimits;
  readonly #running = new Map<number, Running>();

  constructor(most: ResourceLimits = limits()) {
    this.#limits = most;
  }

  /** Reads at once, for a few small files. */
  readHere(paths: readonly string[], options: ReadOptions): readonly FileResult[] {
    return [...readFiles(paths, options)];
  }

  /** Reads in the thread. The promise resolves after `each` was called for every file. */
  read(paths: readonly string[], options: ReadOptions, each: (result: FileResult) => void): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    clearTimeout(this.#idle);
    const job = this.#jobs++;
    return new Promise(done => {
      const texts = new CommonTexts();
      this.#running.set(job, { options, left: new Set(paths), each, done, texts, parts: [] });
      try {
        this.#thread().postMessage({ job, paths, options } satisfies Job);
      } catch (error) {
        this.#fail(error as Error);
      }
    });
  }

  /** Ends running reads without the results that are left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const jobs = [...this.#running.values()];
    this.#running.clear();
    await this.#endThread();
    for (const { done } of jobs) done();
  }

  async #endThread(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #thread(): Worker {
    if (this.#worker === undefined) {
      const worker = new Worker(workerFile(), { resourceLimits: this.#limits });
      worker.on('message', (answer: Answer) => this.#answered(answer));
      worker.on('error', error => this.#ended(worker, error));
      worker.on('exit', () => this.#ended(worker, new Error('it was ended')));
      this.#worker = worker;
    }
    this.#worker.ref();
    return this.#worker;
  }

  #answered(answer: Answer): void {
    const running = this.#running.get(answer.job);
    if (running === undefined) return;
    if (answer.kind === 'part') takePart(running, answer.innerMaps);
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
    this.#idle = setTimeout(() => void this.#endThread(), IDLE_MS).unref();
  }

  #ended(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#fail(error);
  }

  #fail(error: Error): void {
    const jobs = [...this.#running.values()];
    this.#running.clear();
    for (const job of jobs) void this.#salvage(job, error);
  }

  /** One file ended the thread, probably for lack of memory: each is read alone, so that only that one stays unread. */
  async #salvage({ left, options, each, done }: Running, { message: reason }: Error): Promise<void> {
    if (left.size > 1) for (const path of left) await this.read([path], options, each);
    else {
      const message = `Cannot read: the reading thread failed (${reason}): split the file, or write its entries as a table`;
      for (const path of left) each({ kind: 'unreadable', path, message, signature: signatureAt(path) });
    }
    done();
  }
}

function takePart({ parts, texts }: Running, innerMaps: readonly WantedInner[]): void {
  for (const inner of innerMaps) {
    texts.keep(inner);
    parts.push(inner);
  }
}

/** The worker beside this file, as TypeScript or compiled. */
function workerFile(): URL {
  return new URL(`./worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url);
}
