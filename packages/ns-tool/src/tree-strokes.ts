/** What a tree is drawn with. */
export interface Strokes {
  readonly branch: string;
  readonly last: string;
  /** Beside what lies below a branch that is not the last. */
  readonly past: string;
}

const UNICODE: Strokes = { branch: '├─', last: '└─', past: '│ ' };
const ASCII: Strokes = { branch: '|-', last: '`-', past: '| ' };

/** As libsmartcols of util-linux draws them, with box-drawing characters and without. */
export function strokes(isUnicode: boolean): Strokes {
  return isUnicode ? UNICODE : ASCII;
}
