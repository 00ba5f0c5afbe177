/** The sample shop: shows the page that the address asks for, and opens the chat by a button of its own. */

const asked = new URLSearchParams(location.search).get('page');
const pages = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('main'));
const shown = [...pages].find((page) => page.dataset.page === asked) ?? pages[0];

for (const page of pages) page.hidden = page !== shown;
document.title = `${shown.querySelector('h1')?.textContent} – Kettle & Fern`;
for (const link of document.querySelectorAll('nav a')) {
  if (link.getAttribute('href') === `?page=${shown.dataset.page}`) link.setAttribute('aria-current', 'page');
}

document.querySelector('#ask')?.addEventListener('click', () => {
  // The chat's script comes in its own time, and a shop must do without it.
  /** @type {any} */ (globalThis).Threadline?.open();
});

export {};
