// @ts-check
/// <reference lib="dom" />
/**
 * The live page: its controls, and what it says of itself.
 *
 * @module
 */

import { Board } from "./board.js";
import { byId, element } from "./dom.js";
import { Feed } from "./feed.js";
import { clock, exact } from "./figures.js";
import { darkness } from "./theme.js";

const board = new Board();
/** @type {number | null} When the input ended. */
let ended = null;
/** @type {number | undefined} When the server went away. */
let away;

function showStatus() {
  const at = (/** @type {number} */ ms) => clock(ms / 1000);
  const words = [];
  if (ended !== null) words.push(`input ended ${at(ended)}`);
  if (away !== undefined) {
    words.push(`server went away ${at(away)}, trying again`);
  }
  if (words.length === 0) words.push("live");
  const text = words.join("; ");
  const status = byId("status");
  status.dataset.state = away !== undefined
    ? "away"
    : ended !== null
    ? "ended"
    : "live";
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  if (status.textContent !== sentence) status.textContent = sentence;
}

/** @import { State } from "./feed.js" */
/** @param {State} state */
function showState({ strange, latestStrange, refused, ahead, ended: at }) {
  ended = at;
  showStatus();
  byId("empty").textContent = ended === null
    ? "Waiting for the first datapoint."
    : "The input ended without a datapoint.";
  byId("strange").hidden = strange === 0;
  byId("strange").querySelector("summary").textContent = strange === 1
    ? "1 line is no put"
    : `${exact(strange)} lines are no puts`;
  byId("strange").querySelector("ol").replaceChildren(
    ...latestStrange.map((line) => element("li", {}, line || " ")),
  );
  byId("refused").hidden = refused === 0;
  byId("refused").textContent = `${
    exact(refused)
  } datapoints were of series that there was no room for.`;
  byId("ahead").hidden = ahead === 0;
  byId("ahead").textContent = `${
    exact(ahead)
  } datapoints are left out: their time is more than a day ahead of the clock.`;
}

byId("search").addEventListener("input", () => {
  board.search(byId("search").value);
});

byId("spans").addEventListener("change", (/** @type {Event} */ event) => {
  const { value } = /** @type {HTMLInputElement} */ (event.target);
  board.show(Number(value));
});

byId("pause").addEventListener("click", () => {
  board.togglePause();
  byId("pause").setAttribute("aria-pressed", String(board.paused));
});

byId("follow").addEventListener("click", () => board.follow());
darkness.addEventListener("change", () => board.update());

new Feed({
  all: (known) => {
    board.known = known;
    board.arrange();
    board.open(ended !== null);
    board.refresh();
  },
  points: (changed) => {
    if (changed) board.arrange();
    board.open(ended !== null);
    board.refresh();
  },
  state: showState,
  away: (at) => {
    away = at;
    if (at !== undefined) showStatus();
  },
});
