/** The button is there whatever the hour: what the loader has where the site does not hide it. */

/** @type {null | ((launcher: import('../widget.js').Launcher) => void)} */
export const shy = null;
