// Short messages that come and go; read out by screen readers.
import { h } from './dom';
import { icon } from './icons';

export interface ToastOptions {
  kind?: 'info' | 'error';
  /** A button in it; pressing it closes the toast. */
  action?: { label: string; run: () => void };
  /** It stays until closed. */
  sticky?: boolean;
}

const SHOWN_MS = 6000;
/** More than this push out the oldest. */
const MAX_TOASTS = 3;

const list = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });

/** Shows a message; the function it returns takes it away. */
export function toast(text: string, { kind = 'info', action, sticky = false }: ToastOptions = {}) {
  if (!list.isConnected) document.body.append(list);
  const element = h('div', { class: `toast ${kind}` }, h('span', {}, text));
  const close = () => element.remove();
  if (action) {
    const run = () => {
      close();
      action.run();
    };
    element.append(
      h('button', { class: 'button small', type: 'button', onclick: run }, action.label),
    );
  }
  element.append(
    h(
      'button',
      { class: 'plain', type: 'button', 'aria-label': 'Close', onclick: close },
      icon('close'),
    ),
  );
  list.append(element);
  while (list.children.length > MAX_TOASTS) list.firstElementChild?.remove();
  if (!sticky) setTimeout(close, SHOWN_MS);
  return close;
}
