import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { REPOSITORY } from '../crdschema.ts';
import { type ControlPlane, type Options, startControlPlane } from './controlplane.ts';
import type { Answer, Kubectl } from './kubectl.ts';
import { whatIsMissing } from './programs.ts';

export const CRDS = join(REPOSITORY, 'crds');

/** A cold build beside other load, and the start. */
const START_PATIENCE_MS = 20 * 60_000;
const PATIENCE_MS = 15_000;
const LOOK_AGAIN_MS = 50;

/** The control plane of one suite: there from its first `before` hook on. */
export class Stand {
  #controlPlane: ControlPlane | undefined;

  get controlPlane(): ControlPlane {
    if (this.#controlPlane === undefined) throw new Error('Cannot use the control plane: it is not started');
    return this.#controlPlane;
  }

  get kubectl(): Kubectl {
    return this.controlPlane.kubectl;
  }

  async start(options: Options): Promise<void> {
    this.#controlPlane = await startControlPlane(options);
  }

  async stop(): Promise<void> {
    await this.#controlPlane?.stop();
    this.#controlPlane = undefined;
  }

  /** `kubectl apply --server-side` of an object. */
  apply(object: object, ...words: readonly string[]): Promise<Answer> {
    return this.kubectl.run(['apply', '--server-side', ...words, '-f', '-'], JSON.stringify(object));
  }

  /** The same where it must be taken. */
  async put(object: object, ...words: readonly string[]): Promise<void> {
    await this.kubectl.must(['apply', '--server-side', ...words, '-f', '-'], JSON.stringify(object));
  }

  /** Everything of crds/, in force. */
  async install(): Promise<void> {
    await this.kubectl.must(['apply', '--server-side', '-f', CRDS]);
    await this.kubectl.must(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  }
}

/** A suite on a control plane of its own. Without Go it is one skipped test that says what to install; in CI it fails. */
export function describeCluster(title: string, body: (stand: Stand) => void, options: Options = {}): void {
  const missing = whatIsMissing();
  describe(title, () => {
    if (missing !== undefined && process.env['CI'] !== 'true') {
      it(`is skipped: ${missing}`);
      return;
    }
    const stand = new Stand();
    before(async function () {
      this.timeout(START_PATIENCE_MS);
      if (missing !== undefined) throw new Error(`Cannot start a control plane: ${missing}`);
      await stand.start(options);
    });
    afterEach(function () {
      if (this.currentTest?.state === 'failed') console.log(stand.controlPlane.logs());
    });
    after(() => stand.stop());
    body(stand);
  });
}

/** Asks until the answer is as expected: what is written to the API server is in force a moment later. */
export async function until(
  ask: () => Promise<Answer>,
  expected: (answer: Answer) => boolean,
): Promise<Answer> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (expected(answer)) return answer;
    if (performance.now() > end)
      throw new Error(`Waited in vain, the last answer is ${JSON.stringify(answer)}`);
    await sleep(LOOK_AGAIN_MS);
  }
}
