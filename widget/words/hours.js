/** Every sentence about when customers are answered; `{at}` and `{by}` are times of the customer's own clock. */
export const HOURS_WORDS = {
  open: 'We are here until {at} your time.',
  /** Who is there. */
  there: '{name} is here.',
  there_two: '{name} and one other are here.',
  there_many: '{name} and {n} others are here.',
  /** How soon a first answer came, over the last week. */
  usual: 'Usually answers in {n} minutes.',
  usual_one: 'Usually answers within a minute.',
  closed: 'Closed now.',
  closed_until: 'Closed now. We are back {at}.',
  /** A promise that was given. */
  ticket: 'Ticket #{n}: you have an answer by {by} your time.',
  late: 'Ticket #{n}: our answer is late. We are sorry; you are on our list.',
  answer: 'Write to us, and you have an answer by {by} your time.',
};
