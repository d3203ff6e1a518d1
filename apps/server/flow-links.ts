/** Links from a flow to other programs (Arkime, EveBox, a SIEM) by community id, as the admin wrote them: `NAME https://…{community_id}…`. */

/** The setting that holds them, one a line. */
export const FLOW_LINKS = 'links by flow';
const MOST = 10;

export interface FlowLink {
  readonly name: string;
  readonly href: string;
}

/** Undefined: it is no such line. */
export function flowLink(line: string, communityId: string): FlowLink | undefined {
  const match = /^\s*(\S.{0,60}?)\s+(https?:\/\/\S{1,500})\s*$/.exec(line);
  if (match === null || !match[2].includes('{community_id}')) return undefined;
  const href = match[2].replaceAll('{community_id}', encodeURIComponent(communityId));
  return URL.canParse(href) ? { name: match[1], href } : undefined;
}

export function flowLinks(setting: string | undefined, communityId: string): readonly FlowLink[] {
  return (setting ?? '')
    .split(/\r?\n/)
    .slice(0, MOST)
    .map((line) => flowLink(line, communityId))
    .filter((one) => one !== undefined);
}
