import type { Metadata } from '../metadata.ts';
import { GROUP } from '../metadata.ts';
import type { FieldReader, ValueReader } from './reader.ts';
import { below, refuse, shown } from './reader.ts';
import { integer, quoteHint, text } from './scalars.ts';
import type { Section } from './section.ts';
import { isObject, optional, present, required, sectionOf } from './section.ts';

/** RFC 1123: what Kubernetes takes as the name of a namespace, and we as the name of an OuterMap. */
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

/** Read for what decisions rest on; the rest of ObjectMeta is known, so that a typing error is told from it. */
const READ_FIELDS = [
  'name',
  'namespace',
  'uid',
  'generation',
  'resourceVersion',
  'creationTimestamp',
  'labels',
  'annotations',
];
const OTHER_FIELDS = [
  'generateName',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'finalizers',
  'managedFields',
  'ownerReferences',
  'selfLink',
];
const KNOWN_FIELDS = [...READ_FIELDS, ...OTHER_FIELDS];

/** An OuterMap is of the whole cluster. */
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

/** A folder's manifest that names no namespace is in `default`, as with kubectl. */
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

/** An object that a server wrote may carry metadata newer than this program: only an author's are checked for typing errors. */
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
    creationTimestamp: optional(
      section,
      'creationTimestamp',
      text({ wanted: 'a time as in RFC 3339', most: 64 }),
    ),
    labels: optional(section, 'labels', LABELS) ?? NONE,
    annotations: ownAnnotations(optional(section, 'annotations', ANNOTATIONS)),
  });
}

/** One object for all: ten thousand inner maps without labels must not hold ten thousand empty objects. */
const NONE: Readonly<Record<string, string>> = Object.freeze({});

/** Only ours are kept: kubectl's last-applied-configuration is the whole manifest once more. */
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
export const LABEL_VALUE_TEXT: ValueReader<string> = {
  wanted: 'the value of a label: at most 63 letters, digits, -, _ and dots',
  read: (value, place) => {
    if (typeof value === 'string' && value.length <= 63 && LABEL_VALUE.test(value)) return value;
    return refuse(place, `Must be ${LABEL_VALUE_TEXT.wanted}, not ${shown(value)}${quoteHint(value)}`);
  },
};

export const LABELS = textRecord(LABEL_KEY_TEXT, LABEL_VALUE_TEXT);

const ANY_TEXT: ValueReader<string> = {
  wanted: 'text',
  read: (value, place) =>
    typeof value === 'string' ? value : refuse(place, `Must be text, not ${shown(value)}${quoteHint(value)}`),
};
/** An annotation's key is a label's, in any case of letters. */
const ANNOTATION_KEY: ValueReader<string> = {
  wanted: 'the key of an annotation',
  read: (value, place) => checkedAnnotationKey(value, place),
};
const ANNOTATIONS = textRecord(ANNOTATION_KEY, ANY_TEXT);

function checkedAnnotationKey(key: unknown, place: FieldReader): string | undefined {
  if (typeof key === 'string' && LABEL_KEY.test(key.toLowerCase())) return key;
  return refuse(place, `Must be the key of an annotation, such as example.com/note, not ${shown(key)}`);
}

/** An object from text to text. Its keys are told at their own place. */
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
