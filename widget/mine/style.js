/** How the list of a customer's conversations looks. */
export const MINE_STYLE = `
.mine .another { margin: 24px 0 12px; font-size: 17px; }
.mine button { align-items: flex-start; padding-block: 10px; }
.mine .gist { flex: 1; min-inline-size: 0; display: grid; gap: 2px; }
.mine .gist > * { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.mine .gist span { font-size: 13px; color: var(--muted); }
.mine b { font-weight: 500; }
.mine b.fresh { font-weight: 700; }
.mine .side { flex: none; display: grid; justify-items: end; gap: 4px; font-size: 12px; color: var(--muted); }
.mine .unread { min-inline-size: 20px; padding: 0 6px; border-radius: 10px; background: var(--accent); color: var(--on-accent); font-weight: 600; line-height: 20px; text-align: center; }
.mine .why { margin-block-start: 8px; }
`;
