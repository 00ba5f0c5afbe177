/** How a resolved conversation looks. */
export const RATING_STYLE = `
.closing { flex: none; max-block-size: 60%; overflow-y: auto; padding: 10px 16px; border-block-start: 1px solid var(--line); font-size: 14px; }
.closing p { margin: 0; color: var(--muted); }
.closing form { margin-block-start: 8px; }
fieldset { min-inline-size: 0; margin: 0; padding: 0; border: 0; }
legend { padding: 0; font-weight: 600; }
.stars { display: flex; margin-inline-start: -10px; }
.stars label { position: relative; inline-size: 44px; block-size: 44px; display: grid; place-items: center; cursor: pointer; color: var(--muted); border-radius: 10px; }
.stars input { position: absolute; inset: 0; block-size: auto; margin: 0; opacity: 0; cursor: pointer; }
.stars label:has(:focus-visible) { outline: 2px solid var(--accent); outline-offset: -4px; }
@media (prefers-color-scheme: dark) { .stars label:has(:focus-visible) { outline-color: #8fb0ff; } }
.stars label.lit { color: #b26a00; }
.stars label.lit svg { fill: currentColor; }
@media (prefers-color-scheme: dark) { .stars label.lit { color: #ffc24d; } }
.closing textarea { block-size: 72px; resize: none; margin-block: 4px 8px; display: block; }
.closing .go { inline-size: auto; }
.closing .link { min-inline-size: 44px; }
`;
