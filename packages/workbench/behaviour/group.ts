/**
 * Which observations are the same behaviour: those of one kind that resemble each other in what a rule could ask for. Greedy: each
 * observation joins the group whose members it resembles most, or begins one. Time is bounded by observations × groups × few members.
 */
import { headerNames } from './http-conditions.ts';
import { bufferText, type Observation } from './observe.ts';
import { fixedRuns, isText } from './other-conditions.ts';
import { volatileSpans } from './volatile.ts';

/** Members that a newcomer is compared with. */
const COMPARED = 4;
const ALIKE = 0.6;
const RAW_ALIKE = 0.12;
const OTHER_BODY = 0.25;
/** More of one kind in the threat's captures are a flood; the first ones tell as much. */
const MOST_OF_A_KIND = 2000;
const MOST_GROUPS = 200;

export function groupsOf(observations: readonly Observation[]): Observation[][] {
  const kinds = new Map<string, Observation[]>();
  for (const one of observations) {
    const key = one.isRaw ? `${one.kind} ${one.ordinal}` : one.kind;
    const list = kinds.get(key);
    if (list === undefined) kinds.set(key, [one]);
    else if (list.length < MOST_OF_A_KIND) list.push(one);
  }
  const all: Observation[][] = [];
  for (const list of kinds.values()) {
    const groups: Observation[][] = [];
    for (const one of list) {
      let best: Observation[] | undefined;
      let bestLikeness = one.isRaw ? RAW_ALIKE : ALIKE;
      for (const group of groups) {
        let likeness = 1;
        for (const member of compared(group)) likeness = Math.min(likeness, likenessOf(one, member));
        if (likeness >= bestLikeness) {
          best = group;
          bestLikeness = likeness;
        }
      }
      if (best !== undefined) best.push(one);
      else if (groups.length < MOST_GROUPS) groups.push([one]);
    }
    all.push(...groups);
  }
  return all;
}

/** First ones and last ones. */
function compared(group: readonly Observation[]): readonly Observation[] {
  return group.length <= COMPARED ? group : [...group.slice(0, COMPARED / 2), ...group.slice(-COMPARED / 2)];
}

/** 0 to 1 */
export function likenessOf(a: Observation, b: Observation): number {
  if (a.isRaw) return messageLikeness(bufferText(a, 'payload') ?? '', bufferText(b, 'payload') ?? '');
  if (a.kind === 'http to_server') return requestLikeness(a, b);
  if (a.kind === 'http to_client') return responseLikeness(a, b);
  if (a.protocol === 'dns') return same(labelsOf(a), labelsOf(b)) ? 1 : 0;
  let equal = 0;
  let all = 0;
  for (const buffer of new Set([...a.buffers.keys(), ...b.buffers.keys()])) {
    all++;
    const one = bufferText(a, buffer);
    const other = bufferText(b, buffer);
    if (one !== undefined && other !== undefined) equal += one === other ? 1 : jaccard(wordsOf(one), wordsOf(other));
  }
  return all === 0 ? 0 : equal / all;
}

function labelsOf(one: Observation): string {
  const labels = (bufferText(one, 'dns.query') ?? '').split('.');
  return `${labels.length} ${labels[0].length}`;
}

function requestLikeness(a: Observation, b: Observation): number {
  if (bufferText(a, 'http.method') !== bufferText(b, 'http.method')) return 0;
  const headers = jaccard(new Set(headerNames(a)), new Set(headerNames(b)));
  const agent =
    bufferText(a, 'http.user_agent') === bufferText(b, 'http.user_agent')
      ? 1
      : jaccard(wordsOf(bufferText(a, 'http.user_agent') ?? ''), wordsOf(bufferText(b, 'http.user_agent') ?? ''));
  const body = bodyLikeness(bufferText(a, 'http.request_body'), bufferText(b, 'http.request_body'));
  const address = addressLikeness(bufferText(a, 'http.uri') ?? '', bufferText(b, 'http.uri') ?? '');
  const likeness = address * 0.45 + headers * 0.25 + agent * 0.15 + (body ?? address) * 0.15;
  // Another address and another body: the same program, but not the same behaviour.
  return body !== undefined && body < OTHER_BODY && address < 1 ? Math.min(likeness, ALIKE - 0.1) : likeness;
}

