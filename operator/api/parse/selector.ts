import { BOUNDS } from '../bounds.ts';
import type { NodeSelector, SelectorExpression } from '../metadata.ts';
import { LABEL_KEY_TEXT, LABEL_VALUE_TEXT, LABELS } from './metadata.ts';
import { below, type FieldReader, refuse } from './reader.ts';
import { listOf, oneOf } from './scalars.ts';
import { objectOf, optional, required } from './section.ts';

export const SELECTOR_FIELDS = ['matchLabels', 'matchExpressions'] as const;
export const EXPRESSION_FIELDS = ['key', 'operator', 'values'] as const;
export const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

const VALUES = listOf(LABEL_VALUE_TEXT, { least: 0, most: BOUNDS.selectorValues, unique: true });

const EXPRESSION = objectOf<SelectorExpression>(
  'an object with key, operator and values',
  EXPRESSION_FIELDS,
  section => {
    const key = required(section, 'key', LABEL_KEY_TEXT);
    const operator = required(section, 'operator', oneOf(OPERATORS));
    const values = optional(section, 'values', VALUES) ?? [];
    if (key === undefined || operator === undefined) return undefined;
    checkValues(operator, values.length, below(section.place, 'values'));
    return { key, operator, values };
  },
);

function checkValues(operator: SelectorExpression['operator'], count: number, place: FieldReader): void {
  const isSetOperator = operator === 'In' || operator === 'NotIn';
  if (isSetOperator && count === 0) refuse(place, `Missing: operator ${operator} needs at least one value`);
  if (!isSetOperator && count > 0) refuse(place, `Not known here: operator ${operator} takes no values`);
}

const EXPRESSIONS = listOf(EXPRESSION, { least: 0, most: BOUNDS.selectorExpressions, unique: false });

/** metav1.LabelSelector over the labels of nodes. */
export const NODE_SELECTOR = objectOf<NodeSelector>(
  'an object with matchLabels and matchExpressions',
  SELECTOR_FIELDS,
  section => {
    const matchLabels = optional(section, 'matchLabels', LABELS) ?? {};
    const matchExpressions = optional(section, 'matchExpressions', EXPRESSIONS) ?? [];
    if (Object.keys(matchLabels).length > BOUNDS.selectorLabels) {
      return refuse(below(section.place, 'matchLabels'), `Must have at most ${BOUNDS.selectorLabels} labels`);
    }
    return { matchLabels, matchExpressions };
  },
);
