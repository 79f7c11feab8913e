/**
 * Makes an element. Everything the log shows was written by strangers, so children are nodes or plain text, never markup.
 *
 * @param attributes `class`, `title`, `aria-…`; never an event handler
 */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
