import { BOUNDS } from '../bounds.ts';
import { type AccessRule, OUTER_TYPES, type OuterMapSpec, type OuterType } from '../outermap.ts';
import { pinProblem } from './pin.ts';
import { below, refuse, scalar, shown, type ValueReader } from './reader.ts';
import { integer, integerOrText, listOf, oneOf, text, wholeNumber } from './scalars.ts';
import { isGiven, objectOf, optional, present, required, type Section } from './section.ts';
import { NODE_SELECTOR } from './selector.ts';
import { declaration, FLAGS, TEMPLATE } from './template.ts';

export const OUTER_MAP_FIELDS = [
  'type',
  'maxEntries',
  'key',
  'flags',
  'inner',
  'pin',
  'pinMode',
  'provision',
  'undeclaredKeys',
  'maxRemoval',
  'deletionPolicy',
  'maxNamespaceBytes',
  'access',
  'nodeSelector',
] as const;
export const ACCESS_FIELDS = ['namespaces', 'keys'] as const;
export const PROVISIONS = ['Create', 'Adopt'] as const;
export const UNDECLARED_KEYS = ['Remove', 'Keep'] as const;
export const DELETION_POLICIES = ['Retain', 'Delete'] as const;

export const OUTER_MAP_SPEC = objectOf<OuterMapSpec>(
  'what the outer map is: type, maxEntries, key, inner and access',
  OUTER_MAP_FIELDS,
  section => {
    const layout = readLayout(section);
    const policy = readPolicy(section);
    const access = required(section, 'access', ACCESS);
    const nodeSelector = optional(section, 'nodeSelector', NODE_SELECTOR);
    if (layout === undefined || access === undefined) return undefined;
    return present({ ...layout, ...policy, access, nodeSelector });
  },
);

function readLayout(section: Section) {
  const type = required(section, 'type', oneOf(OUTER_TYPES));
  const maxEntries = required(section, 'maxEntries', integer(1, BOUNDS.outerMaxEntries));
  const key = type === undefined ? undefined : readKey(section, type);
  const flags = optional(section, 'flags', FLAGS) ?? [];
  const inner = required(section, 'inner', TEMPLATE);
  if (type === undefined || maxEntries === undefined || key === undefined || inner === undefined)
    return undefined;
  return { type, maxEntries, key, flags, inner };
}

/** The names that C programs have for the index of an ArrayOfMaps. */
const INDEX_NAMES = ['u32', '__u32', 'uint32_t'] as const;

function readKey(section: Section, type: OuterType): string | undefined {
  if (type === 'HashOfMaps') return required(section, 'key', declaration("the outer map's key"));
  const key = optional(section, 'key', text({ wanted: 'u32', most: BOUNDS.declaration }));
  if (key === undefined || INDEX_NAMES.includes(key.trim() as 'u32')) return 'u32';
  return refuse(
    below(section.place, 'key'),
    `Must be u32 or absent: the key of an ArrayOfMaps is its index, not ${shown(key)}`,
  );
}

function readPolicy(section: Section) {
  const provision = optional(section, 'provision', oneOf(PROVISIONS)) ?? 'Create';
  if (provision === 'Adopt' && !isGiven(section, 'pin')) {
    refuse(
      below(section.place, 'pin'),
      "Missing: provision Adopt needs the pin where the program's loader puts the outer map",
    );
  }
  return {
    pin: optional(section, 'pin', PIN),
    pinMode: optional(section, 'pinMode', PIN_MODE) ?? 0o600,
    provision,
    undeclaredKeys:
      optional(section, 'undeclaredKeys', oneOf(UNDECLARED_KEYS)) ??
      (provision === 'Create' ? 'Remove' : 'Keep'),
    maxRemoval: optional(section, 'maxRemoval', MAX_REMOVAL) ?? { percent: 50 },
    deletionPolicy: optional(section, 'deletionPolicy', oneOf(DELETION_POLICIES)) ?? 'Retain',
    maxNamespaceBytes: optional(section, 'maxNamespaceBytes', integer(1, BOUNDS.namespaceBytes)),
  };
}

const PIN_TEXT = text({
  wanted: 'a path below the bpffs, such as tenants or tc/globals/tenants',
  most: BOUNDS.pin,
});

/** Accepts the names that bpffs accepts, except those that would leave it or lie in the ledger. */
const PIN: ValueReader<string> = {
  wanted: PIN_TEXT.wanted,
  read: (value, place) => {
    const pin = PIN_TEXT.read(value, place);
    const problem = pin === undefined ? undefined : pinProblem(pin);
    return problem === undefined ? pin : refuse(place, problem);
  },
};

/** Octal text: YAML reads an unquoted number as octal, JSON as decimal. The agent itself must be able to open the pin. */
const PIN_MODE = scalar(
  'a file mode in octal text, such as "0600", that lets the owner read and write',
  value =>
    typeof value === 'string' && /^0?[67][0-7]{2}$/.test(value) ? Number.parseInt(value, 8) : undefined,
  value => (typeof value === 'number' ? ': put it in quotes, as YAML reads 0600 as the number 384' : ''),
);

const MAX_REMOVAL = scalar<OuterMapSpec['maxRemoval']>(
  'a percentage such as "50%", or a number of keys',
  value => {
    const percentage = typeof value === 'string' ? /^(100|[1-9]?[0-9])%$/.exec(value) : null;
    if (percentage !== null) return { percent: Number(percentage[1]) };
    const keys = wholeNumber(value) ?? -1;
    return keys >= 0 ? { keys } : undefined;
  },
);

const NAMESPACE_PATTERN = text({
  wanted: 'the name of a namespace or a glob such as team-*',
  most: 63,
  pattern: /^[a-z0-9*?]([-a-z0-9*?]*[a-z0-9*?])?$/,
});
const ACCESS_KEY = integerOrText({
  wanted: 'a key, a range of integers such as 0..99, or a prefix such as 10.1.0.0/16',
  most: BOUNDS.keyText,
});

const ACCESS_RULE = objectOf<AccessRule>('an object with namespaces and keys', ACCESS_FIELDS, section => {
  const namespaces = required(section, 'namespaces', NAMESPACES);
  const keys = optional(section, 'keys', ACCESS_KEYS);
  return namespaces === undefined ? undefined : present({ namespaces, keys });
});
const NAMESPACES = listOf(NAMESPACE_PATTERN, {
  wanted: 'the namespaces that may declare keys, as names or globs such as team-*',
  least: 1,
  most: BOUNDS.accessNamespaces,
  unique: true,
});
/** Some read an empty list as all keys, others as none. */
const ACCESS_KEYS = listOf(ACCESS_KEY, { least: 1, most: BOUNDS.accessKeys, unique: true });
const ACCESS = listOf(ACCESS_RULE, {
  wanted: 'who may declare which keys, as a list of rules: - namespaces: ["team-*"]',
  least: 1,
  most: BOUNDS.accessRules,
  unique: false,
});
