/** How files look. */
export const FILES_STYLE = `
.tray { display: grid; gap: 6px; margin: 0; padding: 8px 10px 0; max-block-size: 40%; overflow-y: auto; list-style: none; border-block-start: 1px solid var(--line); }
.tray:not([hidden]) + .composer { border-block-start: 0; }
.tray li, .paper { display: flex; align-items: center; gap: 8px; min-inline-size: 0; max-inline-size: 100%; min-block-size: 44px; padding: 4px; padding-inline-start: 8px; border: 1px solid var(--line); border-radius: 10px; background: var(--bg); text-align: start; }
.tray canvas, .paper canvas { flex: none; inline-size: 44px; block-size: 44px; border-radius: 6px; }
.file { flex: 1; min-inline-size: 0; display: grid; gap: 2px; }
.name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-size: 14px; }
.fact { font-size: 12px; line-height: 16px; color: var(--muted); overflow-wrap: anywhere; }
.bad .fact { color: var(--bad); }
.tray button, .give-up { flex: none; inline-size: 44px; block-size: 44px; padding: 0; display: grid; place-items: center; border: 0; border-radius: 10px; background: none; }
.tray button:hover, .give-up:hover, button.paper:hover { background: var(--bubble); }
.tray button svg, .give-up svg { inline-size: 16px; block-size: 16px; }
.tray li > svg { flex: none; color: var(--muted); }
.paper { padding-inline-end: 12px; color: var(--fg); margin: 0; }
.paper { position: relative; }
.paper > svg { flex: none; color: var(--muted); }
.paper .give-up { margin-inline-end: -8px; }
.picture { display: block; max-inline-size: 100%; padding: 0; border: 1px solid var(--line); border-radius: 12px; overflow: hidden; background: var(--bubble); }
.picture canvas { display: block; inline-size: auto; max-inline-size: 100%; block-size: auto; }
progress { inline-size: 100%; block-size: 4px; appearance: none; border: 0; border-radius: 2px; overflow: hidden; background: var(--bubble); accent-color: var(--accent); }
progress::-webkit-progress-bar { background: var(--bubble); }
progress::-webkit-progress-value { background: var(--accent); }
progress::-moz-progress-bar { background: var(--accent); }
@media (forced-colors: active) { progress { border: 1px solid; block-size: 8px; } }
`;
