/** The port of an address or host where it is told in words behind it: `on port 8443`, `(port 53/udp)`, `over TCP port 4444`, `","port":8443`. */

const IN_WORDS =
  /["'`)\]]{0,2}(?:\s\([^()\n]{1,40}\))?[,，]?\s{0,2}[([（]?(?:(?:on|over|via|at|using|through|with|and)\s)?(?:(?:its|the)\s)?(?:(?:remote|destination|dst|non-standard|custom)[\s_-])?(?:(?:tcp|udp|tls|ssl|https?)[\s/])?(?:["']?(?:port|порт|端口|puerto|porta)["']?|(?<=(?:tcp|udp)[\s/])(?=\d{2}))(?:\s(?:number|no\.?|is))?\s{0,2}[:=#：]?\s{0,2}["'`]?(?:(?:tcp|udp)[\s/])?(\d{1,5})(?![\d.]?\d|\s*(?:,|and|or|to|-|\/|&)\s*\d)/iy;
/** Behind what ends here comes one of these, or nothing that has to do with ports. */
const MAY_BEGIN = ' "\'`)],([，（';

/** Undefined where there is none, or where several are told. */
export function portInWords(text: string, end: number): number | undefined {
  const code = text.charCodeAt(end);
  // Most often a line ends here, or a blank and a word follow.
  if (code === 10 || !(code >= 0 && MAY_BEGIN.includes(text[end]))) return undefined;
  IN_WORDS.lastIndex = end;
  const port = Number(IN_WORDS.exec(text)?.[1] ?? 0);
  return port > 0 && port <= 65535 ? port : undefined;
}
