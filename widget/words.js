/**
 * Every sentence the widget says; `{name}` is a place to fill. A translation replaces this table
 * and nothing else.
 */
export const WORDS = {
  open: 'Open chat',
  open_unread_one: 'Open chat, 1 unread message',
  open_unread: 'Open chat, {n} unread messages',
  close: 'Close chat',
  load_failed: 'The chat could not be loaded. Please try again.',

  title: 'Chat',
  back: 'Back',
  sound_on: 'Turn sound on',
  sound_off: 'Turn sound off',

  loading: 'One moment…',
  offline: 'You are offline. What you write is kept and sent when you are back.',
  reconnecting: 'Reconnecting…',
  unreachable: 'The chat can’t be reached right now. Trying again…',
  lost: 'This conversation is no longer available. You can start a new one; what you wrote is kept.',
  not_begun: 'The conversation could not be started.',
  kept: 'Your message is kept and will be sent when you have chosen.',

  topics: 'What is it about?',
  about: 'Who are you?',
  name: 'Your name',
  email: 'Your email',
  email_why: 'Only for answers to this conversation.',
  optional: '{label} (optional)',
  name_missing: 'Please tell us your name.',
  email_wrong: 'Please write an address like ada@example.com.',
  go_on: 'Continue',

  conversation: 'Conversation',
  first: 'Write your first message; the team gets it at once.',
  write: 'Write a message',
  send: 'Send',
  chars_left: '{n} characters left',
  chars_over: '{n} characters too many',

  you: 'You',
  agent: 'Team',
  says: '{name}:',
  sending: 'Sending…',
  waiting: 'Waiting for the connection…',
  stored: 'Sent',
  posted: 'Delivered to the team',
  refused: 'Not delivered: {why}',
  failed: 'Not sent: {why}',
  retry: 'Retry',
  discard: 'Discard',
  edited: 'edited',
  withdrawn: 'This message was removed.',
  typing: '{name} is typing',
  news: 'New messages',

  today: 'Today',
  yesterday: 'Yesterday',

  refused_plain: 'the server did not accept it',
};

/**
 * @param {string} sentence
 * @param {Record<string, string | number>} values
 */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (place, name) => String(values[name] ?? place));
}
