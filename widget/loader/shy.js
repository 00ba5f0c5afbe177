/**
 * Hides the button while nobody is there, whatever the topic: what the loader has where the site wants
 * that. Somebody who has the chat open, or something to read, keeps it; and where nothing can be
 * learned it is there, because a chat that may work is better than none.
 */
import { pause } from '../hours/pause.js';

/** @param {import('../widget.js').Launcher} launcher */
export function shy(launcher) {
  let away = true;
  const show = () => {
    launcher.button.hidden = away && !launcher.expanded && !launcher.unread;
  };
  const look = async () => {
    let wait = pause({});
    try {
      const { believed_ms, topics } = await (await fetch(`${launcher.base}/v1/availability`)).json();
      /** @type {{ state: string }[]} */
      const each = Object.values(topics);
      away = each.every(({ state }) => state === 'closed');
      wait = pause({ believed_ms });
    } catch {
      away = false;
    }
    show();
    setTimeout(look, wait);
  };
  // Whatever changes on the button ends with its label.
  const { label } = launcher;
  launcher.label = () => {
    label.call(launcher);
    show();
  };
  show();
  void look();
}
