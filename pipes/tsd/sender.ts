/**
 * Sends the lines of a spool to one of several TSDs.
 *
 * @module
 */

import { Backoff, complain, sleep, withoutCode } from "../../script/mod.ts";
import { Closed, type Fate, type Host, type Link, Throttled } from "./link.ts";
import { printable, Replies, withCure } from "./replies.ts";
import type { Spool } from "./spool.ts";

const LEAST_PAUSE = 500; // ms between two rounds of tries
const MOST_PAUSE = 30_000; // ms
const IDLE = 15_000; // ms without datapoints after which a link is finished

/** Options of {@linkcode Sender}. */
export interface SenderOptions {
  /**
   * Milliseconds before the second round of tries; the next ones take longer.
   *
   * @default {500}
   */
  pause?: number;
  /**
   * Says something to the user.
   *
   * @default {complain}
   */
  say?: (message: string) => void;
  /**
   * Waits for some milliseconds.
   *
   * @default {setTimeout}
   */
  sleep?: (ms: number) => Promise<void>;
}

/** Sends to the first host that works, and to the next one when it fails. */
export class Sender {
  /** What the TSDs replied. */
  readonly replies: Replies = new Replies();
  readonly #hosts: Host[];
  readonly #spool: Spool;
  readonly #backoff: Backoff;
  readonly #say: (message: string) => void;
  readonly #sleep: (ms: number) => Promise<void>;
  readonly #said = new Set<string>();
  #host = 0;
  #failures = 0;
  #lost = 0;
  #connected = false;
  #ended = false;
  #more = Promise.withResolvers<true>();

  /**
   * Makes a sender.
   *
   * @param hosts The TSDs, at least one.
   * @param spool The lines to send.
   * @param options What differs from the defaults.
   */
  constructor(hosts: Host[], spool: Spool, options: SenderOptions = {}) {
    this.#hosts = hosts;
    this.#spool = spool;
    this.#backoff = new Backoff(options.pause ?? LEAST_PAUSE, MOST_PAUSE);
    this.#say = options.say ?? complain;
    this.#sleep = options.sleep ?? sleep;
  }

  /** Lines that may be lost because the spool was too small to keep them. */
  get lost(): number {
    return this.#lost;
  }

  /** Whether a TSD takes datapoints. */
  get connected(): boolean {
    return this.#connected;
  }

  /** Says that there is more in the spool. */
  notify(): void {
    this.#more.resolve(true);
  }

  /** Says that nothing will be added to the spool. */
  end(): void {
    this.#ended = true;
    this.notify();
  }

  /** Resolves once all was read, after {@linkcode Sender.end}. */
  async run(): Promise<void> {
    while (await this.#hasMore()) {
      const host = this.#hosts[this.#host]!;
      try {
        await this.#connect(host);
      } catch (error) {
        await this.#failed(host, error as Error);
      }
    }
  }

  async #hasMore(): Promise<boolean> {
    while (this.#spool.waiting === 0) {
      if (this.#ended) return false;
      await this.#filled();
    }
    return true;
  }

  #filled(): Promise<true> {
    this.#more = Promise.withResolvers();
    return this.#more.promise;
  }

  async #connect(host: Host): Promise<void> {
    using link = await host.open((reply) => {
      const news = this.replies.add(reply);
      if (news) this.#say(`${host.name}: ${news}`);
    });
    this.#connected = true;
    await this.#feed(host, link);
    await link.finish();
    this.#works(host, "read");
  }

  /** Sends what comes, until the link takes no more. */
  async #feed(host: Host, link: Link): Promise<void> {
    while (true) {
      if (this.#spool.waiting > 0) {
        if (link.worn) return;
        const batch = this.#spool.take(link.most);
        if (batch === undefined) continue; // what waited was damaged
        const fate = await link.send(batch.text);
        if (fate !== "sent") this.#works(host, fate);
      } else if (this.#ended) {
        return;
      } else if (!await link.until(IDLE, this.#filled())) {
        return;
      }
    }
  }

  /** Notes that the host has read, or even stored, all that was sent. */
  #works(host: Host, fate: Fate): void {
    this.#spool.confirm(fate === "stored");
    if (this.#said.size > 0) this.#say(`${host.name}: takes datapoints again`);
    this.#said.clear();
    this.#failures = 0;
    this.#backoff.reset();
  }

  /** Turns to the next host, after a pause when all of them have failed. */
  async #failed(host: Host, error: Error): Promise<void> {
    this.#connected = false;
    const { again, lost } = this.#spool.rewind();
    if (error instanceof Closed && again + lost === 0) return; // it was idle
    const what = `${host.name}: ${withCure(reason(error))}`;
    if (!this.#said.has(what)) {
      this.#say(again > 0 ? `${what}; sending ${again} again` : what);
    }
    this.#said.add(what);
    if (lost > 0) {
      this.#lost += lost;
      this.#say(`the spool was too small to send ${lost} more again`);
    }
    host.share.shrink();
    this.#host = (this.#host + 1) % this.#hosts.length;
    const all = ++this.#failures % this.#hosts.length === 0;
    if (all || error instanceof Throttled) {
      await this.#sleep(jittered(this.#backoff.next()));
    }
  }
}

/** A pause that is somewhat random, so that many senders do not try at once. */
function jittered(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}

function reason({ message }: Error): string {
  return printable(withoutCode(message));
}
