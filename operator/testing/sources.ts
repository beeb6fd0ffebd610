import { join, relative, sep } from 'node:path';
import * as ts from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';
import { ROOT } from './root.ts';

/** A file of this repository as the compiler reads it: comments and strings are never taken for code. */
export interface Source {
  /** `operator/core/plan/plan.ts` */
  readonly path: string;
  readonly lines: number;
  /** Every module that it names, in whatever way and wherever; `(computed)` where it is not written out. */
  readonly specifiers: readonly string[];
  /** What it reaches by a bare name, and `async` and `await`: not what follows a dot or names a property. */
  readonly words: ReadonlySet<string>;
  readonly functions: readonly SourceFunction[];
  readonly exportedTypes: readonly string[];
}

export interface SourceFunction {
  /** `Feed.start`; a function without a name has that of what holds it. */
  readonly name: string;
  readonly line: number;
  readonly lines: number;
  readonly parameters: number;
  /** Whether it holds specs: it is as long as they are many. */
  readonly isSuite: boolean;
}

const COMPUTED = '(computed)';

let read: readonly Source[] | undefined;

/** All files that tsconfig.json includes, read once. */
export function sources(): readonly Source[] {
  read ??= readSources();
  return read;
}

/** Specs and what only they build with. */
export function isOfTests(path: string): boolean {
  return path.endsWith('.test.ts') || path.split('/').includes('testing');
}

function readSources(): readonly Source[] {
  const compiler = new API({ cwd: ROOT });
  try {
    const [project] = compiler.updateSnapshot({ openProjects: [join(ROOT, 'tsconfig.json')] }).getProjects();
    return project!.rootFiles
      .map(file => sourceOf(relative(ROOT, file).split(sep).join('/'), project!.program.getSourceFile(file)!))
      .toSorted((a, b) => (a.path < b.path ? -1 : 1));
  } finally {
    compiler.close();
  }
}

function sourceOf(path: string, file: ts.SourceFile): Source {
  const specifiers = file.imports.map(textOf);
  const words = new Set<string>();
  const functions: SourceFunction[] = [];
  const visit = (node: ts.Node): void => {
    specifiers.push(...specifiersOf(node));
    if (isUse(node)) words.add(node.text);
    if (ts.isPropertyAccessExpression(node)) words.add(node.getText());
    if (node.kind === ts.SyntaxKind.AsyncKeyword) words.add('async');
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) words.add('await');
    if (isFunction(node)) functions.push(functionOf(node, file));
    node.forEachChild(visit);
  };
  visit(file);
  return {
    path,
    lines: file.text.split('\n').length - 1,
    specifiers,
    words,
    functions,
    exportedTypes: file.statements.filter(isExportedType).map(({ name }) => name?.text ?? 'default'),
  };
}

/** What the compiler does not list: computed imports, `require`, `import.meta.resolve` and `new URL(…, import.meta.url)`. */
function specifiersOf(node: ts.Node): readonly string[] {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return [];
  const [first, second] = node.arguments ?? [];
  const callee = node.expression.getText();
  if (callee === 'import' && first !== undefined && !isText(first)) return [textOf(first)];
  const names = LOADERS.includes(callee) || (callee === 'URL' && second?.getText() === 'import.meta.url');
  return names && first !== undefined ? [textOf(first)] : [];
}

const LOADERS = ['require', 'require.resolve', 'import.meta.resolve', 'process.getBuiltinModule'];

function isText(node: ts.Node): node is ts.StringLiteral | ts.NoSubstitutionTemplateLiteral {
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node);
}

/** Of a template what comes before its first value. */
function textOf(node: ts.Node): string {
  if (isText(node)) return node.text;
  if (ts.isTemplateExpression(node) && node.head.text !== '') return node.head.text;
  return COMPUTED;
}

/** Whether this is the use of a name: neither its declaration nor what follows a dot. */
function isUse(node: ts.Node): node is ts.Identifier {
  if (!ts.isIdentifier(node)) return false;
  if (ts.isShorthandPropertyAssignment(node.parent)) return true;
  const { name, propertyName, right } = node.parent as {
    name?: ts.Node;
    propertyName?: ts.Node;
    right?: ts.Node;
  };
  return name !== node && propertyName !== node && !(ts.isQualifiedName(node.parent) && right === node);
}

function isFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return ts.isFunctionLikeDeclaration(node) && node.body !== undefined;
}

function functionOf(node: ts.FunctionLikeDeclaration, file: ts.SourceFile): SourceFunction {
  const first = file.getLineAndCharacterOfPosition(node.getStart()).line;
  const last = file.getLineAndCharacterOfPosition(node.end).line;
  const parameters = node.parameters.length;
  return {
    name: nameOf(node),
    line: first + 1,
    lines: last - first + 1,
    parameters,
    isSuite: holdsSpecs(node),
  };
}

function holdsSpecs(node: ts.Node): boolean {
  const isSpec = ts.isCallExpression(node) && /^(it|describe\w*)\b/.test(node.expression.getText());
  return isSpec || node.forEachChild(child => holdsSpecs(child) || undefined) === true;
}

function nameOf(node: ts.Node): string {
  const names: string[] = [];
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    const { name } = at as { name?: ts.Node };
    if (ts.isConstructorDeclaration(at)) names.unshift('constructor');
    else if (name !== undefined) names.unshift(name.getText());
  }
  return names.join('.');
}

function isExportedType(
  node: ts.Node,
): node is ts.InterfaceDeclaration | ts.TypeAliasDeclaration | ts.ClassDeclaration | ts.EnumDeclaration {
  const declares =
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isEnumDeclaration(node);
  return declares && (node.modifiers ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}
