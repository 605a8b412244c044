// What must not be overlooked.
import type { Words } from '../errors/words';
import { h, uniqueId } from './dom';
import { icon } from './icons';

/** Shows the words; resolves to 'retry' or 'close' by the button that was pressed. */
export function showDialog(
  { title, text, detail }: Words,
  { retry, close = 'Close' }: { retry?: string; close?: string } = {},
): Promise<'retry' | 'close'> {
  const titleId = uniqueId('dialog');
  const form = h('form', { method: 'dialog' });
  const dialog = h(
    'dialog',
    { class: 'dialog', role: 'alertdialog', 'aria-labelledby': titleId },
    h('div', { class: 'dialog-sign' }, icon('warning')),
    h('h2', { id: titleId }, title),
    h('p', {}, text),
    detail && h('p', { class: 'detail' }, detail),
    form,
  );
  form.append(h('button', { class: 'button', value: 'close' }, close));
  if (retry)
    form.append(h('button', { class: 'button primary', value: 'retry', autofocus: true }, retry));
  document.querySelector('dialog.dialog')?.remove(); // The newest is what counts.
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'retry' ? 'retry' : 'close');
    });
  });
}

export function closeDialogs(): void {
  document.querySelector<HTMLDialogElement>('dialog.dialog')?.close();
}
