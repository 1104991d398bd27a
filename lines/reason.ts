/**
 * Why a log cannot be read, in words.
 *
 * @module
 */

import { systemReason } from "../script/complain.ts";
import { ifThere, split } from "./path.ts";

/** The name of a group, or its number where there is no name. */
function groupName(gid: number | null): string {
  let groups = "";
  try {
    groups = Deno.readTextFileSync("/etc/group");
  } catch {
    // Then the number has to do.
  }
  const line = groups.split("\n").find((line) =>
    line.split(":")[2] === String(gid)
  );
  return line?.split(":")[0] ?? String(gid);
}

function whyDenied(path: string): string {
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(path);
  } catch {
    return "no permission to enter its folder";
  }
  return (info.mode ?? 0) & 0o040
    ? `no permission; the group ${groupName(info.gid)} may read it`
    : "no permission";
}

/**
 * Why a system call failed.
 *
 * @param error What it threw.
 * @param path The log.
 * @returns The reason, in words.
 * @throws {Deno.errors.NotCapable} If it was Deno that did not permit it.
 */
export function reasonOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Deno.errors.NotCapable) {
    if (/all access to/.test(error.message)) return "it is not a log";
    throw error;
  }
  if (error instanceof Deno.errors.PermissionDenied) return whyDenied(path);
  if (!(error instanceof Deno.errors.NotFound)) {
    return systemReason(error);
  }
  const folder = split(path)[0] || ".";
  if (!ifThere(() => Deno.statSync(folder))) return `no folder ${folder}`;
  return ifThere(() => Deno.lstatSync(path))
    ? "it is a link to a file that is missing"
    : "no such file";
}

/**
 * Why something at a path cannot be followed as a log.
 *
 * @param info What is known about it.
 * @param path Its path.
 * @returns The reason, in words; undefined if it is a regular file.
 */
export function whyNoLog(
  info: Deno.FileInfo,
  path: string,
): string | undefined {
  if (info.isDirectory) return "it is a directory";
  if (info.isFifo) return "it is a FIFO";
  if (!info.isFile) return "it is a device or a socket";
  if (/^\/(proc|sys)\//.test(Deno.realPathSync(path))) return "it is not a log";
}
