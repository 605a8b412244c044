import type { AudioGraph } from './audio-graph';
import { AutoplayDialog } from './autoplay-dialog';

const GESTURES = ['click', 'touchend', 'keydown'] as const;

/** Notices that the browser holds sound back, says so, and resumes with the user's next gesture. */
export class AutoplayGuard {
  private readonly dialog = new AutoplayDialog();
  private readonly blocked = new Map<string, () => void>();

  constructor(
    private readonly dialogEnabled: () => boolean,
    private readonly onBlocked: (userId: string, resume: () => Promise<void>) => void,
  ) {}

  /** Calls `onPlaying` once the user's sound plays: now, or after a gesture. */
  async watch(userId: string, graph: AudioGraph, onPlaying: () => void): Promise<void> {
    if (await graph.resume()) {
      onPlaying();
      return;
    }
    if (graph.context.state === 'closed') return;
    if (this.blocked.size === 0) this.listen(graph);
    this.blocked.set(userId, onPlaying);
    const resume = () => graph.context.resume();
    if (this.dialogEnabled()) this.dialog.show();
    this.onBlocked(userId, resume);
  }

  forget(userId: string): void {
    this.blocked.delete(userId);
    if (this.blocked.size === 0) this.dialog.hide();
  }

  private listen(graph: AudioGraph): void {
    const gesture = () => void graph.context.resume().catch(() => undefined);
    const changed = () => {
      if (graph.context.state === 'suspended') return;
      for (const type of GESTURES) document.removeEventListener(type, gesture, true);
      graph.context.removeEventListener('statechange', changed);
      this.dialog.hide();
      const waiting = [...this.blocked.values()];
      this.blocked.clear();
      if (graph.running) for (const onPlaying of waiting) onPlaying();
    };
    for (const type of GESTURES) document.addEventListener(type, gesture, true);
    graph.context.addEventListener('statechange', changed);
  }
}
