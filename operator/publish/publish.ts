import type { Report } from '../core/report.ts';

/** Where a turn's report goes. */
export interface Publisher {
  publish(report: Report): Promise<void>;
}
