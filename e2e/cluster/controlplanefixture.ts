import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../crdschema.ts';
import { mustAnswer } from '../must.ts';
import { type ControlPlane, startControlPlane } from './plane/controlplane.ts';
import type { Answer, Kubectl } from './plane/kubectl.ts';
import { whatIsMissing } from './plane/programs.ts';

const CRDS = join(REPOSITORY, 'crds');

/** A cold build beside other load, and the start. */
const START_PATIENCE_MS = 20 * 60_000;
const PATIENCE_SECONDS = 45;

/** A control plane that several suites use: each begins without objects of ours. */
export interface SharedControlPlane {
  controlPlane?: ControlPlane;
  isInstalled?: boolean;
}

/** For all suites that leave it well. */
const SHARED: SharedControlPlane = {};
let isToldMissing = false;

after(() => SHARED.controlPlane?.stop());

/** What a suite has of the control plane: there from its first `before` hook on. */
export class ControlPlaneFixture {
  readonly #shared: SharedControlPlane;

  constructor(shared: SharedControlPlane = SHARED) {
    this.#shared = shared;
  }

  get controlPlane(): ControlPlane {
    const { controlPlane } = this.#shared;
    if (controlPlane === undefined) throw new Error('Cannot use the control plane: it is not started');
    return controlPlane;
  }

  get kubectl(): Kubectl {
    return this.controlPlane.kubectl;
  }

  async start(): Promise<void> {
    this.#shared.controlPlane ??= await startControlPlane();
  }

  /** `kubectl apply --server-side` of an object. */
  apply(object: object, ...words: readonly string[]): Promise<Answer> {
    return this.kubectl.run(['apply', '--server-side', ...words, '-f', '-'], JSON.stringify(object));
  }

  /** The same where it must be taken. */
  async put(object: object, ...words: readonly string[]): Promise<void> {
    await this.kubectl.must(['apply', '--server-side', ...words, '-f', '-'], JSON.stringify(object));
  }

  /** Everything of crds/ is in force, and no object of another suite is left; namespaces may be. */
  async install(): Promise<void> {
    if (this.#shared.isInstalled === true) await this.kubectl.must(['delete', 'im,om,nms', '--all', '-A']);
    else await this.#installAll();
    this.#shared.isInstalled = true;
  }

  async namespaces(...names: readonly string[]): Promise<void> {
    const items = names.map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    await this.put({ apiVersion: 'v1', kind: 'List', items });
  }

  /**
   * The policies come when the API server knows the kinds: where it looks for a policy's parameters
   * too early, it looks again after 30 seconds (1.36), and the policy fails open meanwhile.
   */
  async #installAll(): Promise<void> {
    const files = readdirSync(CRDS).filter(name => name.endsWith('.yaml'));
    const [policies, kinds] = [files.filter(isPolicy), files.filter(name => !isPolicy(name))];
    await this.kubectl.must(['apply', '--server-side', ...filesIn(kinds)]);
    await this.kubectl.must(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
    const listed = ['api-resources', '--cached=false', '--api-group=innermap.io', '-o', 'name'];
    await until(
      () => this.kubectl.run(listed),
      ({ out }) => out.trim().split('\n').length === kinds.length,
    );
    await this.kubectl.must(['apply', '--server-side', ...filesIn(policies)]);
  }
}

function isPolicy(name: string): boolean {
  return name.startsWith('policy-');
}

function filesIn(names: readonly string[]): readonly string[] {
  return names.flatMap(name => ['-f', join(CRDS, name)]);
}

/** A suite on the control plane. Without Go it is one skipped test that says what to install; in CI it fails. */
export function describeCluster(
  title: string,
  body: (fixture: ControlPlaneFixture) => void,
  shared?: SharedControlPlane,
): void {
  const missing = whatIsMissing();
  describe(title, () => {
    if (missing !== undefined && process.env['CI'] !== 'true') {
      if (!isToldMissing) it(`is skipped, as all of e2e/cluster: ${missing}`);
      isToldMissing = true;
      return;
    }
    const fixture = new ControlPlaneFixture(shared);
    before(async function () {
      this.timeout(START_PATIENCE_MS);
      if (missing !== undefined) throw new Error(`Cannot start a control plane: ${missing}`);
      await fixture.start();
    });
    afterEach(function () {
      if (this.currentTest?.state === 'failed') console.log(fixture.controlPlane.logs());
    });
    body(fixture);
  });
}

/** Asks until the answer is as expected: what is written to the API server is in force a moment later. */
export function until(ask: () => Promise<Answer>, expected: (answer: Answer) => boolean): Promise<Answer> {
  return mustAnswer('it is in force', ask, { expected, seconds: PATIENCE_SECONDS });
}
