/** Every sentence about a conversation that is resolved; `{name}` is a place to fill. */
export const RATING_WORDS = {
  resolved: '{name} marked this as resolved. Write again, and it goes on.',
  ask: 'How did we do?',
  star: '1 star',
  stars: '{n} stars',
  comment: 'Anything to add? (optional)',
  send: 'Send rating',
  thanks: 'Thank you! You gave {stars}.',
  change: 'Change',
  failed: 'It could not be sent. Please try again.',
};
