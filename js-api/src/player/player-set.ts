import type { PlayState, PlayStateReason, View } from '../../types/index';
import type { VideoContent } from '../video/sink/video-sink';
import { VideoPlayer, type PlayerOptions } from './video-player';

/** All views of one video; states of the play are told once, not once a view. */
export class PlayerSet {
  private players: VideoPlayer[] = [];
  private content: VideoContent | undefined;
  private state: PlayState = 'STOPPED';

  constructor(
    private options: PlayerOptions,
    private readonly onState: (state: PlayState, reason: PlayStateReason) => void,
  ) {}

  /** Views that stay keep their element. null: none. */
  setViews(view: View | undefined): void {
    const views = resolveViews(view);
    for (const player of this.players.filter((p) => !views.includes(p.view))) player.close();
    this.players = views.map((element) => {
      const existing = this.players.find((player) => player.view === element);
      if (existing) return existing;
      const player = new VideoPlayer(element, this.options, (...args) => this.tell(...args));
      if (this.content) player.show(this.content);
      return player;
    });
  }

  show(content: VideoContent): void {
    this.content = content;
    for (const player of this.players) player.show(content);
  }

  update(options: Partial<PlayerOptions>): void {
    this.options = { ...this.options, ...options };
    for (const player of this.players) player.update(options);
  }

  get views(): HTMLElement[] {
    return this.players.map(({ view }) => view);
  }

  get first(): VideoPlayer | undefined {
    return this.players[0];
  }

  /** The video itself paused or goes on (its track was muted or unmuted). */
  tell(state: PlayState, reason: PlayStateReason): void {
    if (state === this.state) return;
    this.state = state;
    this.onState(state, reason);
  }

  close(): void {
    for (const player of this.players) player.close();
    this.players = [];
    this.content = undefined;
    this.tell('STOPPED', 'ended');
  }
}

function resolveViews(view: View | undefined): HTMLElement[] {
  const found = [view ?? []]
    .flat()
    .map((item) => (typeof item === 'string' ? document.getElementById(item) : item));
  return [...new Set(found)].filter((item) => item !== null);
}
