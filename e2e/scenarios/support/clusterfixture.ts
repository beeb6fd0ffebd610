import { join } from 'node:path';
import { Helm } from '../../cluster/chart/helm.ts';
import { FOLDER } from '../../cluster/chart/objects.ts';
import type { Kubectl } from '../../cluster/plane/kubectl.ts';
import { REPOSITORY } from '../../crdschema.ts';
import type { Provider } from '../../provider/provider.ts';
import { withImages } from '../../tools/images.ts';
import { logsOf, SYSTEM } from './logs.ts';
import { WITNESS_NAMESPACE, Witness } from './witness.ts';

const RELEASE = 'innermap';
const TOOLS = join(REPOSITORY, 'e2e', 'tools', 'tools.yaml');
/** Soon, so that a test need not wait for the next look at everything; two controllers, as a test may break the node of one. */
const FOR_TESTS = [
  'agent.extraArgs={--resync=3s,--content-resync=6s,--relist-jitter=500ms}',
  'controller.replicas=2',
];
const PATIENCE = '120s';

/** The cluster that all scenarios share: our images on its nodes, the witness, and the chart as a user installs it. */
export class ClusterFixture {
  readonly provider: Provider;
  readonly witness: Witness;
  readonly #helm: Helm;
  readonly #values: readonly string[];

  private constructor(provider: Provider, helm: Helm, values: readonly string[]) {
    this.#values = values;
    this.provider = provider;
    this.witness = new Witness(provider.kubectl);
    this.#helm = helm;
  }

  /** `values`: of the chart, as `--set` takes them. */
  static async on(provider: Provider, values: readonly string[] = FOR_TESTS): Promise<ClusterFixture> {
    const fixture = new ClusterFixture(provider, await Helm.with(FOLDER, provider.kubeconfig), values);
    try {
      await fixture.#prepare();
      return fixture;
    } catch (error) {
      const logs = `${await logsOf(provider.kubectl)}\n${await provider.logs()}`;
      await fixture.down();
      throw new Error(`Cannot prepare the cluster: ${(error as Error).message}\n${logs}`);
    }
  }

  async #prepare(): Promise<void> {
    const { provider, kubectl } = this;
    await withImages(provider.name === 'kind' ? 'docker' : 'scripts', async archives => {
      for (const archive of archives) await provider.load(archive);
    });
    await kubectl.must(['apply', '--server-side', '-f', TOOLS]);
    await this.install();
    const rollout = ['rollout', 'status', 'daemonset/witness', '-n', WITNESS_NAMESPACE];
    await kubectl.must([...rollout, `--timeout=${PATIENCE}`]);
  }

  get kubectl(): Kubectl {
    return this.provider.kubectl;
  }

  /** `helm upgrade --install`: pods are Ready when it resolves. */
  async install(...values: readonly string[]): Promise<void> {
    const image = ['image.repository=innermap-operator', 'image.tag=e2e'];
    const all = [...image, ...this.#values, ...values];
    const words = ['upgrade', '--install', RELEASE, FOLDER, '--namespace', SYSTEM, '--create-namespace'];
    const set = all.flatMap(value => ['--set', value]);
    await this.#helm.must([...words, ...set, '--wait', '--timeout', PATIENCE]);
  }

  /** To the release before. */
  async rollback(): Promise<void> {
    await this.#helm.must(['rollback', RELEASE, '--namespace', SYSTEM, '--wait', '--timeout', PATIENCE]);
  }

  async uninstall(): Promise<void> {
    await this.#helm.must(['uninstall', RELEASE, '--namespace', SYSTEM, '--wait', '--timeout', PATIENCE]);
  }

  async down(): Promise<void> {
    this.#helm.close();
    await this.provider.down();
  }
}
