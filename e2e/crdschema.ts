import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

/** A node of an openAPIV3Schema, as far as tests look at it. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-validations'?: readonly {
    readonly rule: string;
    readonly message: string;
    readonly messageExpression?: string;
  }[];
}

export interface Crd {
  readonly kind: string;
  readonly schema: Schema;
}

/** The folder that holds both crds/ and tsconfig.json, wherever the tests were compiled to. */
export const REPOSITORY = repositoryAbove(import.meta.dirname);
export const SAMPLES = join(REPOSITORY, 'crds', 'samples');

function repositoryAbove(directory: string): string {
  if (existsSync(join(directory, 'crds')) && existsSync(join(directory, 'tsconfig.json'))) return directory;
  if (dirname(directory) === directory)
    throw new Error('Cannot find the repository: no folder above holds crds/ and tsconfig.json');
  return repositoryAbove(dirname(directory));
}

export function readCrd(file: string): Crd {
  const crd = parse(readFileSync(join(REPOSITORY, 'crds', file), 'utf8'));
  const version = crd.spec.versions[0];
  return { kind: crd.spec.names.kind, schema: version.schema.openAPIV3Schema };
}

/** The schema below a path of property names; `[]` steps into the items of a list. */
export function schemaAt(schema: Schema, ...path: readonly string[]): Schema {
  let place: Schema | undefined = schema;
  for (const part of path) place = part === '[]' ? place?.items : place?.properties?.[part];
  if (place === undefined) throw new Error(`Cannot find ${path.join('.')} in the schema: no such property`);
  return place;
}

/** Every node of the schema with its path. */
export function* schemasIn(
  schema: Schema,
  path = '',
): Generator<{ readonly path: string; readonly schema: Schema }> {
  yield { path, schema };
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    yield* schemasIn(property, `${path}.${name}`);
  if (schema.items !== undefined) yield* schemasIn(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) yield* schemasIn(schema.additionalProperties, `${path}{}`);
}

/** Why the schema refuses an object, without its CEL rules; nothing where it takes it. */
export function schemaRefusal(crd: Crd): (object: unknown) => string | undefined {
  const ajv = new Ajv({
    allErrors: true,
    strict: true,
    allowUnionTypes: true,
    strictTypes: false,
    validateFormats: false,
  });
  const validate = ajv.compile(jsonSchemaOf(crd.schema, ''));
  return object => (validate(withoutNulls(object, crd.schema)) ? undefined : ajv.errorsText(validate.errors));
}

/** JSON Schema that means what the API server means: fields it would prune are refused, as kubectl's strict validation does. */
function jsonSchemaOf(schema: Schema, path: string): Record<string, unknown> {
  const plain = Object.fromEntries(
    Object.entries(schema).filter(([name]) => !name.startsWith('x-kubernetes-')),
  );
  if (schema['x-kubernetes-int-or-string']) plain['type'] = ['integer', 'string'];
  if (schema['x-kubernetes-list-type'] === 'set') plain['uniqueItems'] = true;
  if (schema.items !== undefined) plain['items'] = jsonSchemaOf(schema.items, `${path}[]`);
  if (schema.additionalProperties !== undefined) {
    plain['additionalProperties'] = jsonSchemaOf(schema.additionalProperties, `${path}{}`);
  }
  if (schema.properties !== undefined) {
    const properties = Object.entries(schema.properties);
    plain['properties'] = Object.fromEntries(
      properties.map(([name, part]) => [name, jsonSchemaOf(part, `${path}.${name}`)]),
    );
    plain['additionalProperties'] = false;
  }
  return plain;
}

/** The API server prunes known fields that are null before it validates. */
function withoutNulls(value: unknown, schema: Schema | undefined): unknown {
  if (schema === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(item => withoutNulls(item, schema.items));
  const fields = Object.entries(value).filter(
    ([name, field]) => field !== null || schema.properties?.[name] === undefined,
  );
  return Object.fromEntries(
    fields.map(([name, field]) => [name, withoutNulls(field, schema.properties?.[name])]),
  );
}

export interface Sample {
  readonly name: string;
  readonly object: unknown;
  /** What the refusal must contain, and whether the schema or a CEL rule is what refuses at admission. */
  readonly refused?: { readonly words: string; readonly by: string };
}

/** The samples as kubectl would read them: YAML 1.1, where NO is a boolean. */
export function readSamples(): readonly Sample[] {
  return readdirSync(SAMPLES)
    .filter(name => name.endsWith('.yaml'))
    .sort()
    .map(name => readSample(name));
}

function readSample(name: string): Sample {
  const text = readFileSync(join(SAMPLES, name), 'utf8');
  const object: unknown = parse(text, { schema: 'yaml-1.1' });
  const header = /^# refused: (.+)\n# by: (schema|rule)\n/.exec(text);
  return header === null
    ? { name, object }
    : { name, object, refused: { words: header[1]!, by: header[2]! } };
}
