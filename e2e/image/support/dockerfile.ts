import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../../crdschema.ts';

/** What the Dockerfile's last stage makes of an image, in the words of an image's configuration. */
export interface Configured {
  readonly User: string | undefined;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly WorkingDir: string | undefined;
  readonly Labels: Readonly<Record<string, string>>;
}

/** Instructions of the Dockerfile in their order, each on one line, without comments. */
export function instructions(): readonly (readonly [name: string, rest: string])[] {
  const text = readFileSync(join(REPOSITORY, 'Dockerfile'), 'utf8').replace(/^#.*\n/gm, '');
  const lines = text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter(Boolean);
  return lines.map(line => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]);
}

export function lastStage(): Configured {
  const all = instructions();
  const stage = all.slice(all.findLastIndex(([name]) => name === 'FROM'));
  const of = (wanted: string) => stage.filter(([name]) => name === wanted).map(([, rest]) => rest);
  return {
    User: of('USER').at(-1),
    Env: of('ENV')
      .flatMap(pairs)
      .map(pair => pair.join('=')),
    Entrypoint: JSON.parse(of('ENTRYPOINT').at(-1) ?? '[]'),
    WorkingDir: of('WORKDIR').at(-1),
    Labels: Object.fromEntries(of('LABEL').flatMap(pairs)),
  };
}

/** `a="b" c="d"` */
function pairs(text: string): (readonly [string, string])[] {
  return [...text.matchAll(/([^\s=]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]);
}
