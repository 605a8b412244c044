/** What the page hears of its network and of having slept; workers do not hear of it in every browser. */
export class NetworkWatch {
  private readonly controller = new AbortController();

  constructor(tell: (kind: 'changed' | 'woke') => void) {
    const { signal } = this.controller;
    const on = (target: EventTarget | undefined, name: string, action: () => void) =>
      target?.addEventListener(name, action, { signal });
    const { connection } = navigator as Navigator & { connection?: EventTarget };
    on(window, 'online', () => tell('changed'));
    on(connection, 'change', () => tell('changed'));
    on(window, 'pageshow', () => tell('woke'));
    on(document, 'resume', () => tell('woke'));
    on(document, 'visibilitychange', () => {
      if (document.visibilityState === 'visible') tell('woke');
    });
  }

  stop(): void {
    this.controller.abort();
  }
}
