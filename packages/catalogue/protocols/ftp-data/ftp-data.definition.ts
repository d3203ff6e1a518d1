/** Data connections of FTP (RFC 959 §3): the whole of one direction is a file or a listing. They are known by what the control connection agreed on. */
import {
  asKeywords,
  type Direction,
  type EngineSettings,
  FileTransfer,
  keyword,
  NOT_THIS,
  type ProtocolDefinition,
  type ProtocolSession,
  TO_CLIENT,
  TO_SERVER,
  Transaction,
} from '@sigwright/contracts';
import { choice } from '../../arguments/index.ts';

const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];
/** Progress: begun, over. */
const BEGUN = 1;
const OVER = 2;

interface Announced {
  readonly command: string;
  readonly fileName: string;
}

function isAnnounced(detail: unknown): detail is Announced {
  return typeof detail === 'object' && detail !== null && 'command' in detail && 'fileName' in detail;
}

class TransferTransaction extends Transaction {
  readonly announced: Announced;

  constructor(time: number, announced: Announced) {
    super(0, time);
    this.announced = announced;
    for (const direction of BOTH) this.advance(direction, BEGUN);
  }
}

class TransferSession implements ProtocolSession {
  readonly transactions: TransferTransaction[] = [];
  count = 1;
  nextProtocol: string | undefined = undefined;
  opaque = false;
  done = false;
  readonly anomalies: string[] = [];
  readonly #transaction: TransferTransaction;
  readonly #settings: EngineSettings;
  #file: FileTransfer | undefined = undefined;
  #sender: Direction | undefined = undefined;

  constructor(settings: EngineSettings, time: number, announced: Announced) {
    this.#settings = settings;
    this.#transaction = new TransferTransaction(time, announced);
    this.transactions.push(this.#transaction);
  }

  consume(direction: Direction, bytes: Uint8Array, start: number, end: number, atEnd: boolean): number {
    if (end > start) this.#begin(direction)?.append(bytes, start, end);
    if (atEnd && this.#sender === direction) this.#over('CLOSED');
    this.#transaction.changed[direction] = true;
    return end;
  }

  /** The side that speaks first sends; the other one has nothing to say. A listing is no file. */
  #begin(direction: Direction): FileTransfer | undefined {
    const isFirst = this.#sender === undefined;
    this.#sender ??= direction;
    const { command, fileName } = this.#transaction.announced;
    const isListing = command !== '' && fileName === '';
    if (isFirst && !isListing) {
      this.#file = new FileTransfer(direction, this.#transaction.announced.fileName, this.#settings.fileLimit, this.#settings.followFile);
      this.#transaction.files = [this.#file];
    }
    return this.#sender === direction ? this.#file : undefined;
  }

  #over(state: 'CLOSED' | 'TRUNCATED'): void {
    this.#file?.close(state);
    for (const direction of BOTH) this.#transaction.advance(direction, OVER);
  }

  skip(direction: Direction, length: number): boolean {
    const file = this.#begin(direction);
    if (this.#sender !== direction) return true;
    if (file !== undefined) {
      file.gaps = true;
      file.size += length;
    }
    this.#over('TRUNCATED');
    return false;
  }

  finish(): void {
    this.#over('TRUNCATED');
  }
}

function body(transaction: Transaction): Record<string, unknown> {
  const { command, fileName } = (transaction as TransferTransaction).announced;
  return fileName === '' ? { command } : { filename: fileName, command };
}

export const protocol: ProtocolDefinition = {
  name: 'ftp-data',
  carriesFiles: true,
  recordName: 'ftp_data',
  applicationName: 'ftp-data',
  transport: ['tcp'],
  summary: 'file transfer, data connection',
  ports: [],
  anyPort: false,
  recognise: () => NOT_THIS,
  open: (flow, settings) => new TransferSession(settings, flow.lastTime, isAnnounced(flow.expected) ? flow.expected : { command: '', fileName: '' }),
  complete: [OVER, OVER],
  buffers: [],
  keywords: asKeywords(
    keyword({
      name: 'ftpdata_command',
      family: 'ftp-data',
      since: '5.0',
      summary: 'the command that the data belongs to',
      kind: 'condition',
      protocol: 'ftp-data',
      argument: choice(['retr', 'stor', 'stou', 'appe', 'list', 'nlst', 'mlsd']),
      examples: ['ftpdata_command:retr;'],
      broken: [{ options: 'ftpdata_command:quit;', code: 'ftpdata_command/argument' }],
      apply(wanted, builder) {
        builder.addTransaction({
          keyword: 'ftpdata_command',
          describes: `data of ${wanted}`,
          protocol: 'ftp-data',
          progress: BEGUN,
          directions: BOTH,
          test: (transaction) => (transaction as TransferTransaction).announced.command.toLowerCase() === wanted,
        });
      },
    }),
  ),
  anomalies: [],
  records: (transaction) => [{ type: 'ftp_data', body: body(transaction), direction: TO_SERVER }],
  context: body,
};
