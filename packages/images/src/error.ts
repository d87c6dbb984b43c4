/** What can go wrong with an image, for a program to tell apart. */
export type ImageErrorCode =
  /** No reference, platform, digest or the like. */
  | 'invalid'
  /** No such image, tag, blob, or none for this platform. */
  | 'not-found'
  /** The registry wants to know who asks, or says no to who did. */
  | 'unauthorized'
  /** The certificate of the other side is not trusted. */
  | 'certificate'
  /** The other side cannot be reached, or does not answer as it should. */
  | 'unreachable'
  /** Contents that are not what their digest, size or media type say. */
  | 'corrupt'
  /** Larger than we take from anybody. */
  | 'too-large'
  /** Right, perhaps, but of a kind that is not known here. */
  | 'unsupported'
  /** The layer can only be unpacked together with those below it. */
  | 'dependent'
  /** The disk is full, or a file cannot be read or written. */
  | 'store'
  /** Another process is at it. */
  | 'busy';

/** Letters of a message, or a hint: an image may bring texts of megabytes. */
const LONGEST = 2000;

const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

/** An error that the user can act on: what failed, and what to do about it. Texts of others in it are not escaped. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
  /** What to do next. */
  readonly hint: string | undefined;

  constructor(
    readonly code: ImageErrorCode,
    message: string,
    hint?: string,
    options?: ErrorOptions,
  ) {
    super(cut(message), options);
    this.hint = hint && cut(hint);
  }
}

/** An error of node:fs as one for the user. */
export function fileError(error: unknown, what: string): ImageError {
  if (error instanceof ImageError) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  return new ImageError('store', `${what}: ${message}`, FILE_HINTS[code], { cause: error });
}

/** Whether it is an error of a system call, and not a mistake of ours. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

const FILE_HINTS: Readonly<Record<string, string>> = {
  ENOSPC:
    'The disk is full. Free some space, for example by ns-tool rmi and ns-tool cleanup, or choose another: --store DIR',
  EDQUOT: 'Your quota is used up. Free some space, or choose another place: --store DIR',
  EROFS: 'Make it writable, or use another store: --store DIR, or set NS_TOOL_STORE.',
  EACCES: 'This place is not yours. Choose another: --store DIR, or run it with sudo.',
  EPERM: 'This place is not yours. Choose another: --store DIR, or run it with sudo.',
  ENOTDIR: 'A part of the path is no directory.',
  EEXIST: 'Something else is there.',
  ENOENT: 'There is no such file or directory.',
};
