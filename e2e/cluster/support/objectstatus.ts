export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

export interface ObjectStatus {
  readonly observedGeneration: number;
  readonly specResourceVersion?: string;
  readonly entries?: number;
  readonly nodes: Readonly<Record<string, number | string>>;
  readonly failures?: readonly { readonly node: string; readonly reason: string; readonly message: string }[];
  readonly conditions: readonly Condition[];
}

export function condition(
  status: { readonly conditions: readonly Condition[] },
  type: string,
): Condition | undefined {
  return status.conditions?.find(each => each.type === type);
}

export function isReady(status: { readonly conditions: readonly Condition[] }): boolean {
  return condition(status, 'Ready')?.status === 'True';
}
