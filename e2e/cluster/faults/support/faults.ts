import {
  type ControlPlaneFixture,
  describeCluster,
  type SharedControlPlane,
} from '../../controlplanefixture.ts';
import { prepare } from '../../site/nodesfixture.ts';
import { FaultyNodesFixture } from './faultynodes.ts';

/** One for all suites that break it, so that nobody else's breaks. */
const BROKEN: SharedControlPlane = {};

after(() => BROKEN.controlPlane?.stop());

/** A suite on a control plane that it may break; each test has a site of its own. */
export function describeFaults(
  title: string,
  body: (site: () => FaultyNodesFixture, stand: ControlPlaneFixture) => void,
): void {
  describeCluster(
    title,
    stand => {
      let site: FaultyNodesFixture | undefined;
      prepare(stand, 'team-a');
      beforeEach(() => {
        site = new FaultyNodesFixture(stand);
      });
      afterEach(async function () {
        this.timeout(120_000);
        if (this.currentTest?.state === 'failed') console.log(site?.logs());
        await site?.leave();
        site = undefined;
      });
      body(() => site!, stand);
    },
    BROKEN,
  );
}
