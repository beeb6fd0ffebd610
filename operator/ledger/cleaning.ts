import { LEDGER } from '../core/ledgerrecord.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type Pins, PRIVATE_MODE } from '../kernel/pins.ts';
import { type Clock, NODE_CLOCK, type NodeClock, REAL_CLOCK } from '../timing/clock.ts';
import { ledgerNamed } from './ledger.ts';
import { removeIfEmpty, removeLedger } from './removal.ts';

/**
 * Where `innermap clean OUTER` asks the agent that runs: a record for each outer map, which says when it was asked. The
 * agent takes the record away when it is done, or writes why it could not. No OuterMap has such a name.
 */
const REQUESTS = '~clean';
const ASKED = /^asked (\d+)$/;
/** Who asked waits for so long; a request that is older counts for nothing. Milliseconds. */
const WAIT_MS = 120_000;
const LOOK_MS = 50;
/** A record has at most 4,000 bytes. */
const ANSWER_LENGTH = 1_000;

export type WaitingClock = Pick<NodeClock, 'uptime'> & Pick<Clock, 'sleep'>;

const WAITING: WaitingClock = { uptime: NODE_CLOCK.uptime, sleep: REAL_CLOCK.sleep };

/** The directory whose appearance tells an agent that somebody asks. */
export function requestsIn(root: string): string {
  return `${root}/${LEDGER}/${REQUESTS}`;
}

/**
 * Asks the agent that holds the ledger to remove all that is ours of one outer map; returns once it is done. Throws what
 * the agent could not do, or where it does not answer.
 */
export async function askToClean(pins: Pins, outer: string, clock: WaitingClock = WAITING): Promise<void> {
  const directory = requestsIn(pins.root);
  const path = `${directory}/${outer}`;
  const asked = `asked ${clock.uptime()}`;
  const until = clock.uptime() + WAIT_MS;
  pins.makeDirectory(directory, PRIVATE_MODE);
  pins.writeRecord(path, asked);
  try {
    for (let answer: string | undefined = asked; answer !== undefined; answer = pins.readRecord(path)) {
      if (answer !== asked) throw new Error(answer);
      if (clock.uptime() >= until) throw new Error(NO_ANSWER);
      await clock.sleep(LOOK_MS);
    }
  } finally {
    pins.unlink(path);
    removeIfEmpty({ pins }, directory);
  }
}

const NO_ANSWER = `no answer within ${WAIT_MS / 1000} s, and it is not asked any more: it may be older than this command; stop it first`;

/** Removes the outer maps that somebody asks to have removed, and returns their names. What fails is the answer to who asked. */
export async function cleanAsked(kernel: Kernel, uptime: number): Promise<readonly string[]> {
  const { pins } = kernel;
  const directory = requestsIn(pins.root);
  const cleaned: string[] = [];
  for (const [name, kind] of pins.kinds(directory)) {
    const path = `${directory}/${name}`;
    const asked = kind === 'link' ? ASKED.exec(pins.readRecord(path) ?? '') : null;
    if (asked === null || uptime - Number(asked[1]) >= WAIT_MS) continue;
    try {
      await removeLedger(kernel, ledgerNamed(pins, name));
      pins.unlink(path);
      cleaned.push(name);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      pins.writeRecord(path, message.slice(0, ANSWER_LENGTH));
    }
  }
  return cleaned;
}

/** Removes all requests, where no agent runs that would answer. */
export function dropRequests(pins: Pins): void {
  const directory = requestsIn(pins.root);
  for (const name of pins.list(directory)) pins.unlink(`${directory}/${name}`);
  removeIfEmpty({ pins }, directory);
}
