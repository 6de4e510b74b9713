import { createHash } from 'node:crypto';

/** CloudFront allows this many characters in a distribution's comment (API reference, DistributionConfig). */
const commentLimit = 128;

/**
 * Our mark at the end of the comment. It is written in the same update as the origin path, so whoever
 * reads the path also reads whose it is. The two hashes are of the claim's key, which tells ours from
 * foreign, and of the claimed ETag, which makes a repeated write of the same path a change.
 */
const markPattern = / ?\[countersign (?:live=\S+ )?(?:v=\S+ )?([0-9a-f]{12})\.[0-9a-f]{6}\]/g;

export interface Mark {
  readonly colour: string;
  readonly version: string;
  readonly key: string;
  readonly etag: string;
}

/** The comment with our mark instead of any earlier one. A comment that leaves no room is cut at its end. */
export function markComment(comment: string, mark: Mark): string {
  const own = withoutMark(comment);
  const token = `${keyHash(mark.key)}.${sha256(mark.etag).slice(0, 6)}`;
  const version = /^[\w.+-]{1,40}$/.test(mark.version) ? `v=${mark.version} ` : '';
  const texts = [
    `[countersign live=${mark.colour} ${version}${token}]`,
    `[countersign live=${mark.colour} ${token}]`,
    `[countersign ${token}]`,
  ];
  const joined = texts.map((text) => (own === '' ? text : `${own} ${text}`));
  const shortest = texts.at(-1) ?? '';
  return (
    joined.find((text) => text.length <= commentLimit) ??
    `${own.slice(0, commentLimit - shortest.length - 1)} ${shortest}`
  );
}

/** Whether the comment carries the mark of a claim with this key, of whichever attempt. */
export function carriesMark(comment: string, key: string): boolean {
  return [...comment.matchAll(markPattern)].some((match) => match[1] === keyHash(key));
}

export function withoutMark(comment: string): string {
  return comment.replaceAll(markPattern, '');
}

/** Whether a mark fits without cutting what people wrote. */
export function leavesRoomForMark(comment: string): boolean {
  const shortest = '[countersign 000000000000.000000]';
  return withoutMark(comment).length + 1 + shortest.length <= commentLimit;
}

const keyHash = (key: string): string => sha256(key).slice(0, 12);

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
