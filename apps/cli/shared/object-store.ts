/**
 * Captures in an object store that speaks S3 (https://docs.aws.amazon.com/AmazonS3/latest/API/): `s3://BUCKET/PREFIX`. Address and
 * credentials come by the environment, under the names that other tools know: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, AWS_REGION,
 * AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
 */
import { AwsClient } from 'aws4fetch';
import { InputProblem, UsageProblem } from './arguments.ts';

export interface StoredObject {
  /** below the prefix */
  readonly name: string;
  readonly bytes: number;
}

/** Bytes of one answer to a question for names (1,000 of them). */
const LONGEST_LIST = 16 * 1024 * 1024;
const MOST_TRIES = 3;
const PATIENCE = 60_000;

export function isObjectStore(place: string): boolean {
  return place.startsWith('s3://');
}

export class ObjectStore {
  readonly #client: AwsClient;
  readonly #base: string;
  readonly #prefix: string;
  readonly place: string;

  /** Throws a usage problem where the environment lacks something. */
  constructor(place: string, environment: Readonly<Record<string, string | undefined>> = process.env) {
    const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,62})(?:\/(.*))?$/.exec(place) ?? [];
    if (bucket === undefined) throw new UsageProblem(`${place} is no s3://BUCKET/PREFIX`, '');
    const [accessKeyId, secretAccessKey] = [environment['AWS_ACCESS_KEY_ID'], environment['AWS_SECRET_ACCESS_KEY']];
    if (!accessKeyId || !secretAccessKey) throw new UsageProblem(`${place} needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment`, '');
    const region = environment['AWS_REGION'] ?? environment['AWS_DEFAULT_REGION'] ?? 'us-east-1';
    const endpoint = environment['AWS_ENDPOINT_URL_S3'] ?? environment['AWS_ENDPOINT_URL'] ?? `https://s3.${region}.amazonaws.com`;
    if (!URL.canParse(endpoint)) throw new UsageProblem(`AWS_ENDPOINT_URL: ${endpoint} is no address`, '');
    const sessionToken = environment['AWS_SESSION_TOKEN'];
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, service: 's3', region, retries: MOST_TRIES, ...(sessionToken ? { sessionToken } : {}) });
    this.#base = `${endpoint.replace(/\/+$/, '')}/${bucket}`;
    this.#prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
    this.place = place;
  }

  /** All below the prefix. Rejects with the store's own word where it refuses. */
  async list(): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    for (let token: string | undefined, isMore = true; isMore; ) {
      const query = new URLSearchParams({
        'list-type': '2',
        'encoding-type': 'url',
        prefix: this.#prefix,
        ...(token === undefined ? {} : { 'continuation-token': token }),
      });
      const answer = await this.#ask(`${this.#base}?${query}`);
      if (!answer.ok) throw new InputProblem(await this.#refusal(answer));
      const text = await limitedText(answer, LONGEST_LIST);
      for (const [, entry] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const key = decoded(elementOf(entry, 'Key') ?? '');
        if (key.startsWith(this.#prefix)) found.push({ name: key.slice(this.#prefix.length), bytes: Number(elementOf(entry, 'Size') ?? 0) || 0 });
      }
      token = elementOf(text, 'NextContinuationToken');
      isMore = elementOf(text, 'IsTruncated') === 'true' && token !== undefined;
    }
    return found;
  }

  /** The object, as it comes. Undefined: there is none. A store that is away rejects with "connection", and so does one that breaks off. */
  async read(name: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    const key = `${this.#prefix}${name}`.split('/').map(encoded).join('/');
    const answer = await this.#ask(`${this.#base}/${key}`);
    if (answer.status === 404) {
      await answer.body?.cancel();
      return undefined;
    }
    if (!answer.ok || answer.body === null) throw new InputProblem(await this.#refusal(answer));
    return this.#wholeOf(answer);
  }

  async *#wholeOf(answer: Response): AsyncGenerator<Uint8Array> {
    const wanted = Number(answer.headers.get('content-length') ?? Number.NaN);
    let got = 0;
    try {
      for await (const chunk of answer.body!) {
        got += chunk.length;
        yield chunk;
      }
    } catch {
      throw new InputProblem(`the connection to ${this.place} broke off after ${got} bytes`);
    }
    if (!Number.isNaN(wanted) && got < wanted) throw new InputProblem(`the connection to ${this.place} broke off after ${got} of ${wanted} bytes`);
  }

  async #ask(url: string): Promise<Response> {
    try {
      return await this.#client.fetch(url, { redirect: 'error', signal: AbortSignal.timeout(PATIENCE) });
    } catch (cause) {
      throw new InputProblem(`no connection to ${this.place}: ${((cause as Error).cause as Error | undefined)?.message ?? (cause as Error).message}`);
    }
  }

  async #refusal(answer: Response): Promise<string> {
    const text = await limitedText(answer, LONGEST_LIST).catch(() => '');
    const words = elementOf(text, 'Code') ?? answer.statusText;
    // What is only for now is worth another try, and is said in the words that workers know.
    return `${answer.status >= 500 ? 'no connection: ' : ''}${this.place} answers ${answer.status} ${words}`.slice(0, 500);
  }
}

async function limitedText(answer: Response, most: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body ?? []) {
    size += chunk.length;
    if (size > most) throw new Error(`an answer of more than ${most} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

function elementOf(text: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  return found?.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => ENTITIES[entity]);
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

/** As `encoding-type=url` has it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function encoded(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
