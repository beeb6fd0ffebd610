import { dirname } from 'node:path';
import { expectNone } from './testing/none.ts';
import { isOfTests, sources } from './testing/sources.ts';

type Limit = 'lines of a file' | 'files of a folder' | 'lines of a function' | 'parameters';

/** CONTRIBUTING.md has the same, as sentences. */
const MOST: Readonly<Record<Limit, number>> = {
  'lines of a file': 300,
  'files of a folder': 10,
  'lines of a function': 50,
  parameters: 3,
};

const INSTEAD: Readonly<Record<Limit, string>> = {
  'lines of a file': 'give its second idea a file',
  'files of a folder': 'give those that belong together a folder',
  'lines of a function': 'name its parts',
  parameters: 'make them one object with names',
};

/**
 * Of a limit: a function (`file name`), a file, or a folder with what is below it → what the worst there has, and why
 * it may. Nothing here allows more than there is.
 */
type Exemptions = Readonly<
  Partial<Record<Limit, Readonly<Record<string, readonly [upTo: number, why: string]>>>>
>;

const HOT = 'runs for each cell or byte, and an object a call is garbage';
const ERROR = 'operation, object, errno and detail are the words of one message, in its order';
const SENTENCE = 'a call in a spec reads as a sentence';

const EXEMPT: Exemptions = {
  'files of a folder': {
    'bench/ours': [19, 'one file is one measurement'],
  },
  'lines of a function': {
    'operator/cli/testing/exports.ts foreignMaps': [92, 'a table of constants: one outer map of each sort'],
    'e2e/cluster/plane/controlplane.ts started': [61, 'starts two programs and hands out what acts on both'],
  },
  parameters: {
    'operator/core/bytes': [5, HOT],
    'operator/core/codec/encode.ts': [4, HOT],
    'operator/core/scalar': [6, HOT],
    'operator/source/folder/text': [5, HOT],
    'operator/kernel/libbpf/entries': [4, HOT],
    'operator/cli/terminal/order.ts compareBytes': [4, HOT],
    'operator/kernel/libbpf/library.ts announcing': [7, 'as many as C has'],
    'operator/kernel/error.ts': [4, ERROR],
    'operator/kernel/libbpf/errno.ts': [4, ERROR],
    'operator/kernel/libbpf/bpffs/pins.ts': [4, ERROR],
    'operator/agent/observe': [4, 'kernel, wanted, known and due go down one path together'],
    'operator/agent/run.ts': [4, 'the agent, its times, the listener and the end belong to four owners'],
    'operator/cli/arguments/parse.ts takeOption': [4, 'adds one token to what its caller gathers'],
    'operator/cli/export': [4, 'what is read, what is declared and the machine come from three places'],
    'operator/cli/get': [4, 'a view and three things found in the kernel, which no type joins'],
    'operator/core/plan': [4, 'wanted, found, known before and the policy are compared with each other'],
    'operator/core/types/parser/words.ts': [4, 'the columns of a table of types'],
    'operator/ledger': [4, 'a kernel, a map in it, and what is looked for'],
    'operator/source/cluster/cluster.ts': [4, 'the parts of one stream'],
    'bench/soak.ts reportText': [4, 'before and after, of how many and how long'],
    'operator/agent/testing/fixture.ts': [5, SENTENCE],
    'operator/agent/unreadable.test.ts': [4, 'one for each list that fast-check makes'],
    'operator/core/access/access.test.ts': [4, SENTENCE],
    'operator/core/testing/types.ts copyFields': [4, 'one walk: a type, from, to, and the place in both'],
    'operator/kernel/testing/fake': [4, SENTENCE],
    'operator/kube/testing/server.ts': [4, SENTENCE],
    e2e: [4, SENTENCE],
    native: [5, SENTENCE],
  },
};

interface Measured {
  readonly at: string;
  readonly has: number;
}

describe('limits', () => {
  for (const limit of Object.keys(MOST) as Limit[]) {
    const exempt = Object.entries(EXEMPT[limit] ?? {});

    it(`at most ${MOST[limit]} ${limit}`, () => {
      const most = (at: string) =>
        Math.max(MOST[limit], ...exempt.filter(([place]) => isWithin(at, place)).map(([, [upTo]]) => upTo));
      expectNone(
        measured(limit)
          .filter(({ at, has }) => has > most(at))
          .map(
            ({ at, has }) =>
              `${at}: ${has} ${limit}, at most ${most(at)}; ${INSTEAD[limit]}, or say in EXEMPT why not`,
          ),
      );
    });

    it(`no exemption allows more ${limit} than there are`, () => {
      const worst = (place: string) =>
        Math.max(
          ...measured(limit)
            .filter(({ at }) => isWithin(at, place))
            .map(({ has }) => has),
          0,
        );
      expectNone(
        exempt
          .filter(([place, [upTo]]) => worst(place) < upTo || upTo <= MOST[limit])
          .map(
            ([place, [upTo]]) =>
              `${place}: EXEMPT allows ${upTo} ${limit}, ${worst(place)} are the most; lower or drop it`,
          ),
      );
    });
  }
});

function measured(limit: Limit): readonly Measured[] {
  if (limit === 'lines of a file') return sources().map(({ path, lines }) => ({ at: path, has: lines }));
  if (limit === 'files of a folder') return folders();
  return sources().flatMap(({ path, functions }) =>
    functions
      .filter(({ isSuite }) => limit === 'parameters' || !isSuite)
      .map(({ name, lines, parameters }) => ({
        at: `${path} ${name}`,
        has: limit === 'parameters' ? parameters : lines,
      })),
  );
}

function folders(): readonly Measured[] {
  const counts = new Map<string, number>();
  for (const { path } of sources())
    if (!isOfTests(path)) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts].map(([at, has]) => ({ at, has }));
}

function isWithin(at: string, place: string): boolean {
  return at === place || at.startsWith(`${place}/`) || at.startsWith(`${place} `);
}
