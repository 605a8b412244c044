import { now } from '../util/clock';
import { Link } from './link';
import { Signalling, isReplaced, isUnknownSession } from './signalling';
import type { Transport } from './transport';

/** Who leaves without a connection seeks one for so long, to say so. */
export const FAREWELL_MS = 10_000;
const RETRY_MS = 1000;
const CLOSE_NORMAL = 1000;

/**
 * Tells the gateway of a leave for which there was no connection: the others would see the user until the
 * grace ends, otherwise. `resume` is what the message says of the session. Never rejects.
 */
export async function sayFarewell(
  connect: (signal: AbortSignal) => Promise<Transport>,
  resume: object,
): Promise<void> {
  const controller = new AbortController();
  const deadline = now() + FAREWELL_MS;
  const timer = setTimeout(() => controller.abort(), FAREWELL_MS);
  for (;;) {
    try {
      await speak(await connect(controller.signal), resume, deadline - now());
      break;
    } catch (error) {
      // A session that the gateway does not know has left already; otherwise there was no way there yet.
      const gone = isUnknownSession(error) || isReplaced(error);
      if (gone || now() + RETRY_MS >= deadline) break;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  clearTimeout(timer);
}

/** What else the session has to say nobody wants to know. */
async function speak(transport: Transport, resume: object, timeoutMs: number): Promise<void> {
  const ignore = () => undefined;
  const link = new Link(transport, new Signalling(ignore), {
    onHeard: ignore,
    onMedia: ignore,
    onLinkClosed: ignore,
  });
  const leave = () => link.close(CLOSE_NORMAL, 'left');
  await link.request('resume', resume, timeoutMs, leave).finally(leave);
}
