/** What it means that a connection failed, and what to do about it. */
import { ImageError } from '../error.ts';
import { Interruption } from './patience.ts';

/** By OpenSSL's X509_V_ERR_*, as Node names them, and Node's own for names. */
const CERTIFICATE =
  /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|ERR_TLS_CERT|INVALID_CA|PATH_LENGTH|HOSTNAME_MISMATCH)/;
const NOT_TLS = /^(?:EPROTO|ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG)$/;
/** What may be better in a moment. */
const BRIEF = /^(?:ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN|UND_ERR_SOCKET|UND_ERR_(?:CONNECT|HEADERS|BODY)_TIMEOUT)$/;

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code, cause } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : codeOf(cause);
}

/** An error of undici or node:net as one for the user, or as an interruption where another try may help. */
export function connectionError(error: unknown, host: string): Error {
  if (error instanceof ImageError || error instanceof Interruption) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message || code : String(error);
  const fail = (kind: 'unreachable' | 'certificate', text: string, hint?: string) =>
    new ImageError(kind, text, hint, { cause: error });
  if (CERTIFICATE.test(code)) {
    return fail(
      'certificate',
      `the certificate of ${host} is not trusted: ${message} (${code})`,
      'If it is signed by an authority of your own: NODE_EXTRA_CA_CERTS=FILE.pem ns-tool pull …; to trust anybody: --insecure',
    );
  }
  if (code === 'ECONNREFUSED')
    return fail(
      'unreachable',
      `${host} refuses the connection (${code})`,
      'Nothing listens there: is it running, and is the port right?',
    );
  if (code === 'ENOTFOUND')
    return fail(
      'unreachable',
      `there is no such host: ${host} (${code})`,
      'Check the name, and whether this machine has a name server; a proxy is taken from HTTPS_PROXY.',
    );
  if (NOT_TLS.test(code))
    return fail(
      'unreachable',
      `${host} does not speak TLS (${code})`,
      'If it is a registry without encryption, and you trust the network: --insecure',
    );
  const lasting = fail(
    'unreachable',
    `the connection to ${host} failed: ${message}${code === '' ? '' : ` (${code})`}`,
    'Check the network; a proxy is taken from HTTPS_PROXY. What has been downloaded is kept, and a further pull goes on from there.',
  );
  return BRIEF.test(code) ? new Interruption(lasting) : lasting;
}
