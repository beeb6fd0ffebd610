import { GROUP, type Metadata } from '../metadata.ts';
import { below, type FieldReader, refuse, scalar, shown, type ValueReader } from './reader.ts';
import { integer, quoteHint, text } from './scalars.ts';
import { isObject, optional, present, required, type Section, sectionOf } from './section.ts';

/** RFC 1123: the rule of Kubernetes for the name of a namespace, and of this operator for the name of an OuterMap. */
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_RULE =
  'of lower-case letters, digits and -, a letter or digit at both ends, at most 63 characters and no dots';

export const OUTER_MAP_NAME = text({
  wanted: `the name of an OuterMap, ${LABEL_RULE} (it names a directory in the bpffs)`,
  most: 63,
  pattern: LABEL,
});
const NAMESPACE = text({ wanted: `the name of a namespace, ${LABEL_RULE}`, most: 63, pattern: LABEL });
const INNER_MAP_NAME = text({
  wanted:
    'the name of an InnerMap, of lower-case letters, digits, - and dots, a letter or digit at both ends of each part',
  most: 253,
  pattern: SUBDOMAIN,
});

/** All fields of ObjectMeta, those that no decision reads in the end: any other name is a typing error. */
const KNOWN_FIELDS = [
  'name',
  'namespace',
  'uid',
  'generation',
  'resourceVersion',
  'creationTimestamp',
  'labels',
  'annotations',
  'generateName',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'finalizers',
  'managedFields',
  'ownerReferences',
  'selfLink',
];

/** An OuterMap is cluster-scoped. */
export const OUTER_METADATA: ValueReader<Metadata> = {
  wanted: 'metadata with the name of the OuterMap',
  read: (value, place) => {
    const section = metadataSection(value, place);
    if (section === undefined) return undefined;
    if (section.fields['namespace'])
      refuse(below(place, 'namespace'), 'Not known here: an OuterMap has no namespace, take it out');
    const name = required(section, 'name', OUTER_MAP_NAME);
    const common = commonMetadata(section);
    return name === undefined ? undefined : { name, ...common };
  },
};

/** A folder's manifest without a namespace is in `default`, as with kubectl. */
export const INNER_METADATA: ValueReader<Metadata & { readonly namespace: string }> = {
  wanted: 'metadata with the name of the InnerMap',
  read: (value, place) => {
    const section = metadataSection(value, place);
    if (section === undefined) return undefined;
    const name = required(section, 'name', INNER_MAP_NAME);
    const namespace = optional(section, 'namespace', NAMESPACE) ?? 'default';
    const common = commonMetadata(section);
    return name === undefined ? undefined : { name, namespace, ...common };
  },
};

/** An object from a server may carry metadata newer than this program: only an author's is checked for typing errors. */
function metadataSection(value: unknown, place: FieldReader): Section | undefined {
  if (!isObject(value)) return sectionOf(value, place, ['name', 'namespace', 'labels', 'annotations']);
  const isFromServer = typeof value['resourceVersion'] === 'string';
  return sectionOf(value, place, isFromServer ? Object.keys(value) : KNOWN_FIELDS);
}

function commonMetadata(section: Section): Omit<Metadata, 'name' | 'namespace'> {
  return present({
    uid: optional(section, 'uid', text({ wanted: 'a uid', most: 253 })),
    generation: optional(section, 'generation', integer(0, Number.MAX_SAFE_INTEGER)),
    resourceVersion: optional(section, 'resourceVersion', text({ wanted: 'a resource version', most: 253 })),
    creationTimestamp: optional(section, 'creationTimestamp', TIME),
    labels: optional(section, 'labels', LABELS) ?? NONE,
    annotations: ownAnnotations(optional(section, 'annotations', ANNOTATIONS)),
  });
}

const TIME = text({ wanted: 'a time as in RFC 3339', most: 64 });

/** One object for all: 10,000 inner maps without labels must not hold 10,000 empty objects. */
const NONE: Readonly<Record<string, string>> = Object.freeze({});

/** Only the operator's own are kept: kubectl's last-applied-configuration is a second copy of the manifest. */
function ownAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  const own = Object.entries(annotations ?? NONE).filter(([key]) => key.startsWith(`${GROUP}/`));
  return own.length === 0 ? NONE : Object.fromEntries(own);
}

const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

export const LABEL_KEY_TEXT = text({
  wanted: 'the key of a label, such as app or example.com/app',
  most: 317,
  pattern: LABEL_KEY,
});

/** The value of a label may be empty. */
export const LABEL_VALUE_TEXT = scalar(
  'the value of a label: at most 63 letters, digits, -, _ and dots',
  value => (typeof value === 'string' && value.length <= 63 && LABEL_VALUE.test(value) ? value : undefined),
  quoteHint,
);

export const LABELS = textRecord(LABEL_KEY_TEXT, LABEL_VALUE_TEXT);

const ANY_TEXT = scalar('text', value => (typeof value === 'string' ? value : undefined), quoteHint);
/** An annotation's key is a label's, in any case of letters. */
const ANNOTATION_KEY = scalar('the key of an annotation, such as example.com/note', key =>
  typeof key === 'string' && LABEL_KEY.test(key.toLowerCase()) ? key : undefined,
);
const ANNOTATIONS = textRecord(ANNOTATION_KEY, ANY_TEXT);

/** An object from text to text. A problem of a key is reported at that key. */
function textRecord(
  key: ValueReader<string>,
  value: ValueReader<string>,
): ValueReader<Readonly<Record<string, string>>> {
  const wanted = 'an object of text';
  return {
    wanted,
    read: (record, place) => {
      if (!isObject(record)) return refuse(place, `Must be ${wanted}, not ${shown(record)}`);
      const pairs: [string, string][] = [];
      for (const [name, given] of Object.entries(record)) {
        const spot = below(place, name);
        const readName = key.read(name, spot);
        const readValue = value.read(given, spot);
        if (readName !== undefined && readValue !== undefined) pairs.push([readName, readValue]);
      }
      return pairs.length === 0 ? NONE : Object.fromEntries(pairs);
    },
  };
}
