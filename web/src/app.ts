// The page: lobby, call, and the ways between them.
import TRTC from 'ferry-rtc';
import { closeDialogs, showDialog } from './components/dialog';
import { h } from './components/dom';
import { toast } from './components/toast';
import { kickedWords, wordsFor, type Words } from './errors/words';
import { Devices } from './media/devices';
import { LocalMedia } from './media/local';
import { handleRoomEvents } from './room-events';
import { rememberName, rememberedName, tabTag, userIdOf } from './session/identity';
import { inviteLink, invitedRoom, parseRoom } from './session/room';
import { fetchSignature } from './session/signature';
import { CallView } from './views/call';
import { Lobby } from './views/lobby';

/** How often the loudness of everybody is told, in ms. */
const VOLUME_INTERVAL_MS = 200;

export class App {
  #root: HTMLElement;
  #trtc = TRTC.create({ enableAutoPlayDialog: false });
  #devices = new Devices();
  #media = new LocalMedia(this.#trtc, this.#devices);
  #lobby: Lobby | null = null;
  #call: CallView | null = null;
  /** What was entered last, to enter again. */
  #last: { name: string; room: string } | null = null;

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#media.onChange = () => {
      this.#lobby?.refresh();
      this.#call?.refresh();
    };
    this.#media.onError = (error) => this.#mediaFailed(error);
    handleRoomEvents(this.#trtc, {
      view: () => this.#call,
      devices: this.#devices,
      onOwnVolume: (volume) => this.#lobby?.setLevel(volume),
      onKicked: (reason) => void this.#ended(kickedWords(reason)),
      onLost: (words) => void this.#ended(words),
    });
  }

  async start(): Promise<void> {
    const { result } = await TRTC.isSupported();
    if (!result) {
      const words = wordsFor({ code: 5200 });
      this.#root.replaceChildren(
        h('main', { class: 'unsupported' }, h('h1', {}, words?.title), h('p', {}, words?.text)),
      );
      return;
    }
    this.#trtc.enableAudioVolumeEvaluation(VOLUME_INTERVAL_MS);
    const lobby = this.#showLobby();
    await this.#media.start(lobby.view);
  }

  #showLobby(): Lobby {
    this.#call?.dispose();
    this.#call = null;
    document.title = 'Ferry';
    const lobby = new Lobby({
      name: this.#last?.name ?? rememberedName(),
      room: this.#last?.room ?? invitedRoom(location.href),
      returning: this.#last !== null,
      media: this.#media,
      devices: this.#devices,
      onJoin: (name, room) => this.#join(name, room),
    });
    this.#lobby = lobby;
    this.#root.replaceChildren(lobby.element);
    return lobby;
  }

  /** Enters; says what stands in the way. */
  async #join(name: string, room: string): Promise<void> {
    const params = parseRoom(room);
    if (!params) return;
    const userId = userIdOf(name, tabTag());
    rememberName(name);
    this.#last = { name, room };
    closeDialogs();
    const view = this.#showCall(userId, room);
    try {
      const signature = await fetchSignature(userId);
      await this.#trtc.enterRoom({ ...signature, ...params, userId, scene: 'rtc' });
      if (this.#call === view) view.element.classList.add('entered');
    } catch (error) {
      if (this.#call !== view) return; // Left meanwhile, or told already.
      await this.#backToLobby();
      const words = wordsFor(error);
      if (words) void this.#offer(words);
    }
  }

  /** The view stands before the room is entered: who is there already is told while entering. */
  #showCall(userId: string, room: string): CallView {
    const view = new CallView({
      userId,
      room,
      media: this.#media,
      devices: this.#devices,
      onLeave: () => void this.#leave(),
    });
    this.#lobby?.dispose();
    this.#lobby = null;
    this.#call = view;
    this.#root.replaceChildren(view.element);
    document.title = `${room} · Ferry`;
    history.replaceState(null, '', inviteLink(room, location.href));
    void this.#media.show(view.own.view);
    return view;
  }

  async #leave(): Promise<void> {
    const exit = this.#trtc.exitRoom();
    await this.#backToLobby();
    await exit;
    if (this.#last) toast(`You left ${this.#last.room}.`);
  }

  /** Put out, or the gateway is gone. */
  async #ended(words: Words): Promise<void> {
    if (!this.#call) return;
    await this.#trtc.exitRoom().catch(() => {}); // It has ended already; this only tidies up.
    await this.#backToLobby();
    await this.#offer(words);
  }

  async #offer(words: Words): Promise<void> {
    const retry = { retry: 'Enter again', reload: 'Reload the page', settings: '', none: '' }[
      words.remedy
    ];
    const answer = await showDialog(words, retry ? { retry } : {});
    if (answer !== 'retry') return;
    if (words.remedy === 'reload') location.reload();
    else if (this.#last) await this.#join(this.#last.name, this.#last.room);
  }

  async #backToLobby(): Promise<void> {
    await this.#media.show(this.#showLobby().view);
  }

  #mediaFailed(error: unknown): void {
    const words = wordsFor(error);
    if (!words) return;
    if (this.#lobby) this.#lobby.note(words);
    else toast(`${words.title}. ${words.text}`, { kind: 'error' });
  }
}
