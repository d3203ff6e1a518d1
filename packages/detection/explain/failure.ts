/** How a condition on bytes failed: the buffer, and what of it was searched. */
import type { BufferWindow, Measured } from '@sigwright/contracts';
import type { ExplainedBytes } from './explanation.ts';

/** Where a content is to be, in numbers: what variables stood for is put in. */
export type Positions = Readonly<Partial<Record<'offset' | 'depth' | 'distance' | 'within', number>>>;

export interface Failure {
  readonly searched: ExplainedBytes;
  /** the buffer, whole */
  readonly window: BufferWindow;
  /** offset in the buffer that relative positions count from */
  readonly cursor: number;
  /** of a content, with the values that variables had */
  readonly positions: Positions;
  readonly measured: Measured | undefined;
  /** a regular expression that used up its steps */
  readonly gaveUp: boolean;
}
