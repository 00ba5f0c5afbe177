/** How the line about the hours looks. */
export const HOURS_STYLE = `
.hours { margin: 0; padding: 8px 16px; border-block-end: 1px solid var(--line); font-size: 13px; color: var(--muted); }
.hours:empty { display: none; }
.hours.closed { color: var(--fg); background: var(--bubble); }
`;
