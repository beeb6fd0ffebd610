/** A file of the chart, by its path below the chart's folder. */
export interface ChartFile {
  readonly path: string;
  readonly text: string;
}

/** The account that crds/policy-nodestate.yaml names, and the same where a release has it. */
const ACCOUNT = 'system:serviceaccount:innermap-system:innermap-agent';
const RELEASED_ACCOUNT = 'system:serviceaccount:{{ .Release.Namespace }}:innermap-agent';

const KEEP = ['  annotations:', '    helm.sh/resource-policy: keep'];
const LABELS = ['  labels: {{- include "innermap.labels" . | nindent 4 }}'];

/** crds/innermap.yaml and its like: kept when the release goes, as everything declared would go with them. */
export function crdTemplate(name: string, text: string): ChartFile {
  const body = withMetadata(text, [...KEEP, ...LABELS]);
  return { path: `templates/crds/${name}`, text: template(name, body, '.Values.crds.install') };
}

/** crds/policy-access.yaml and its like, which hold a policy and its binding: one object a file. */
export function policyTemplates(name: string, text: string): readonly ChartFile[] {
  const condition = name === 'policy-access.yaml' ? '.Values.accessPolicy' : undefined;
  return text.split(/^---\n/m).map((document, at) => {
    const body = withMetadata(document, LABELS).replaceAll(ACCOUNT, RELEASED_ACCOUNT);
    const file = name.replace(/^policy-(.*)\.yaml$/, at === 0 ? '$1.yaml' : '$1-binding.yaml');
    return { path: `templates/policies/${file}`, text: template(name, body, condition) };
  });
}

function template(source: string, body: string, condition: string | undefined): string {
  const origin = `{{- /* Generated from crds/${source} by charts/generate.ts: change it there. */}}\n`;
  return condition === undefined ? origin + body : `${origin}{{- if ${condition} }}\n${body}{{- end }}\n`;
}

/** Below the object's own name, which is the first line of its metadata. */
function withMetadata(text: string, lines: readonly string[]): string {
  if (text.includes('{{'))
    throw new Error('Cannot make a template: the manifest has {{, which Helm would read');
  const added = text.replace(/^metadata:\n {2}name: .*\n/m, found => `${found}${lines.join('\n')}\n`);
  if (added === text)
    throw new Error('Cannot make a template: the manifest has no metadata that begins with its name');
  return added;
}
