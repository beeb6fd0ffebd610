/** metav1.MicroTime: RFC 3339 with six digits, as Lease and Event want it. */
export function microTime(date: Date): string {
  return date.toISOString().replace(/\.(\d{3})Z$/, '.$1000Z');
}
