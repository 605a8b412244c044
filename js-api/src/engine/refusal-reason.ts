/** What a plain request may take: it is asked only where the gateway, or what is before it, has just answered. */
const TIMEOUT_MS = 2000;
/** Of a text that says why; what somebody else serves there is longer. */
const MAX_TEXT = 300;

export interface Refusal {
  /** In words, to follow "refused the connection". */
  why: string;
  /** The gateway itself was reached by a plain request, and refuses nothing. */
  lacksUpgrade: boolean;
}

/**
 * Why a WebSocket was refused, which browsers do not tell: what a plain request for the same path is answered. Undefined
 * when that is not answered either, or cannot be read. docs/protocol.md §1
 */
export async function refusalReason(url: string): Promise<Refusal | undefined> {
  const address = new URL(url.replace(/^ws/, 'http'));
  address.searchParams.set('origin', self.location.origin);
  try {
    const response = await fetch(address, {
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { status } = response;
    if (status === 426)
      return {
        why:
          'a proxy in between does not pass on Upgrade and Connection: the gateway answers a plain request there, ' +
          'and a WebSocket does not reach it',
        lacksUpgrade: true,
      };
    return { why: `HTTP ${status}${meaning(status, await textOf(response))}`, lacksUpgrade: false };
  } catch {
    return undefined;
  }
}

function meaning(status: number, text: string): string {
  if (text) return `: ${text}`;
  if (status === 502 || status === 503 || status === 504)
    return ': a proxy in between does not reach the gateway';
  if (status < 400 || status === 404)
    return ': no gateway is at this path (one that is under a path is named with a slash at its end)';
  return '';
}

/** The line in which a gateway says why; nothing of a page of somebody else's. */
async function textOf(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('text/plain')) return '';
  const text = (await response.text()).trim();
  return text.length > MAX_TEXT || text.includes('\n') || response.ok ? '' : text;
}
