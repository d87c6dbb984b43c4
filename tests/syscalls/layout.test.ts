/** How a program lies in memory: that what programs include lies there as it would if each had recorded it itself. */
import { describe, expect, it } from 'vitest';
import { includedAt, type Program, type Recorder, record } from '../../packages/syscalls/src/record.ts';
import { write } from '../../packages/syscalls/src/spawn/layout.ts';

const ADDRESS = 0x7f0000000000;
const STEP = 80;

/** A program as the interpreter would read it: of each step the number and the arguments, with what these point to. */
function read(program: Program, address = ADDRESS) {
  const view = new DataView(new ArrayBuffer(64 * 1024));
  const filled = write(program, view, address);
  const word = (at: number) => Number(view.getBigInt64(at, true));
  const at = (pointer: number) => pointer - address;
  const bytes = (pointer: number, length: number) => Buffer.from(view.buffer, at(pointer), length);
  const text = (pointer: number) => {
    if (pointer === 0) return null;
    const all = bytes(pointer, view.byteLength - at(pointer));
    return all.subarray(0, all.indexOf(0)).toString();
  };
  const list = (pointer: number): (string | null)[] =>
    word(at(pointer)) === 0 ? [] : [text(word(at(pointer))), ...list(pointer + 8)];
  const contents = {
    chdir: (path: number) => [text(path)],
    mount: (source: number, target: number, type: number, flags: number, data: number) => [
      ...[source, target, type, data].map(text),
      flags,
    ],
    write: (fd: number, content: number, length: number) => [fd, bytes(content, length).toString()],
    execve: (path: number, args: number, env: number) => [text(path), list(args), list(env)],
    close: (source: number) => [at(source)],
    read: (fd: number, buffer: number, length: number) => [fd, at(buffer), length],
  } as Record<string, (...words: number[]) => unknown[]>;
  const steps = program.map(({ name }, i) => {
    const [number, a = 0, b = 0, c = 0, d = 0, e = 0, , result, refs, allowed = 0] = Array.from(
      { length: 10 },
      (_, n) => word(i * STEP + n * 8),
    );
    const errors = allowed === 0 ? null : bytes(allowed, 512).toString('hex');
    return { number, args: contents[name]?.(a, b, c, d, e), result, refs, errors };
  });
  return { steps, end: word(program.length * STEP), filled };
}

/** The same program, with no step that is known as included. */
const recordedAnew = (program: Program): Program => program.map((step) => ({ ...step }));

/** What programs include is laid out once, so that each test needs one of its own. */
const common = () => (sys: Recorder) => {
  sys.chdir('/usr');
  sys.allowing('ENOENT', 'EBUSY').mount(null, '/a', 'tmpfs', 7, 'size=1m');
  sys.write(1, 'some bytes');
  sys.allowing('ENOENT', 'EBUSY').execve('/bin/a', ['a', 'b c', ''], ['X=é', 'Y=']);
};

const PROGRAMS: Record<string, (common: (sys: Recorder) => void) => (sys: Recorder) => void> = {
  alone: (common) => (sys) => sys.include(common),
  'among others that have the same arguments': (common) => (sys) => {
    sys.chdir('/usr');
    const fd = sys.openat(-100, '/usr', 0);
    sys.include(common);
    sys.close(fd);
    sys.allowing('ENOENT', 'EBUSY').chdir('/usr');
  },
  'several times': (common) => (sys) => {
    sys.include(common);
    sys.chdir('/usr');
    sys.include((sys) => sys.chdir('/other'));
    sys.include(common);
    sys.include(common);
  },
};

describe('what programs include', () => {
  it.each(Object.entries(PROGRAMS))('lies in memory as what they record: %s', (_, including) => {
    const program = record(including(common()));
    for (let i = 0; i < 2; i++) expect(read(program)).toEqual(read(recordedAnew(program)));
    expect(read(program, 2 * ADDRESS).steps).toEqual(read(recordedAnew(program), 2 * ADDRESS).steps);
  });

  it.each(Object.entries(PROGRAMS))('lies so also after it was laid out for another program: %s', (_, including) => {
    for (const other of Object.values(PROGRAMS)) {
      const write = common();
      read(record(other(write)));
      const program = record(including(write));
      expect(read(program)).toEqual(read(recordedAnew(program)));
    }
  });

  it('is found where it begins, and nowhere else', () => {
    const program = record((sys) => {
      sys.chdir('/');
      sys.include(common());
    });
    const found = program.map((_, i) => includedAt(program, i));
    expect(found).toEqual([undefined, program.slice(1), undefined, undefined, undefined]);
  });

  it('also where a program has only a part of it', () => {
    const program = record(PROGRAMS['several times']?.(common()) ?? (() => {}));
    read(program);
    for (let left = 0; left < program.length; left++) {
      const part = program.filter((_, i) => i !== left);
      expect(read(part)).toEqual(read(recordedAnew(part)));
    }
    const [first, ...rest] = program;
    expect(first && read([first])).toEqual(first && read(recordedAnew([first])));
    expect(read(rest).steps).toHaveLength(program.length - 1);
  });

  it('tells where it has memory that calls fill', () => {
    const buffer = new Uint8Array(100);
    const filling = (sys: Recorder) => void sys.read(3, buffer);
    for (const before of [0, 2]) {
      const { steps, filled } = read(
        record((sys) => {
          for (let i = 0; i < before; i++) sys.chdir('/usr');
          sys.include(filling);
        }),
      );
      expect([...filled]).toEqual([[buffer, steps[before]?.args?.[1]]]);
    }
  });
});
