/** Kills at random moments. */
import { sleep } from "../../script/mod.ts";
import { between, type Chance, choose } from "./chance.ts";
import { kill, type Victim } from "./supervised.ts";

const PAUSE = [500, 10_000] as const; // ms between two attacks
const AGAIN = 1200; // ms at most until what was killed is killed again

/** Kills (-9) one, two at once, a whole group, or all; sometimes once more. */
export class Rampage {
  /** How often each victim was killed. */
  readonly kills = new Map<string, number>();
  readonly #groups: Victim[][];
  readonly #all: Victim[];
  readonly #chance: Chance;
  readonly #note: (what: string) => void;

  /**
   * Chooses among victims.
   *
   * @param groups The victims on each way; one may be in several groups.
   * @param chance Decides whom to kill, and when.
   * @param note Is called for each kill.
   */
  constructor(
    groups: Victim[][],
    chance: Chance,
    note: (what: string) => void,
  ) {
    this.#groups = groups;
    const names = groups.flat().map((victim) => [victim.name, victim] as const);
    this.#all = [...new Map(names).values()];
    this.#chance = chance;
    this.#note = note;
  }

  /** The number of all kills. */
  get total(): number {
    return [...this.kills.values()].reduce((sum, n) => sum + n, 0);
  }

  /** Kills for some milliseconds. */
  async run(ms: number): Promise<void> {
    const chance = this.#chance;
    const end = performance.now() + ms;
    const [least, most] = PAUSE;
    while (performance.now() < end) {
      const again = chance() < 0.4;
      const victims = this.#choose();
      this.#attack(victims);
      if (again) {
        await sleep(between(chance, 0, AGAIN));
        this.#attack(victims);
      }
      await sleep(between(chance, least, most));
    }
  }

  #choose(): Victim[] {
    const dice = this.#chance();
    if (dice < 0.55) return choose(this.#chance, this.#all, 1);
    if (dice < 0.8) return choose(this.#chance, this.#all, 2);
    if (dice < 0.95) return choose(this.#chance, this.#groups, 1).flat();
    return this.#all;
  }

  #attack(victims: Victim[]): void {
    const found = victims.map(({ name, pid }) => [name, pid()] as const);
    for (const [name, pid] of found) {
      if (pid === undefined || !kill(pid)) continue;
      this.#note(`kill ${name}`);
      this.kills.set(name, (this.kills.get(name) ?? 0) + 1);
    }
  }
}
