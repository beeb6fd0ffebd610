import { parseOuterMap } from '../../api/parse/manifest.ts';
import { problemsText } from '../../api/problem.ts';
import type { OuterFacts } from '../../core/status/facts.ts';
import type { KubeObject } from '../../kube/client.ts';
import { withStatusOf, writtenIn } from './written.ts';

/** Facts of an OuterMap. An unchanged generation keeps the parsed object, so that caches keyed by it stay valid. */
export function outerFacts(object: KubeObject, previous: OuterFacts | undefined): OuterFacts {
  const { name, uid = '', generation = 0, resourceVersion = '' } = object.metadata;
  if (previous?.uid === uid && previous.generation === generation) return withStatusOf(object, previous);
  const written = writtenIn(object);
  const common = { name, uid, generation, resourceVersion, written };
  const parsed = parseOuterMap(object);
  if (parsed.ok) return { ...common, outerMap: parsed.value };
  return { ...common, problem: { reason: 'Unsupported', message: problemsText(parsed.problems) } };
}
