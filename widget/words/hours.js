/** Every sentence about when customers are answered; `{at}` and `{by}` are times of the customer's own clock. */
export const HOURS_WORDS = {
  open: 'We are here until {at} your time.',
  closed: 'Closed now.',
  closed_until: 'Closed now. We are back {at}.',
  answer: 'Write to us, and you have an answer by {by} your time.',
};
