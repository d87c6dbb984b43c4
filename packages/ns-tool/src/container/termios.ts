/** The settings of a terminal, as the kernel has them: struct termios in asm-generic/termbits.h. Pure. */

/** Four words of flags (input, output, control, local), a byte for the line discipline, and 19 for special characters. */
export const TERMIOS_SIZE = 36;

const [IFLAG, OFLAG, CFLAG, LFLAG, CC] = [0, 4, 8, 12, 17];

const IGNBRK = 0o1;
const BRKINT = 0o2;
const PARMRK = 0o10;
const ISTRIP = 0o40;
const INLCR = 0o100;
const IGNCR = 0o200;
const ICRNL = 0o400;
const IXON = 0o2000;
const OPOST = 0o1;
const CSIZE = 0o60;
const CS8 = 0o60;
const PARENB = 0o400;
const ISIG = 0o1;
const ICANON = 0o2;
const ECHO = 0o10;
const ECHONL = 0o100;
const IEXTEN = 0o100000;
const VTIME = 5;
const VMIN = 6;

/**
 * The settings with which each byte that is typed passes as it is, and none is a signal; and also each that is shown, since
 * the terminal inside has made lines of them already. termios(3), "Raw mode".
 */
export function rawSettings(settings: Uint8Array): Uint8Array {
  const raw = Uint8Array.from(settings);
  const view = new DataView(raw.buffer);
  const change = (at: number, clear: number, set = 0) =>
    view.setUint32(at, (view.getUint32(at, true) & ~clear) | set, true);
  change(IFLAG, IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  change(OFLAG, OPOST);
  change(CFLAG, CSIZE | PARENB, CS8);
  change(LFLAG, ECHO | ECHONL | ICANON | ISIG | IEXTEN);
  raw[CC + VMIN] = 1;
  raw[CC + VTIME] = 0;
  return raw;
}
