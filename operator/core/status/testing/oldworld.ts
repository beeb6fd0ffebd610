import { runToEnd } from '../../steps.ts';
import type { Written } from '../facts.ts';
import { World } from '../old/clusterstate.ts';
import { innerStatus, outerStatus } from '../old/statuses.ts';
import type { StatusChange } from '../outerrollup.ts';

export class OldWorld extends World {
  turn(now: number): readonly StatusChange[] {
    const told: StatusChange[] = [];
    runToEnd(this.fold(now, each => told.push(each)));
    return told;
  }
  innerStatusOf(key: string, now: number, date: string) {
    return innerStatus(this.inners.get(key)!, this, { now, date });
  }
  outerStatusOf(name: string, now: number, date: string) {
    return outerStatus(this.outers.get(name)!, this, { now, date });
  }
  wrote(key: string, written: Written) {
    this.inners.get(key)!.written = written;
  }
  nodeFacts(name: string) {
    return this.nodes.get(name)?.facts;
  }
  outerFacts(name: string) {
    return this.outers.get(name)?.facts;
  }
  innerFacts(key: string) {
    return this.inners.get(key)?.facts;
  }
  innerSpecVersion(key: string) {
    return this.inners.get(key)!.specResourceVersion;
  }
}
