// Elements from code, without a framework.

type Child = Node | string | null | undefined | false;
type Props = Record<string, unknown>;

/**
 * An element: `class`, `data-…`, `aria-…` and the like are attributes (left out when null or false), `on…`
 * listeners, everything else properties.
 */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.startsWith('on') && typeof value === 'function') {
      element.addEventListener(name.slice(2), value as EventListener);
    } else if (name === 'class' || name.includes('-') || name === 'role' || name === 'for') {
      setAttribute(element, name, value);
    } else {
      (element as unknown as Props)[name] = value;
    }
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

function setAttribute(element: Element, name: string, value: unknown): void {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

let count = 0;
/** An id that no other element has, to tie a label to its field. */
export function uniqueId(prefix: string): string {
  return `${prefix}-${++count}`;
}
