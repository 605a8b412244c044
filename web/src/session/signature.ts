// The demo's signature. A product signs on its own server; the demo asks the gateway's demo endpoint.

export interface Signature {
  sdkAppId: number;
  userSig: string;
}

/** The gateway gave no signature: it is away, or it does not run with --demo. */
export class SignatureError extends Error {
  override name = 'SignatureError';
  constructor(
    message: string,
    /** HTTP status; 0 when the gateway did not answer. */
    readonly status: number,
  ) {
    super(message);
  }
}

/** Asks the gateway that served the page. */
export async function fetchSignature(userId: string): Promise<Signature> {
  const url = new URL(`./demo/usersig?userId=${encodeURIComponent(userId)}`, document.baseURI);
  let response: Response;
  try {
    response = await fetch(url, { cache: 'no-store' });
  } catch (cause) {
    throw Object.assign(new SignatureError('The gateway did not answer', 0), { cause });
  }
  if (!response.ok) throw new SignatureError(`HTTP ${response.status}`, response.status);
  return (await response.json()) as Signature;
}
