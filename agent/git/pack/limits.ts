// What a pack may declare, and the two ways to say that it is not taken: it declares too much, or it is broken.
// Source of the numbers that Git itself keeps to: git-pack-objects (--depth).
import { HoldfastError } from '../../../fleet/error.ts';
import type { ObjectType } from '../upstream.ts';

export interface PackLimits {
  /** Entries of one pack. */
  readonly objects: number;
  /** All unpacked objects together. */
  readonly totalBytes: number;
  /** One commit or tag. */
  readonly metaBytes: number;
  readonly treeBytes: number;
  readonly blobBytes: number;
  /** Deltas from an object down to one that stands for itself. */
  readonly deltaDepth: number;
}

/** Of a commit or tag: a signature, a long message, and thousands of parents fit. */
export const META_BYTES = 1024 * 1024;
/** Of one tree: a folder of 400,000 entries. */
export const TREE_BYTES = 16 * 1024 * 1024;
/**
 * The most that Git itself can write (`--depth` is cut to it); 50 is usual and 250 was. A chain is walked without
 * recursion and each object of it is bounded, so a deep one costs time, which the deadline bounds, and no memory.
 */
export const DELTA_DEPTH = 4095;

/** Throws `GitContentRefused` when an object of this type may not have so many bytes. */
export function judgeSize(what: string, type: ObjectType, size: number, limits: PackLimits): void {
  const most = mostBytes(type, limits);
  if (size > most) throw tooMuch(what, `a ${type} of ${size} bytes`, `a ${type}`, most);
}

/** Throws `GitContentRefused` when no object at all may have so many bytes. */
export function judgeDelta(what: string, size: number, limits: PackLimits): void {
  const most = Math.max(limits.metaBytes, limits.treeBytes, limits.blobBytes);
  if (size > most) throw tooMuch(what, `an object of ${size} bytes`, 'an object', most);
}

export function refusedPack(what: string, why: string): HoldfastError {
  return new HoldfastError('GitContentRefused', `${what} ${why}`);
}

export function damagedPack(what: string, why: string): HoldfastError {
  return new HoldfastError('GitUnreachable', `${what} was cut or is malformed: ${why}.`);
}

function tooMuch(what: string, declared: string, subject: string, most: number): HoldfastError {
  return refusedPack(
    what,
    `declares ${declared}, and ${subject} may have ${most} bytes. Keep large files out of the repository, or raise limits.source_bytes.`,
  );
}

function mostBytes(type: ObjectType, limits: PackLimits): number {
  if (type === 'blob') return limits.blobBytes;
  return type === 'tree' ? limits.treeBytes : limits.metaBytes;
}
