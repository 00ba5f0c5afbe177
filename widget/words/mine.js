/** Every sentence of the list of a customer's conversations; `{name}` is a place to fill. */
export const MINE_WORDS = {
  mine: 'Your conversations',
  you: 'You: {text}',
  agent: '{name}: {text}',
  file: 'A file',
  unread: 'unread',
  resolved: 'Resolved',
  another: 'Or start a new one',
  not_opened: 'This conversation could not be opened. Please try again.',
};
