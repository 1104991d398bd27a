#!/usr/bin/env -S deno run -q --allow-run=ls,head,sar,tail,journalctl --allow-read --allow-sys=hostname
/**
 * Runs several collectors in one process, which needs hardly more memory than
 * one of them: those that are named, or all that work on this host. Each goes on
 * when another one fails.
 *
 * Its metrics are those of `authfailures.ts`, `numprocesses.ts`, `sarcpu.ts` and
 * `uptime.ts`.
 */
import {
  type Collector,
  commandLine,
  complain,
  fail,
  FORMAT,
  FORMAT_USAGE,
  messageOf,
  refuse,
  Unsupported,
} from "../script/mod.ts";
import { collect as authfailures } from "./authfailures.ts";
import { collect as numprocesses } from "./numprocesses.ts";
import { collect as sarcpu } from "./sarcpu.ts";
import { collect as uptime } from "./uptime.ts";

const COLLECTORS: Record<string, Collector> = {
  authfailures,
  numprocesses,
  sarcpu,
  uptime,
};

const USAGE = `
Usage: all.ts [OPTION]... [NAME]...

Runs the collectors with these NAMEs in one process, or all of them that work on
this host: ${Object.keys(COLLECTORS).join(", ")}.
Each prints the same as when it runs alone.

Options:
${FORMAT_USAGE}
  -h, --help               Print this.
  --version                Print the version.

Examples:
  all.ts | nc tsd.example.com 4242
      Send all that can be collected here to the TSD on tsd.example.com.
  all.ts numprocesses uptime
      Only these two.

Status 13: none of the collectors works on this host. Status 1: one of them
failed.
`;

const { args, format } = commandLine(USAGE, { format: FORMAT }, Infinity);
const unknown = args.find((name) => !Object.hasOwn(COLLECTORS, name));
if (unknown !== undefined) refuse(`there is no collector ${unknown}`);

const names = args.length > 0 ? new Set(args) : Object.keys(COLLECTORS);
let unsupported = 0;
let failed = 0;
await Promise.all([...names].map(async (name) => {
  try {
    await COLLECTORS[name]!({ args: [], format });
  } catch (error) {
    if (error instanceof Unsupported) unsupported++;
    else failed++;
    await complain(`${name}: ${messageOf(error)}; going on without it`);
  }
}));
if (failed > 0) fail("no collector is left", 1);
if (unsupported > 0) fail("none of the collectors works on this host", 13);
