// @ts-check
/// <reference lib="dom" />
/**
 * The live page: its controls, and its status.
 *
 * @module
 */

import { Board } from "./board.js";
import { byId, element, fill, find } from "./dom.js";
import { Feed, savedHere, seriesOf } from "./feed.js";
import { clock, exact, stamp } from "./figures.js";
import { savePage } from "./save.js";
import { choices } from "./theme.js";

const SILENCE = 30_000; // ms without a datapoint that the status tells, or
const LONGER = 2.5; // times the last pause between two batches, if that is longer

const saved = savedHere();
if (saved && location.hash === "") location.hash = saved.view;
const board = new Board();
/** @type {number | null} When the input ended. */
let ended = null;
/** @type {Away | undefined} */
let away;
let loading = "";
let loaded = false; // whether the server has told what it knows
let latest = 0; // when datapoints came last, in milliseconds
let pause = 0; // ms between the last two times

/** The words of the status, the most serious first. */
function status() {
  if (saved) return [["ended", `saved ${stamp(saved.at / 1000)}`]];
  const at = (/** @type {number} */ ms) => clock(ms / 1000);
  const words = [];
  if (away) {
    words.push(
      away.waiting
        ? ["away", "waiting for a connection: too many pages are open"]
        : ["away", `server went away ${at(away.since)}, trying again`],
    );
  }
  if (loading) words.push(["connecting", loading]);
  if (board.time.paused) words.push(["paused", "paused"]);
  if (ended !== null) words.push(["ended", `input ended ${at(ended)}`]);
  if (words.length > 0) return words;
  if (latest === 0) return [["connecting", "connected"]];
  return Date.now() - latest > Math.max(SILENCE, LONGER * pause)
    ? [["paused", `no datapoint since ${at(latest)}`]]
    : [["live", "live"]];
}

function showStatus() {
  const words = status();
  const text = words.map(([, text]) => text).join("; ");
  byId("status").dataset.state = words[0]?.[0] ?? "";
  fill(byId("status"), text.charAt(0).toUpperCase() + text.slice(1));
  showEmpty();
}

/** Says why there is no chart, unless it is the page that does not know yet. */
function showEmpty() {
  byId("empty").hidden = board.known.size > 0 || !loaded || loading !== "" ||
    away !== undefined;
  fill(
    byId("empty"),
    ended === null
      ? "Waiting for the first datapoint."
      : "The input ended without a datapoint.",
  );
}

/** @param {number} [at] When datapoints came, in milliseconds. */
function arrived(at = Date.now()) {
  if (latest > 0) pause = at - latest;
  latest = at;
  showStatus();
}

/** @import { State } from "../../history/told.js" */
/** @import { Away } from "./feed.js" */
/** @param {State} state */
function showState({ strange, latestStrange, refused, ahead, now, ended: at }) {
  ended = at;
  board.time.offset = now - Date.now();
  showStatus();
  byId("strange").hidden = strange === 0;
  find(byId("strange"), "summary", HTMLElement).textContent = strange === 1
    ? "1 line is not a put"
    : `${exact(strange)} lines are not puts`;
  find(byId("strange"), "ol", HTMLOListElement).replaceChildren(
    ...latestStrange.map((line) => element("li", {}, line || " ")),
  );
  byId("refused").hidden = refused === 0;
  byId("refused").textContent = `${
    exact(refused)
  } datapoints are left out: there was no room for their series.`;
  byId("ahead").hidden = ahead === 0;
  byId("ahead").textContent = `${
    exact(ahead)
  } datapoints are left out: their time is more than a day ahead of the clock.`;
}

const search = byId("search", HTMLInputElement);
search.addEventListener("input", () => board.search(search.value));

byId("spans").addEventListener("change", ({ target }) => {
  if (target instanceof HTMLInputElement) board.time.show(Number(target.value));
});

byId("pause").addEventListener("click", () => {
  board.time.togglePause();
  byId("pause").setAttribute("aria-pressed", String(board.time.paused));
  showStatus();
});

byId("follow").addEventListener("click", () => board.time.follow());
for (const choice of choices) {
  choice.addEventListener("change", () => board.repaint());
}

for (const name of /** @type {const} */ (["average", "log"])) {
  const button = byId(name);
  const show = () =>
    button.setAttribute("aria-pressed", String(board.view[name]));
  button.addEventListener("click", () => {
    board.view[name] = !board.view[name];
    board.view.keep();
    show();
    board.redraw();
  });
  show();
}

search.value = board.view.search;
board.search(board.view.search);
byId("save").addEventListener("click", () => savePage(board));

if (saved) {
  document.title = `metriccounter, saved ${stamp(saved.at / 1000)}`;
  byId("pause").hidden = byId("save").hidden = true;
  board.known = seriesOf(saved);
  board.arrange();
  board.time.open(true);
  showStatus();
} else {
  new Feed({
    loading: (got, count) => {
      loading = got < count
        ? `loading ${exact(got)} of ${exact(count)} series`
        : "";
      showStatus();
    },
    all: (known, at) => {
      board.known = known;
      loaded = true;
      showStatus();
      board.arrange();
      board.time.open(ended !== null);
      board.refresh();
      if (at !== null && board.known.size > 0) arrived(at);
    },
    points: (changed) => {
      if (changed) board.arrange();
      board.time.open(ended !== null);
      board.refresh();
      arrived();
    },
    state: showState,
    away: (now) => {
      away = now;
      showStatus();
    },
  });
  setInterval(showStatus, 1000);
}
