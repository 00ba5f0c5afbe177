/**
 * Every sentence of the button. What the widget says stands in the tables of this folder, one for
 * each script, and nowhere else; a translation replaces them. `{n}` is a place to fill.
 */
export const BUTTON_WORDS = {
  open: 'Open chat',
  open_unread_one: 'Open chat, 1 unread message',
  open_unread: 'Open chat, {n} unread messages',
  close: 'Close chat',
  load_failed: 'The chat could not be loaded. Please try again.',
};
