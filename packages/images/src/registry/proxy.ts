/** The proxies of the environment: HTTPS_PROXY and HTTP_PROXY, but for the hosts of NO_PROXY. */
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';
import { ImageError } from '../error.ts';
import { connectionError } from './connection-errors.ts';

export interface ProxyOptions {
  /** For the servers behind it. */
  readonly tls: { readonly rejectUnauthorized: boolean };
  /** Milliseconds until it answers. */
  readonly patience: number;
}

/** What sends requests by way of the proxies. @throws ImageError (unreachable) if one of them has no address. */
export function throughProxies({ tls, patience }: ProxyOptions): Dispatcher {
  try {
    return new EnvHttpProxyAgent({
      httpProxy: addressIn('http_proxy'),
      httpsProxy: addressIn('https_proxy'),
      connect: tls,
      requestTls: tls,
      clientFactory: (proxy, options) => new ProxyClient(proxy, options, patience),
    });
  } catch (error) {
    // The address may have a password.
    throw new ImageError(
      'unreachable',
      'what HTTPS_PROXY or HTTP_PROXY names is no proxy',
      'It is an address, as http://proxy:3128, or http://NAME:PASSWORD@proxy:3128 with %25 for % in it.',
      { cause: error },
    );
  }
}

/** The value of a variable, whose small letters count before the capital ones. As curl(1) has it, it needs no scheme. */
function addressIn(variable: string): string {
  const text = (process.env[variable] ?? process.env[variable.toUpperCase()] ?? '').trim();
  return text === '' || text.includes('://') ? text : `http://${text}`;
}

/**
 * The connections to a proxy. How one fails is told here: undici waits for ever for a proxy that does not answer, and asks
 * one that ends the connection again, at once and without an end.
 */
class ProxyClient extends Pool {
  private readonly host: string;

  constructor(
    proxy: URL,
    options: Pool.Options,
    private readonly patience: number,
  ) {
    super(proxy, options);
    this.host = `the proxy ${proxy.host}`;
  }

  override async connect(options: Dispatcher.ConnectOptions): Promise<Dispatcher.ConnectData> {
    const answer = await super
      .connect({ ...options, signal: AbortSignal.timeout(this.patience) })
      .catch((error: unknown) => {
        throw connectionError(error, this.host);
      });
    if (answer.statusCode === 200) return answer;
    answer.socket.on('error', () => {}).destroy();
    throw new ImageError(
      'unreachable',
      `${this.host} answers ${answer.statusCode}`,
      'Is it a proxy that leads there? To one that wants to know who asks: HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT',
    );
  }
}
