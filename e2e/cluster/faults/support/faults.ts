import { prepare } from '../../site/site.ts';
import { describeCluster, type Ground, type Stand } from '../../stand.ts';
import { FaultySite } from './faultysite.ts';

/** One for all suites that break it, so that nobody else's breaks. */
const BROKEN: Ground = {};

after(() => BROKEN.controlPlane?.stop());

/** A suite on a control plane that it may break; each test has a site of its own. */
export function describeFaults(title: string, body: (site: () => FaultySite, stand: Stand) => void): void {
  describeCluster(
    title,
    stand => {
      let site: FaultySite | undefined;
      prepare(stand, 'team-a');
      beforeEach(() => {
        site = new FaultySite(stand);
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
