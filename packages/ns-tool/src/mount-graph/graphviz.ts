/** Graphviz, in the build for WebAssembly of https://viz-js.com: no program to install, no network. */
import { instance } from '@viz-js/viz';

/**
 * A graph laid out.
 *
 * @param dot in the language of https://graphviz.org/doc/info/lang.html.
 * @param format that of -T: `svg`, `json`, ….
 * @throws Error with what Graphviz says, if it cannot read or draw it.
 */
export async function render(dot: string, format: string): Promise<string> {
  const { output, errors } = (await instance()).render(dot, { format });
  // A warning is that it knows no widths for letters beyond ASCII.
  const grave = errors.filter(({ level }) => level !== 'warning');
  if (output === undefined || grave.length > 0) {
    throw new Error(`Graphviz: ${grave.map(({ message }) => message).join('; ')}`);
  }
  return output;
}
