/**
 * Reads the answers of a TSD to `POST /api/put`.
 *
 * @module
 */

import { isPut } from "../../mod.ts";
import { Throttled } from "./link.ts";
import { printable } from "./replies.ts";

const PAUSE = new Set([408, 429, 500, 502, 503, 504]); // statuses of a state that passes
/** What VictoriaMetrics says of the request: its port differs each time. */
const ABOUT = /^remoteAddr: "[^"]*"; requestURI: [^;]*; /;
const TOO_LARGE = /chunk|too (large|long|big)/i;
/** Reasons of OpenTSDB after which it may take the same datapoint later. */
const TRANSIENT =
  /^(storage exception|please throttle|timeout exception|write timedout)/i;
/** The reason that may mean that no identifier is left, or that HBase is down. */
const UNCLEAR = /^unexpected exception/i;

/** The error of a TSD that takes only smaller requests. */
export class TooLarge extends Error {}

/** A put that failed; it is not known whether it can be stored later. */
export interface Failed {
  /** The line. */
  line: string;
  /** The reason that was given. */
  error: string;
}

/** What has happened to the puts of a request. */
export interface Verdict {
  /** How many were stored. */
  stored: number;
  /** The replies to those that are refused for good. */
  refused: string[];
  /** Those that may be stored later, or never. */
  failed: Failed[];
  /** How many more were not stored; the TSD does not say which ones. */
  unnamed: number;
}

interface Datapoint {
  metric?: string;
  timestamp?: number;
  value?: string;
  tags?: Record<string, string>;
}

/** What OpenTSDB answers if asked for details. */
interface Details {
  success: number;
  errors?: { error?: string; datapoint?: Datapoint | null }[];
}

/**
 * Reads an answer.
 *
 * @param answer Its status and its text.
 * @param lines The puts of the request.
 * @returns What has happened to them; undefined if the TSD only says that it has
 * read them.
 * @throws {Error} If the TSD may take all of them later.
 */
export function verdictOf(
  [status, text]: [number, string],
  lines: string,
): Verdict | undefined {
  const details = detailsOf(text);
  if (details !== undefined) return judged(details, lines);
  const isPage = text.startsWith("<"); // a page in HTML is from another server, or from a proxy
  if (status < 200 || status > 299 || isPage) throw failure(status, text);
  return undefined;
}

function judged({ success, errors = [] }: Details, lines: string): Verdict {
  const passing = errors.find(({ error = "" }) => TRANSIENT.test(error));
  if (passing) throw new Throttled(`replied: ${passing.error}`);
  const refused: string[] = [];
  const failed: Failed[] = [];
  for (const { error = "refused", datapoint } of errors) {
    const line = putOf(datapoint ?? {});
    if (!UNCLEAR.test(error)) {
      refused.push(`put: ${error}: ${datapoint?.metric ?? ""}`);
    } else if (isPut(line)) failed.push({ line, error });
  }
  const sent = lines.split("\n").length - 1;
  const unnamed = sent - success - refused.length - failed.length;
  if (sent > 1 || unnamed < 1) {
    return { stored: success, refused, failed, unnamed };
  }
  const error = "not stored, without a reason";
  failed.push({ line: lines.trimEnd(), error });
  return { stored: success, refused, failed, unnamed: 0 };
}

function putOf({ metric, timestamp, value, tags = {} }: Datapoint): string {
  const pairs = Object.entries(tags).map(([key, tag]) => ` ${key}=${tag}`);
  return `put ${metric} ${timestamp} ${value}${pairs.join("")}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function detailsOf(text: string): Details | undefined {
  const answer = parsed(text) as Partial<Details> | null | undefined;
  return typeof answer?.success === "number" ? answer as Details : undefined;
}

/** The error that an answer without details stands for. */
function failure(status: number, text: string): Error {
  const { error } = (parsed(text) ?? {}) as {
    error?: { message?: string } | string;
  };
  const reason = typeof error === "string" ? error : error?.message ?? text;
  const what = reason.replace(ABOUT, "");
  const message = printable(`answers ${status} ${what}`);
  if (status === 413 || (status === 400 && TOO_LARGE.test(what))) {
    return new TooLarge(message);
  }
  return PAUSE.has(status) ? new Throttled(message) : new Error(message);
}
