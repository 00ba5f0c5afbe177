/** The sound for a new message: off until the customer turns it on. */
import { h, icon } from '../dom.js';
import { WORDS } from '../words/chat.js';

const BELL = 'M6 17h12l-1.5-2.5V10a4.5 4.5 0 0 0-9 0v4.5ZM10 20h4';
const BELL_OFF = `${BELL}M4 4l16 16`;

/** Two short notes, in Hz. */
const NOTES = [660, 880];

/** The switch, and the sound. */
export class Bell {
  /** @param {import('./memory.js').Memory} memory */
  constructor(memory) {
    this.memory = memory;
    /** @type {AudioContext | null} */
    this.audio = null;
    this.button = h('button', { type: 'button', onclick: () => this.#toggle() });
    this.#show();
  }

  /** Sounds, if the customer wants it and the browser allows it. */
  ring() {
    if (!this.memory.get('sound') || !('AudioContext' in globalThis)) return;
    this.audio ??= new AudioContext();
    const { audio } = this;
    void audio.resume();
    NOTES.forEach((pitch, i) => {
      const start = audio.currentTime + i * 0.12;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.08, start);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.25);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + 0.25);
    });
  }

  #toggle() {
    this.memory.set('sound', this.memory.get('sound') ? null : true);
    this.#show();
    this.ring();
  }

  #show() {
    const on = Boolean(this.memory.get('sound'));
    this.button.setAttribute('aria-label', on ? WORDS.sound_off : WORDS.sound_on);
    this.button.replaceChildren(icon(on ? BELL : BELL_OFF));
  }
}
