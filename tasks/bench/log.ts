/** The log that bursts are made of. */
import { random } from "../../tests/helpers/random.ts";

const PROGRAMS = ["sshd", "su", "sudo", "cron", "login", "vsftpd", "dovecot"];
const MACHINES = 8;

/** The text in every tenth of its lines. */
export const MATCH = "authentication failure";

/** Finds the machine and the program of a line. */
export const LABELS = String
  .raw`^\w+ +\d+ \S+ (?<machine>\S+) (?<program>[^\s[]+)\[`;

/** Finds the method and the status in an access line. */
export const REQUEST = String
  .raw`"(?<method>[A-Z]+) [^"]*" (?<status>\d{3}) `;

/** What an access line tells of a request. */
export interface Request {
  address: string;
  method: string;
  url: string;
  status: number;
  bytes: number;
}

/** A line of a web server's log, without its end. */
export function accessLine(time: string, request: Request): string {
  const { address, method, url, status, bytes } = request;
  return `${address} - - [${time}] "${method} ${url} HTTP/1.1" ${status} ` +
    `${bytes} "https://example.com/" "Mozilla/5.0 (X11; Linux x86_64) ` +
    `AppleWebKit/537.36 Chrome/120.0.0.0"`;
}

/** A log file. */
export interface Log {
  path: string;
  lines: number;
  bytes: number;
}

/** Writes a syslog of 1,000 lines a second, in which every tenth matches. */
export async function makeLog(path: string, lines: number): Promise<Log> {
  const next = random(1);
  const below = (n: number) => Math.floor(next() * n);
  using file = await Deno.create(path);
  let bytes = 0;
  for (let written = 0; written < lines;) {
    const time = new Date(written + Date.UTC(2026, 5, 14)).toUTCString();
    const [, day, month, , clock] = time.split(" ");
    let text = "";
    for (const end = Math.min(lines, written + 1000); written < end;) {
      const match = written + below(10);
      for (let i = 0; i < 10 && written < end; i++, written++) {
        const program = PROGRAMS[below(PROGRAMS.length)]!;
        const address = `203.0.113.${below(256)}`;
        const message = written === match
          ? `pam_unix(${program}:auth): ${MATCH}; logname= uid=0 rhost=${address}`
          : `Accepted publickey for root from ${address} port ${below(65536)}`;
        text += `${month} ${day} ${clock} web${below(MACHINES)} ` +
          `${program}[${below(32768)}]: ${message} ssh2 session opened\n`;
      }
    }
    const chunk = new TextEncoder().encode(text);
    await file.write(chunk);
    bytes += chunk.length;
  }
  return { path, lines, bytes };
}
