/** Entries of the log of a job, and their levels. */
import { isRecord, listOf, textOf } from '../reading';

/** From the most to the least severe. */
export const LOG_LEVELS = ['error', 'warning', 'info', 'debug'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface ILogEntry {
  readonly id: string;
  readonly level: LogLevel;
  readonly message: string;
  /** RFC 3339; empty where the back-end does not say. */
  readonly time: string;
  readonly code: string;
  /** The node of the process graph at which it happened. */
  readonly node: string;
}

/** Entries that are kept of a long log: the newest. */
export const MOST_ENTRIES = 2000;

/** Read entries of a level or more severe; those of an unknown level count as `info`. */
export function readLog(list: readonly unknown[], level: LogLevel): ILogEntry[] {
  const entries = list.flatMap(value => (isRecord(value) ? [readEntry(value)] : []));
  return entries.filter(entry => isSevere(entry.level, level));
}

/** Entries with later ones: without those that are there already, and no more than the newest. */
export function joinLogs(before: readonly ILogEntry[], later: readonly ILogEntry[]): readonly ILogEntry[] {
  const ids = new Set(before.map(entry => entry.id).filter(Boolean));
  const added = later.filter(entry => !entry.id || !ids.has(entry.id));
  return added.length ? [...before, ...added].slice(-MOST_ENTRIES) : before;
}

function isSevere(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(least);
}

function readEntry(value: unknown): ILogEntry {
  const told = textOf(value, 'level');
  return {
    id: textOf(value, 'id'),
    level: LOG_LEVELS.find(level => level === told) ?? 'info',
    message: textOf(value, 'message'),
    time: textOf(value, 'time') || textOf(value, 'timestamp'),
    code: textOf(value, 'code'),
    node: textOf(listOf(value, 'path')[0], 'node_id')
  };
}
