type Handler = (...args: unknown[]) => void;
interface Entry {
  handler: Handler;
  context: unknown;
  once: boolean;
}

/** Typed events. A handler that throws never breaks the emitter: `onHandlerError` is told. */
export class Emitter<Events extends { [K in keyof Events]: unknown[] }> {
  private readonly entries = new Map<keyof Events, Entry[]>();

  constructor(private readonly onHandlerError: (event: keyof Events, error: unknown) => void) {}

  on<K extends keyof Events>(
    event: K,
    handler: (...args: Events[K]) => void,
    context?: unknown,
    once = false,
  ): void {
    const list = this.entries.get(event) ?? [];
    this.entries.set(event, [...list, { handler: handler as unknown as Handler, context, once }]);
  }

  /** Without `handler` all of the event; event '*' removes everything. */
  off<K extends keyof Events>(event: K | '*', handler?: (...args: Events[K]) => void): void {
    if (event === '*') {
      this.entries.clear();
      return;
    }
    const kept = handler
      ? this.list(event).filter((entry) => entry.handler !== (handler as unknown as Handler))
      : [];
    if (kept.length > 0) this.entries.set(event, kept);
    else this.entries.delete(event);
  }

  emit<K extends keyof Events>(event: K, ...args: Events[K]): void {
    for (const entry of this.list(event)) {
      if (entry.once) {
        const rest = this.list(event).filter((other) => other !== entry);
        if (rest.length > 0) this.entries.set(event, rest);
        else this.entries.delete(event);
      }
      try {
        entry.handler.apply(entry.context, args);
      } catch (error) {
        this.onHandlerError(event, error);
      }
    }
  }

  listeners<K extends keyof Events>(event: K): ((...args: Events[K]) => void)[] {
    return this.list(event).map(
      (entry) => entry.handler as unknown as (...args: Events[K]) => void,
    );
  }

  eventNames(): (keyof Events)[] {
    return [...this.entries.keys()];
  }

  private list(event: keyof Events): Entry[] {
    return this.entries.get(event) ?? [];
  }
}
