/**
 * How the chat looks. Logical properties throughout, so that a right-to-left page mirrors it; 44 px
 * for what a finger has to hit; colours with a contrast of at least 4.5 on what they stand on.
 */
export const STYLE = `
.root { --bg: #fff; --fg: #1b1f26; --muted: #59636e; --line: #d6dbe2; --field: #8a939f; --bubble: #f0f2f6; --bad: #b3261e; --notice: #fff4d6; --notice-fg: #5c4400; color: var(--fg); color-scheme: light; }
@media (prefers-color-scheme: dark) {
  .root { --bg: #16191f; --fg: #e8ebf0; --muted: #a2abb8; --line: #323842; --field: #79828f; --bubble: #252a33; --bad: #ff9d93; --notice: #3a3016; --notice-fg: #ffe3a0; color-scheme: dark; }
}
*, *::before { box-sizing: border-box; }
.panel { position: fixed; z-index: 2147483000; inset-block-end: calc(88px + env(safe-area-inset-bottom)); inset-inline-end: calc(20px + env(safe-area-inset-right)); display: flex; flex-direction: column;
  inline-size: min(384px, calc(100vw - 40px)); block-size: min(620px, calc(100vh - 112px)); background: var(--bg); color: var(--fg);
  border: 1px solid var(--line); border-radius: 16px; overflow: hidden; box-shadow: 0 12px 40px #0003, 0 2px 8px #0002; }
.panel:focus { outline: none; }
button, input, textarea, select { font: inherit; color: inherit; letter-spacing: inherit; margin: 0; }
button { cursor: pointer; touch-action: manipulation; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
@media (prefers-color-scheme: dark) { :focus-visible { outline-color: #8fb0ff; } }
.head { display: flex; align-items: center; gap: 4px; padding: 6px; padding-inline-start: 16px; background: var(--accent); color: var(--on-accent); }
.head.deep { padding-inline-start: 6px; }
h2 { flex: 1; min-inline-size: 0; margin: 0; font-size: 16px; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.head button { inline-size: 44px; block-size: 44px; padding: 0; display: grid; place-items: center; border: 0; border-radius: 10px; background: none; }
.head button:hover { background: #fff2; }
.head :focus-visible { outline-color: var(--on-accent); outline-offset: -4px; }
.head svg { inline-size: 20px; block-size: 20px; }
:dir(rtl) .back svg, :dir(rtl) .send svg { transform: scaleX(-1); }
.notice { margin: 0; padding: 8px 16px; background: var(--notice); color: var(--notice-fg); font-size: 13px; }
.notice:empty { padding-block: 0; }
.view { flex: 1; min-block-size: 0; overflow-y: auto; overscroll-behavior: contain; padding: 20px 16px; }
.greeting { margin: 0 0 20px; font-size: 17px; line-height: 1.4; white-space: pre-line; overflow-wrap: anywhere; unicode-bidi: plaintext; }
h3 { margin: 0 0 10px; font-size: 13px; font-weight: 600; color: var(--muted); }
.topics { display: grid; gap: 8px; margin: 0; padding: 0; list-style: none; }
.topics button { display: flex; align-items: center; justify-content: space-between; gap: 8px; inline-size: 100%; min-block-size: 48px; padding: 8px 14px; text-align: start;
  border: 1px solid var(--line); border-radius: 12px; background: none; }
.topics button:hover { border-color: var(--accent); background: var(--bubble); }
.topics svg { inline-size: 16px; block-size: 16px; color: var(--muted); flex: none; }
:dir(rtl) .topics svg { transform: scaleX(-1); }
.field { display: grid; gap: 4px; margin-block-end: 14px; }
label { font-size: 14px; font-weight: 500; }
input, textarea, select { inline-size: 100%; padding: 10px 12px; border: 1px solid var(--field); border-radius: 10px; background: var(--bg); font-size: 16px; }
input, select { block-size: 46px; }
.field textarea { min-block-size: 76px; max-block-size: 40vh; resize: vertical; display: block; }
.field + h3 { margin-block-start: 22px; }
input::placeholder, textarea::placeholder { color: var(--muted); opacity: 1; }
input:focus-visible, textarea:focus-visible, select:focus-visible { outline-offset: -1px; }
[aria-invalid=true] { border-color: var(--bad); }
.why { margin: 0; font-size: 13px; color: var(--muted); }
.why.bad { color: var(--bad); }
.go { inline-size: 100%; min-block-size: 46px; padding: 0 16px; border: 0; border-radius: 12px; background: var(--accent); color: var(--on-accent); font-weight: 600; }
.go:hover, .send:hover { filter: brightness(1.08); }
.talk { flex: 1; min-block-size: 0; display: flex; flex-direction: column; }
.log-frame { position: relative; flex: 1; min-block-size: 0; display: flex; }
.log { position: relative; flex: 1; min-inline-size: 0; overflow-y: auto; overscroll-behavior: contain; padding: 12px 14px 4px; }
.log:focus-visible { outline-offset: -3px; }
.news { position: absolute; inset-block-end: 8px; inset-inline: 0; margin-inline: auto; inline-size: fit-content; min-block-size: 36px; padding: 0 16px; border: 1px solid var(--line); border-radius: 18px;
  background: var(--bg); font-size: 13px; font-weight: 600; box-shadow: 0 4px 16px #0003; }
.first-words { margin: auto; padding: 24px 32px; color: var(--muted); text-align: center; }
.day { margin: 14px 0 10px; text-align: center; font-size: 12px; color: var(--muted); }
.row { display: flex; gap: 8px; margin-block-start: 3px; }
.row.first { margin-block-start: 12px; }
.row.customer { justify-content: flex-end; }
.what { max-inline-size: 84%; min-inline-size: 0; display: flex; flex-direction: column; align-items: flex-start; }
.customer .what { align-items: flex-end; }
.face { flex: none; inline-size: 30px; block-size: 30px; border-radius: 50%; overflow: hidden; font-size: 12px; font-weight: 600; display: grid; place-items: center; margin-block-start: 20px; }
.row:not(.first) .face { block-size: 0; margin: 0; }
.first .face { background: var(--bubble); color: var(--muted); }
.face img { inline-size: 100%; block-size: 100%; object-fit: cover; display: block; }
.who { font-size: 12px; line-height: 16px; color: var(--muted); margin: 0 4px 4px; }
.row:not(.first) .who, .row:not(.loud) .meta { display: none; }
.bubble { max-inline-size: 100%; padding: 8px 12px; overflow: clip; border-radius: 14px; border-end-start-radius: 5px; background: var(--bubble); white-space: pre-wrap; overflow-wrap: anywhere; }
.customer .bubble { border-radius: 14px; border-end-end-radius: 5px; background: var(--accent); color: var(--on-accent); }
.bubble.gone, .customer .bubble.gone { background: none; border: 1px dashed var(--line); color: var(--muted); font-style: italic; }
.bubble > * { margin: 0; }
.bubble > * + *:not(.sr + *) { margin-block-start: 8px; }
.bubble ul, .bubble ol { padding-inline-start: 22px; }
.bubble .indent-1 { margin-inline-start: 18px; } .bubble .indent-2 { margin-inline-start: 36px; } .bubble .indent-3 { margin-inline-start: 54px; }
.bubble .indent-4 { margin-inline-start: 72px; } .bubble .indent-5 { margin-inline-start: 90px; }
.bubble blockquote { padding-inline-start: 10px; border-inline-start: 3px solid; border-inline-start-color: color-mix(in srgb, currentColor 40%, transparent); }
.bubble a { color: inherit; text-decoration: underline; text-underline-offset: 2px; }
.bubble :focus-visible { outline-color: currentColor; }
code { font: .92em/1.4 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
p code, li code, blockquote code { padding: 1px 4px; border-radius: 4px; background: color-mix(in srgb, currentColor 10%, transparent); }
pre { padding: 8px 10px; border-radius: 8px; overflow-x: auto; white-space: pre; overflow-wrap: normal; background: color-mix(in srgb, currentColor 8%, transparent); }
.files { display: grid; gap: 4px; max-inline-size: 100%; justify-items: start; margin-block-start: 3px; }
.customer .files { justify-items: end; }
.meta { margin: 3px 4px 0; font-size: 12px; line-height: 16px; color: var(--muted); overflow-wrap: anywhere; }
time { unicode-bidi: isolate; }
.meta.bad { color: var(--bad); }
.meta.late { padding: 4px 10px; border-radius: 10px; background: var(--notice); color: var(--notice-fg); }
.customer .meta { text-align: end; }
.choices { display: flex; justify-content: flex-end; gap: 4px; }
.link { min-block-size: 44px; padding: 0 10px; border: 0; background: none; color: inherit; font-weight: 600; text-decoration: underline; text-underline-offset: 2px; }
.typing { display: flex; align-items: center; gap: 6px; padding: 2px 18px 6px; font-size: 13px; color: var(--muted); }
.dots { display: flex; gap: 3px; }
.dots i { inline-size: 5px; block-size: 5px; border-radius: 50%; background: currentColor; }
.composer { display: flex; align-items: flex-end; gap: 8px; padding: 10px; border-block-start: 1px solid var(--line); }
.composer textarea { flex: 1; min-inline-size: 0; block-size: 44px; max-block-size: 148px; resize: none; line-height: 22px; display: block; }
.clip { flex: none; inline-size: 44px; block-size: 44px; padding: 0; display: grid; place-items: center; border: 0; border-radius: 12px; background: none; color: var(--muted); margin-inline: -4px; }
.clip:hover { background: var(--bubble); }
.clip svg { inline-size: 20px; block-size: 20px; }
.dropping .talk { outline: 3px dashed var(--accent); outline-offset: -8px; }
.send { flex: none; inline-size: 44px; block-size: 44px; padding: 0; display: grid; place-items: center; border: 0; border-radius: 12px; background: var(--accent); color: var(--on-accent); }
.send[aria-disabled=true] { background: var(--bubble); color: var(--muted); filter: none; cursor: default; }
.send svg { inline-size: 20px; block-size: 20px; }
.count:empty { display: none; }
.count { margin: 0; padding: 0 14px 8px; font-size: 12px; color: var(--muted); text-align: end; }
.count.bad { color: var(--bad); font-weight: 600; }
@media (max-width: 480px), (max-height: 420px) {
  .panel { inset: 0; inset-block-start: var(--top, 0); inline-size: auto; block-size: var(--height, 100dvh); border: 0; border-radius: 0;
    padding: env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left); }
  .panel:not([hidden]) ~ .launcher { display: none; }
}
@media (prefers-reduced-motion: no-preference) {
  .panel { animation: rise .16s ease-out; }
  .dots i { animation: dot 1.2s infinite; }
  .dots i:nth-child(2) { animation-delay: .15s; }
  .dots i:nth-child(3) { animation-delay: .3s; }
  @keyframes rise { from { opacity: 0; transform: translateY(8px); } }
  @keyframes dot { 0%, 60%, 100% { opacity: .35; } 30% { opacity: 1; } }
}
@media (forced-colors: active) { .bubble, .go, .send, .launcher, .first .face, pre, .head { border: 1px solid; } .head { border-width: 0 0 1px; } }
`;
