/** One exchange of HTTP, of whatever version: request and response, with everything that buffers and records read. Views are made when first asked for. */
import { concatBytes, fromLatin1 } from '@sigwright/bytes';
import { type Direction, FileTransfer, type FollowFile, TO_SERVER, Transaction } from '@sigwright/contracts';
import { contentRange } from './content-range.ts';
import type { HeaderBlock } from './headers.ts';
import { hostName, normalizedTarget, type TargetForm, targetHost } from './uri.ts';
import { asWritten } from './words.ts';

/** Progress of either side. */
export const LINE = 1;
export const HEADERS = 2;
export const BODY = 3;
export const TRAILER = 4;
export const COMPLETE = 5;

export class HttpMessage {
  /** without line end */
  line: Uint8Array = NOTHING;
  /** request: method, target, protocol; response: protocol, status, reason */
  first: Uint8Array = NOTHING;
  second: Uint8Array = NOTHING;
  third: Uint8Array = NOTHING;
  headers: HeaderBlock | undefined = undefined;
  /** body as inspected: transfer and content coding undone */
  readonly body: FileTransfer;
  /** bytes of the body on the wire, transfer coding undone */
  wireLength = 0;
  seen = false;

  constructor(direction: Direction, limit: number, follow: FollowFile | undefined, endsAtLimit: boolean) {
    this.body = new FileTransfer(direction, '', limit, follow, endsAtLimit);
  }
}

const NOTHING = new Uint8Array(0);
/** A part that the message has not; empty parts are there. */
export const UNSAID = new Uint8Array(0);
const LINE_END = fromLatin1('\r\n');

/** How often something odd was seen on a connection; nobody reads on where everything is. */
export interface RemarkCount {
  count: number;
}
const MOST_REMARKS = 512;

/** What was made for a buffer. There are few of a message: they are looked through faster than looked up. */
interface Made {
  readonly name: string;
  readonly bytes: Uint8Array | undefined;
}

export class HttpTransaction extends Transaction {
  readonly request: HttpMessage;
  readonly response: HttpMessage;
  /** how `http.uri` is made */
  uriForm: TargetForm | undefined = undefined;
  /** of the connection that it is on */
  remarks: RemarkCount | undefined = undefined;
  /** its request, which was seen, asks for no path */
  isPathless = false;
  /** an interim response came */
  interim = false;
  /** what records show of it, from when nothing more can come: its own record and that of its file show the same */
  shown: Readonly<Record<string, unknown>> | undefined = undefined;
  /** by direction: what was made of the message, kept once the headers are complete */
  #made: [Made[] | undefined, Made[] | undefined] = [undefined, undefined];

  /** `endsAtLimit`: so much of a body is its file */
  constructor(id: number, time: number, requestLimit: number, responseLimit: number, follow?: FollowFile, endsAtLimit = false) {
    super(id, time);
    this.request = new HttpMessage(0, requestLimit, follow, endsAtLimit);
    this.response = new HttpMessage(1, responseLimit, follow, endsAtLimit);
  }

  override raiseAgain(anomaly: string): void {
    const { remarks } = this;
    if (remarks === undefined || ++remarks.count <= MOST_REMARKS) super.raiseAgain(anomaly);
    else if (remarks.count === MOST_REMARKS + 1) super.raiseAgain('too_many_warnings');
  }

  /** Content-Range of the response */
  get range(): ReturnType<typeof contentRange> {
    const text = this.response.headers?.text('content-range');
    return text === undefined ? undefined : contentRange(text);
  }

  message(direction: Direction): HttpMessage {
    return direction === TO_SERVER ? this.request : this.response;
  }

  make(name: string, direction: Direction, how: (message: HttpMessage, direction: Direction) => Uint8Array | undefined): Uint8Array | undefined {
    const known = this.#made[direction];
    if (known !== undefined) for (let at = 0; at < known.length; at++) if (known[at].name === name) return known[at].bytes;
    const made = how(this.message(direction), direction);
    // What has not come yet may be asked for as well: explain looks for a content in every buffer.
    if (made !== undefined || this.progress[direction] >= HEADERS) {
      this.#made[direction] ??= [];
      this.#made[direction].push({ name, bytes: made });
    }
    return made;
  }

  /** What was made of the message is out of date. */
  protected makeAnew(): void {
    this.#made = [undefined, undefined];
  }

  override settle(): void {
    this.makeAnew();
    this.request.headers?.settle();
    this.response.headers?.settle();
    // Those that are no files: of forms, of methods that hand over none.
    this.request.body.release();
    this.response.body.release();
  }

  get uri(): Uint8Array | undefined {
    return this.make('uri', TO_SERVER, (request) => (request.seen ? normalizedTarget(request.second, this.uriForm) : undefined));
  }

  /** Host as written in target or header; undefined where there is none. */
  get writtenHost(): string | undefined {
    return targetHost(this.request.second) ?? this.request.headers?.text('host');
  }

  get host(): Uint8Array | undefined {
    return this.make('host', TO_SERVER, () => {
      const host = this.writtenHost;
      return host === undefined ? undefined : fromLatin1(hostName(host));
    });
  }

  /** First line and headers as they came. */
  start(direction: Direction): Uint8Array | undefined {
    return this.make('start', direction, (message) => (message.headers === undefined ? undefined : concatBytes(message.line, LINE_END, message.headers.raw)));
  }

  get method(): string {
    return asWritten(this.request.first);
  }

  get status(): number {
    const { second } = this.response;
    const { length } = second;
    if (length > 3) return 0;
    let status = 0;
    for (let at = 0; at < length; at++) {
      const digit = second[at] - 0x30;
      if (digit < 0 || digit > 9) return 0;
      status = status * 10 + digit;
    }
    return status;
  }

  /** The response is of a kind that says itself where it ends, and nothing else does (RFC 2616 §4.4). */
  get tellsItsEnd(): boolean {
    const { headers } = this.response;
    if (headers === undefined || headers.get('content-length') !== undefined || headers.get('transfer-encoding') !== undefined) return false;
    return /^\s*multipart\/byteranges/i.test(headers.text('content-type') ?? '');
  }

  /** What follows is no HTTP: the server let the client through (RFC 9110 §9.3.6). */
  get opensTunnel(): boolean {
    return this.status >= 200 && this.status < 300 && this.method === 'CONNECT';
  }
}
