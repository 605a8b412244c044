/** Words of the built-in dialog. */
const TEXTS = {
  en: {
    title: 'Sound is blocked',
    body: 'The browser plays sound only after a click.',
    ok: 'Play',
  },
  zh: { title: '声音被浏览器拦截', body: '点击后即可播放声音。', ok: '播放' },
};
const Z_INDEX = 1500;

/** A small dialog that asks for the click that browsers want before they play. */
export class AutoplayDialog {
  private element: HTMLElement | undefined;

  show(): void {
    if (this.element) return;
    const text = navigator.language.toLowerCase().startsWith('zh') ? TEXTS.zh : TEXTS.en;
    const dialog = document.createElement('div');
    dialog.setAttribute('role', 'alertdialog');
    dialog.setAttribute('aria-label', text.title);
    Object.assign(dialog.style, {
      position: 'fixed',
      left: '50%',
      top: '20%',
      transform: 'translateX(-50%)',
      zIndex: String(Z_INDEX),
      padding: '20px 24px',
      borderRadius: '12px',
      background: '#fff',
      color: '#1c1f26',
      boxShadow: '0 8px 32px rgba(0, 0, 0, .3)',
      font: '15px/1.5 system-ui, sans-serif',
      textAlign: 'center',
    });
    const title = document.createElement('strong');
    title.textContent = text.title;
    const body = document.createElement('p');
    body.textContent = text.body;
    body.style.margin = '8px 0 16px';
    const button = document.createElement('button');
    button.textContent = text.ok;
    Object.assign(button.style, {
      padding: '8px 28px',
      border: '0',
      borderRadius: '8px',
      background: '#2563eb',
      color: '#fff',
      font: 'inherit',
      cursor: 'pointer',
    });
    // The click itself is what resumes: see AutoplayGuard.
    dialog.append(title, body, button);
    document.body.append(dialog);
    this.element = dialog;
  }

  hide(): void {
    this.element?.remove();
    this.element = undefined;
  }
}
