/** Archives made by hand: what a tool would not write. */

/** A plain tar archive of one file, `file`, of so many zeros. POSIX.1-1988 ustar. */
export function emptyTar(size: number): Buffer {
  return tar([{ name: 'file', content: Buffer.alloc(size) }]);
}

/** A plain tar archive of these files, and its end. */
export function tar(
  files: readonly { readonly name: string; readonly content: Buffer; readonly type?: string; readonly link?: string }[],
): Buffer {
  const blocks = files.flatMap(({ name, content, type = '0', link = '' }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write('0000644\0', 100);
    header.write('0000000\0', 108);
    header.write('0000000\0', 116);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write('00000000000\0', 136);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(link, 157);
    header.write('ustar\0' + '00', 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}
