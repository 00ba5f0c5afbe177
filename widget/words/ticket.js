/** Every sentence of the customer's page around his conversation; `{by}` is a time of his own clock. */
export const TICKET_WORDS = {
  title: '#{n}',
  awaiting: 'We have your message and will answer it.',
  awaiting_by: 'We have your message. You have an answer by {by} your time.',
  late: 'Our answer is late. We are sorry; you are on our list.',
  pending: 'We have answered, and wait for you.',
  resolved: 'This is resolved. If something is left, just write.',
  closed: 'This is closed. If something is left, just write.',
  wrong: 'This link does not work. Open the newest letter from us, or simply reply to it.',
  busy: 'There were too many tries from here. Please wait a minute and reload this page.',
  unreachable: 'The page cannot be loaded right now. Please check your connection and reload it.',
};