/** Same number of segments, what of them is equal, same names of parameters. */
function addressLikeness(a: string, b: string): number {
  const [pathA, queryA = ''] = a.split('?', 2);
  const [pathB, queryB = ''] = b.split('?', 2);
  const one = pathA.split('/').slice(1);
  const other = pathB.split('/').slice(1);
  let path = 0;
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    if (one[at] === undefined || other[at] === undefined) continue;
    path += one[at] === other[at] ? 1 : ending(one[at]) === ending(other[at]) && formOf(one[at]) === formOf(other[at]) ? 0.7 : 0;
  }
  path /= Math.max(one.length, other.length, 1);
  if (queryA === '' && queryB === '') return path;
  return path * 0.5 + jaccard(parametersOf(queryA), parametersOf(queryB)) * 0.5;
}

function ending(segment: string): string {
  return /\.[a-z0-9]{1,5}$/i.exec(segment)?.[0] ?? '';
}

/** What kind of thing a segment is: a word, a number, something longer that changes. */
function formOf(segment: string): string {
  if (/^\d+$/.test(segment)) return 'digits';
  if (volatileSpans(segment, true, []).length > 0) return 'volatile';
  if (/^[a-z_-]+(?:\.[a-z]+)?$/i.test(segment)) return 'word';
  return segment.length > 12 ? 'volatile' : 'other';
}

function parametersOf(query: string): Set<string> {
  return new Set(query.split('&').map((part) => part.split('=', 1)[0]));
}

function bodyLikeness(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined && b === undefined) return undefined;
  if (a === undefined || b === undefined) return 0;
  if (a === b) return 1;
  return isText(a) && isText(b) ? jaccard(wordsOf(a), wordsOf(b)) : messageLikeness(a, b);
}

function responseLikeness(a: Observation, b: Observation): number {
  if (bufferText(a, 'http.stat_code') !== bufferText(b, 'http.stat_code')) return 0;
  const headers = jaccard(new Set(headerNames(a)), new Set(headerNames(b)));
  const body = bodyLikeness(bufferText(a, 'http.response_body'), bufferText(b, 'http.response_body')) ?? 1;
  return body * 0.7 + headers * 0.3;
}

const LONGEST_COMPARED = 64;
/** A shared beginning of so many bytes is alike enough, however long the rest. */
const ENOUGH = 32;

function messageLikeness(a: string, b: string): number {
  if (isText(a) && isText(b)) return a === b ? 1 : Math.max(jaccard(wordsOf(a), wordsOf(b)), sharedStart(a, b) / ENOUGH);
  let equal = 0;
  for (const { text } of fixedRuns([a.slice(0, LONGEST_COMPARED), b.slice(0, LONGEST_COMPARED)])) equal += text.replaceAll('\0', '').length;
  return Math.min(1, a === b ? 1 : equal / Math.min(ENOUGH, Math.max(a.length, 8)));
}

function sharedStart(a: string, b: string): number {
  let at = 0;
  while (at < ENOUGH && at < a.length && a[at] === b[at]) at++;
  return at;
}

function wordsOf(text: string): Set<string> {
  return new Set(text.slice(0, 1024).match(/[A-Za-z_]{2,}/g) ?? []);
}

function same<Value>(a: Value, b: Value): boolean {
  return a === b;
}

function jaccard(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 && b.size === 0) return 1;
  let both = 0;
  for (const one of a) if (b.has(one)) both++;
  return both / (a.size + b.size - both);
}
