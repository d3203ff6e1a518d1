/**
 * How rare a literal is in ordinary traffic, and which four bytes of it are rarest. Estimated from byte frequencies and from
 * the grams of a small sample of what web and mail traffic is made of; a measured table may replace it later.
 */

/** Typical text of requests, responses, pages and scripts: grams in it are common. */
const COMMON_TEXT = `GET / HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)
Chrome/124.0.0.0 Safari/537.36 Firefox/ Gecko/20100101 Mobile/ Version/ Macintosh; Intel Mac OS X X11; Linux x86_64 compatible; MSIE 7.0; Trident/
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br
Connection: keep-alive\r\nConnection: close\r\nUpgrade-Insecure-Requests: 1\r\nCache-Control: no-cache, max-age=0\r\nPragma: no-cache\r\nReferer: http://www. https://
Cookie: session=; Set-Cookie: path=/; expires= GMT; HttpOnly; secure\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Length: 1234\r\nTransfer-Encoding: chunked
Content-Type: application/x-www-form-urlencoded\r\nContent-Type: application/json\r\nContent-Disposition: attachment; filename="\r\nContent-Encoding: gzip
HTTP/1.1 200 OK\r\nHTTP/1.1 404 Not Found\r\nHTTP/1.1 302 Found\r\nLocation: http\r\nServer: nginx/1.24.0 Apache\r\nDate: Mon, 27 Jul 2026 12:28:53 GMT\r\nLast-Modified: ETag: "
<!DOCTYPE html><html><head><title></title><meta charset="utf-8"><link rel="stylesheet" type="text/css" href="/css/style.css"><script type="text/javascript" src="
</script><style></style></head><body><div class=" id="><span></span></div><p></p><a href="http://</a><table><tr><td></td></tr></table><img src=" width=" height=" alt="">
<form action=" method="post"><input type="hidden" name=" value="></form><ul><li></li></ul><br /><iframe onload onclick </body></html>&nbsp;&amp;&lt;&gt;
function(){return this.prototype.constructor=window.document.getElementById("').createElement(appendChild(.length;i++){if(typeof undefined===null&&!var =new Array();}else{
for (var i = 0; eval(unescape(String.fromCharCode(.indexOf(.replace(/.push(.toString(.split(substr( true false const let module.exports require( import from export default
Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)\r\nContent-Disposition: form-data; name="file"; filename="
username=&password=&email=
setTimeout XMLHttpRequest onreadystatechange responseText ActiveXObject("Microsoft Object application/octet-stream application/javascript image/jpeg image/png image/gif
.php?id=&user=&name=&action=&type=&page= index.php .html .aspx .asp .jsp .cgi .exe .dll .zip .jpg .png .gif .css .js /images/ /upload /admin /login /wp-content/plugins/ /wp-admin/
password username token email select from where union insert update delete table order by group and or not null 0000 1111 1234 0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ
the and that with for this have from they will would there their what about which when make like time just know take people into year your good some could them see other than then now look only come
========  --------  ........  ********  ########        \n\n\n\n\t\t\t\t    \r\n\r\n MZ This program cannot be run in DOS mode. PE .text .data .rsrc kernel32.dll GetProcAddress LoadLibraryA
.com .net .org .info .xyz .top .ru .cn .de www. http:// https:// ftp:// `;

const GRAM_BITS = 16;
let commonGrams: Uint8Array | undefined;

/** Four bytes as one number, letters folded to lower case the way the gram filter folds them. */
export function foldedGram(bytes: Uint8Array, at: number): number {
  const value = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  return value | ((value & 0x40404040) >>> 1);
}

export function hashGram(gram: number, bits: number): number {
  return Math.imul(gram, 0x9e3779b1) >>> (32 - bits);
}

/** A second hash, independent of the first. */
export function otherHash(gram: number, bits: number): number {
  return Math.imul(gram, 0x85ebca6b) >>> (32 - bits);
}

function commonness(): Uint8Array {
  if (commonGrams !== undefined) return commonGrams;
  const table = new Uint8Array(1 << GRAM_BITS);
  const bytes = new Uint8Array(COMMON_TEXT.length + 64);
  for (let at = 0; at < COMMON_TEXT.length; at++) bytes[at] = COMMON_TEXT.charCodeAt(at);
  for (let at = 0; at + 4 <= bytes.length; at++) {
    const slot = hashGram(foldedGram(bytes, at), GRAM_BITS);
    if (table[slot] < 255) table[slot]++;
  }
  commonGrams = table;
  return table;
}

/** Bits of surprise of one byte, in ordinary payload: letters and NUL are common, control bytes and most high bytes are not. */
export function surprise(byte: number): number {
  if (byte === 0x20 || byte === 0x65 || byte === 0x74 || byte === 0x00) return 3.2;
  if ((byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39)) return 4.4;
  if (byte >= 0x41 && byte <= 0x5a) return 4.8;
  if (byte === 0x0d || byte === 0x0a || byte === 0xff) return 4.5;
  if (byte >= 0x21 && byte <= 0x7e) return 5.4;
  return 7.2;
}

/** Zeros and small numbers between them: counts, flags and lengths of every binary protocol. */
function isCounting(bytes: Uint8Array, at: number): boolean {
  let zeros = 0;
  for (let next = at; next < at + 4; next++) {
    if (bytes[next] > LARGEST_SMALL) return false;
    if (bytes[next] === 0) zeros++;
  }
  return zeros >= 2;
}

const LARGEST_SMALL = 16;

/** Bits of surprise of the four bytes at `at`. */
export function gramRarity(bytes: Uint8Array, at: number): number {
  let bits = surprise(bytes[at]) + surprise(bytes[at + 1]) + surprise(bytes[at + 2]) + surprise(bytes[at + 3]);
  if (bytes[at] === bytes[at + 1] && bytes[at + 1] === bytes[at + 2]) bits -= 7;
  if (isCounting(bytes, at)) bits -= 6;
  const seen = commonness()[hashGram(foldedGram(bytes, at), GRAM_BITS)];
  if (seen > 0) bits -= 6 + Math.min(4, Math.log2(seen) * 2);
  return bits;
}

/** Offset of the rarest gram of a literal of four or more bytes, of those at `from`, `from + step` and so on. */
export function rarestGram(bytes: Uint8Array, from = 0, step = 1): number {
  let best = from;
  let bestBits = -1000;
  for (let at = from; at + 4 <= bytes.length; at += step) {
    const bits = gramRarity(bytes, at);
    if (bits > bestBits) {
      bestBits = bits;
      best = at;
    }
  }
  return best;
}

/** How many grams of a literal are not in the sample. A common phrase is no rarer for being long. */
function unusualGrams(bytes: Uint8Array): number {
  let count = 0;
  for (let at = 0; at + 4 <= bytes.length; at++) if (commonness()[hashGram(foldedGram(bytes, at), GRAM_BITS)] === 0 && !isCounting(bytes, at)) count++;
  return count;
}

/** Bits of surprise of a literal: its rarest gram, and a little for every further one that is unusual. */
export function rarity(bytes: Uint8Array): number {
  if (bytes.length < 4) {
    let bits = 0;
    for (const byte of bytes) bits += surprise(byte);
    return bits;
  }
  return gramRarity(bytes, rarestGram(bytes)) + Math.min(unusualGrams(bytes) - 1, 24) * 2;
}
