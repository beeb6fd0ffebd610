import {
  type ControlPlaneFixture,
  describeCluster,
  type SharedControlPlane,
} from '../../controlplanefixture.ts';
import { prepare } from '../../nodes/nodesfixture.ts';
import { FaultyNodesFixture } from './faultynodes.ts';

/** One for all suites that break it, so that nobody else's breaks. */
const BROKEN: SharedControlPlane = {};

after(() => BROKEN.controlPlane?.stop());

/** A suite on a control plane that it may break; each test has nodes of its own. */
export function describeFaults(
  title: string,
  body: (nodesFixture: () => FaultyNodesFixture, fixture: ControlPlaneFixture) => void,
): void {
  describeCluster(
    title,
    fixture => {
      let nodesFixture: FaultyNodesFixture | undefined;
      prepare(fixture, 'team-a');
      beforeEach(() => {
        nodesFixture = new FaultyNodesFixture(fixture);
      });
      afterEach(async function () {
        this.timeout(120_000);
        if (this.currentTest?.state === 'failed') console.log(nodesFixture?.logs());
        await nodesFixture?.leave();
        nodesFixture = undefined;
      });
      body(() => nodesFixture!, fixture);
    },
    BROKEN,
  );
}
