/** What becomes of the layers of an image, while it is pulled: lines, or bars on a terminal. */
import type { Progress } from '@ns-tool/images';
import type { MultiBar, SingleBar } from 'cli-progress';
import { printable } from '../output.ts';
import { showDigest, showSize } from './amounts.ts';

export interface Report {
  onProgress(progress: Progress): void;
  /** Nothing more will come. */
  end(): void;
}

/** A line for each thing that is done. */
export function lines(write: (line: string) => void): Report {
  return {
    onProgress(progress) {
      const line = lineFor(progress);
      if (line !== null) write(line);
    },
    end() {},
  };
}

/** Null for what is still going on. */
export function lineFor(progress: Progress): string | null {
  switch (progress.stage) {
    case 'resolved': {
      const { layers } = progress;
      const size = layers.reduce((sum, { size }) => sum + size, 0);
      return `${printable(progress.name)}: ${layers.length} ${layers.length === 1 ? 'layer' : 'layers'}, ${showSize(size)}`;
    }
    case 'present':
      return `${showDigest(progress.layer.digest)}: already there`;
    case 'downloading':
      return null;
    case 'unpacking':
      return `${showDigest(progress.layer.digest)}: complete and verified, ${showSize(progress.layer.size)}`;
    case 'unpacked':
      return `${showDigest(progress.layer.digest)}: unpacked`;
  }
}

/** How a bar looks and ends. */
export function barStyle(unicode: boolean) {
  return {
    barCompleteChar: unicode ? '█' : '#',
    barIncompleteChar: unicode ? '░' : '.',
    barsize: 24,
    // A signal ends the process at once, and nobody would set the terminal right again.
    hideCursor: false,
    gracefulExit: false,
  };
}

/** A bar for each layer, by cli-progress, which is loaded for that. */
export async function bars(stream: NodeJS.WriteStream, unicode: boolean): Promise<Report> {
  const { default: progress } = await import('cli-progress');
  const all: MultiBar = new progress.MultiBar({
    stream,
    format: '{layer} {bar} {amount} {what}',
    ...barStyle(unicode),
    linewrap: true,
    emptyOnZero: true,
  });
  const known = new Map<string, SingleBar>();
  return {
    onProgress(progress) {
      if (progress.stage === 'resolved') {
        for (const { digest, size } of progress.layers) {
          known.set(
            digest,
            all.create(size, 0, { layer: showDigest(digest), amount: showSize(size).padStart(6), what: 'waiting' }),
          );
        }
        return;
      }
      const { layer, stage } = progress;
      const received = stage === 'downloading' ? progress.received : layer.size;
      known.get(layer.digest)?.update(received, { what: WHAT[stage] });
    },
    end: () => all.stop(),
  };
}

const WHAT = {
  present: 'already there',
  downloading: 'downloading',
  unpacking: 'unpacking',
  unpacked: 'done',
} as const satisfies Partial<Record<Progress['stage'], string>>;
