/** Tar archives made by hand, so that they can be as wrong as one likes. */

/** A header's fields, and what comes behind it; what is left out is as in an ordinary file. */
export interface Fields {
  readonly name: string | Buffer;
  readonly type?: string;
  readonly data?: string | Buffer;
  /** Instead of the data's own. */
  readonly size?: number;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly mtime?: number;
  readonly linkname?: string;
  readonly devmajor?: number;
  readonly devminor?: number;
  /** Extended headers before the entry, a record each. */
  readonly pax?: Readonly<Record<string, string | Buffer>> | readonly (readonly [string, string | Buffer])[];
  /** The bytes of the header, for those that no field has. */
  readonly change?: (header: Buffer) => void;
}

// Entries of each kind, and what a layer hides of those below.
export const directory = (name: string, more: Partial<Fields> = {}): Fields => ({
  name: `${name}/`,
  type: '5',
  mode: 0o755,
  mtime: 1000,
  ...more,
});
export const file = (name: string, data = name, more: Partial<Fields> = {}): Fields => ({
  name,
  data,
  mtime: 2000,
  ...more,
});
export const symlink = (name: string, linkname: string): Fields => ({ name, type: '2', linkname, mtime: 3000 });
export const hardLink = (name: string, linkname: string): Fields => ({ name, type: '1', linkname });
export const gone = (name: string): Fields => ({ name: name.replace(/([^/]+)$/, '.wh.$1') });
export const opaque = (name: string): Fields => ({ name: `${name}/.wh..wh..opq` });

/** A whole archive: entries, and two blocks of zeros. */
export function archive(...entries: readonly Fields[]): Buffer {
  return Buffer.concat([...entries.map(entry), Buffer.alloc(1024)]);
}

/** An entry, with the extended header that it needs. */
export function entry(fields: Fields): Buffer {
  const { pax, data = '' } = fields;
  const bytes = Buffer.from(data as string);
  const records = pax === undefined ? [] : Array.isArray(pax) ? pax : Object.entries(pax);
  const extended = records.length === 0 ? Buffer.alloc(0) : extendedHeader(records);
  return Buffer.concat([extended, header({ size: bytes.length, ...fields }), blocks(bytes)]);
}

function extendedHeader(records: readonly (readonly [string, string | Buffer])[]): Buffer {
  const bytes = Buffer.concat(records.map(([keyword, value]) => record(keyword, Buffer.from(value as string))));
  return Buffer.concat([header({ name: 'extended', type: 'x', size: bytes.length }), blocks(bytes)]);
}

function record(keyword: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${keyword}=`), value, Buffer.from('\n')]);
  let length = rest.length;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return Buffer.concat([Buffer.from(`${length}`), rest]);
}

function header(fields: Fields): Buffer {
  const block = Buffer.alloc(512);
  const { name, type = '0', size = 0, mode = 0o644, uid = 0, gid = 0, mtime = 0, linkname = '', change } = fields;
  Buffer.from(name as string).copy(block, 0, 0, 100);
  const octal = (value: number, at: number, length: number) => {
    if (value >= 0 && value < 8 ** (length - 1)) block.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
    else writeBase256(block.subarray(at, at + length), value);
  };
  octal(mode, 100, 8);
  octal(uid, 108, 8);
  octal(gid, 116, 8);
  octal(size, 124, 12);
  octal(mtime, 136, 12);
  block.write(type, 156, 'latin1');
  block.write(linkname, 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  octal(fields.devmajor ?? 0, 329, 8);
  octal(fields.devminor ?? 0, 337, 8);
  change?.(block);
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function writeBase256(field: Buffer, value: number): void {
  let rest = BigInt(value);
  for (let i = field.length - 1; i >= 0; i--) {
    field[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  field[0] = (field[0] as number) | 0x80;
}

function blocks(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
