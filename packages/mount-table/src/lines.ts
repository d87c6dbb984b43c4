/** Reads a table line by line, field by field. Exactly one blank parts two fields, so that a field can be empty. */
import { MountTableError } from './error.ts';
import { fromBytes, toBytes } from './names.ts';

/** Whether a field has the form that it must have. */
export type Form = (field: string) => boolean;

export const any: Form = () => true;
export const notEmpty: Form = (field) => field !== '';
export const absolute: Form = (field) => field.startsWith('/');
/** At most 15 digits, which a number of JavaScript holds exactly. The kernel's have ten. */
export const number: Form = (field) => /^(?:0|[1-9]\d{0,14})$/.test(field);

export class Lines {
  private readonly text: string;
  private line = 0;
  private lineStart = 0;
  private lineEnd = -1;
  /** Where the last field read starts. */
  private fieldStart = 0;
  private at = 0;

  constructor(table: Uint8Array) {
    this.text = fromBytes(table);
  }

  /** Goes to the next line. False at the end of the table. */
  next(): boolean {
    this.lineStart = this.at = this.lineEnd + 1;
    if (this.at === this.text.length) return false;
    this.line += 1;
    this.lineEnd = this.text.indexOf('\n', this.at);
    if (this.lineEnd < 0) this.fail('a newline, since a whole table ends with one', this.text.length);
    return true;
  }

  /** The next field of this line, which must have the form, and a blank after it. `what` names it in errors. */
  field(what: string, form: Form, formName = ''): string {
    const blank = this.text.indexOf(' ', this.at);
    const ends = blank < 0 || blank > this.lineEnd;
    const field = this.upTo(ends ? this.lineEnd : blank);
    if (!form(field)) this.fail(formName === '' ? what : `${what}, ${formName}`);
    if (ends) this.fail(`a blank after ${what}`, this.lineEnd);
    return field;
  }

  number(what: string): number {
    return Number(this.field(what, number, 'a decimal number'));
  }

  /** The rest of the line, blanks and all, without `end`. */
  rest(what: string, end = ''): string {
    const stop = this.lineEnd - end.length;
    if (!this.text.startsWith(end, stop)) this.fail(`"${end}" at the end of the line`, this.lineEnd);
    const rest = this.upTo(stop);
    if (rest === '') this.fail(what);
    return rest;
  }

  /** @param at where; the field read last, if not given. */
  fail(expected: string, at = this.fieldStart): never {
    const column = toBytes(this.text.slice(this.lineStart, at)).length + 1;
    throw new MountTableError(this.line, column, expected);
  }

  private upTo(end: number): string {
    this.fieldStart = this.at;
    this.at = end + 1;
    return this.text.slice(this.fieldStart, end);
  }
}
