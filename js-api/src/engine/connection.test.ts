import { describe, expect, it } from 'vitest';
import { joinRequest } from '../../test/support/engine-fakes';
import { gateway, session, states, useSession, wait } from '../../test/support/session-harness';

useSession();

describe('a way that opens and leads nowhere', () => {
  /** UDP gets as far as the handshake. */
  const muffle = () => {
    const { create } = gateway;
    gateway.create = (name) => Object.assign(create(name), { silent: name === 'webtransport' });
  };

  it('is left for the other one, within the time that entering has', async () => {
    muffle();
    const entering = session.join(joinRequest);
    await wait(10_000);
    await entering;
    expect(gateway.kept?.attached?.name).toBe('websocket');
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
