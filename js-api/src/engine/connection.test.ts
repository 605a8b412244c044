import { describe, expect, it } from 'vitest';
import { joinRequest } from '../../test/support/engine-fakes';
import {
  gateway,
  session,
  shape,
  states,
  useSession,
  wait,
} from '../../test/support/session-harness';
import type { FakeTransport } from '../../test/support/fake-gateway';
import { JOIN_TIMEOUT_MS } from './connection';

useSession();

describe('a way that opens and leads nowhere', () => {
  /** UDP gets as far as the handshake. */
  const muffle = () =>
    shape((transport) => {
      transport.silent = transport.name === 'webtransport';
    });

  it('is left for the other one, within the time that entering has', async () => {
    muffle();
    const entering = session.join(joinRequest);
    await wait(10_000);
    await entering;
    expect(gateway.kept?.attached?.name).toBe('websocket');
  });

  it.each([
    [
      'which does not open',
      'was not open in time',
      (tcp: FakeTransport) => (tcp.open = () => new Promise(() => undefined)),
    ],
    [
      'which is no better',
      "the gateway did not answer 'join' in time",
      (tcp: FakeTransport) => (tcp.silent = true),
    ],
  ])('and another one %s: both are told, in time', async (_how, why, change) => {
    muffle();
    shape((transport) => {
      if (transport.name === 'websocket') change(transport);
    });
    let told: string | undefined;
    session.join(joinRequest).catch((error: Error) => (told = error.message));
    await wait(JOIN_TIMEOUT_MS - 100);
    expect(told).toBeUndefined();
    await wait(100);
    expect(told).toBe(
      "no connection to the gateway; webtransport: the gateway did not answer 'join' in time; " +
        `websocket: ${why}`,
    );
  });

  it('is not tried again and again when reconnecting', async () => {
    muffle();
    const entering = session.join({ ...joinRequest });
    await wait(10_000);
    await entering;
    await wait(70_000);
    gateway.kept?.attached?.end(1006);
    await wait(12_000);
    expect(states().at(-1)).toBe('restored');
    expect(gateway.kept?.attached?.name).toBe('websocket');
  });

  it('that the gateway refuses with a reason fails with that reason', async () => {
    const entering = expect(session.join(joinRequest)).rejects.toMatchObject({
      failure: { kind: 'server', code: 20_006 },
    });
    await wait(15);
    gateway.last.deliver({ type: 'error', code: 20_006, message: 'full' });
    await wait(12);
    gateway.last.end(1013);
    await entering;
    expect(gateway.transports).toHaveLength(1);
  });
});
