/**
 * Messages of Modbus over TCP: the header of the Messaging Implementation Guide (V1.0b §3.1.3) and the requests and responses of the
 * Application Protocol (V1.1b3 §6). What contradicts the specification is read as far as it goes and said.
 */
import { Cursor } from '@sigwright/bytes';

export const HEADER = 8;
/** The length counts unit and function. */
export const LEAST_LENGTH = 2;
export const EXCEPTION = 0x80;

/** §6.1 to §6.4 and §6.11 to §6.17 */
const MOST_BITS = 2000;
const MOST_REGISTERS = 125;
const MOST_READ_BYTES = 250;
const COIL_ON = 0xff00;

export const READ = 0x01;
export const WRITE = 0x02;
export const DISCRETES = 0x04;
export const COILS = 0x08;
export const INPUT = 0x10;
export const HOLDING = 0x20;
export const SINGLE = 0x40;
export const MULTIPLE = 0x80;

const CODES = {
  readCoils: 1,
  readDiscretes: 2,
  readHolding: 3,
  readInput: 4,
  writeCoil: 5,
  writeRegister: 6,
  exceptionStatus: 7,
  diagnostic: 8,
  eventCounter: 11,
  eventLog: 12,
  writeCoils: 15,
  writeRegisters: 16,
  serverId: 17,
  readFile: 20,
  writeFile: 21,
  maskWrite: 22,
  readWrite: 23,
  readQueue: 24,
  encapsulated: 43,
} as const;

const ACCESS: Readonly<Record<number, number>> = {
  [CODES.readCoils]: COILS | READ,
  [CODES.readDiscretes]: DISCRETES | READ,
  [CODES.readHolding]: HOLDING | READ,
  [CODES.readInput]: INPUT | READ,
  [CODES.writeCoil]: COILS | WRITE | SINGLE,
  [CODES.writeRegister]: HOLDING | WRITE | SINGLE,
  [CODES.writeCoils]: COILS | WRITE | MULTIPLE,
  [CODES.writeRegisters]: HOLDING | WRITE | MULTIPLE,
  [CODES.maskWrite]: HOLDING | WRITE,
  [CODES.readWrite]: HOLDING | READ | WRITE | MULTIPLE,
};

export interface ReadPart {
  readonly address: number;
  readonly quantity: number;
}

export type WritePart =
  | { readonly kind: 'single'; readonly address: number; readonly data: number }
  | { readonly kind: 'multiple'; readonly address: number; readonly quantity: number; readonly data: Uint8Array }
  | { readonly kind: 'mask'; readonly address: number; readonly and: number; readonly or: number };

export type Category = 'NONE' | 'PUBLIC_ASSIGNED' | 'PUBLIC_UNASSIGNED' | 'USER_DEFINED' | 'RESERVED';

export interface ModbusMessage {
  readonly transactionId: number;
  readonly protocolId: number;
  readonly unit: number;
  /** as on the wire; those of exceptions have the highest bit set */
  readonly functionCode: number;
  readonly access: number;
  readonly category: Category;
  readonly exception: number | undefined;
  readonly diagnostic: { readonly code: number; readonly data: Uint8Array } | undefined;
  readonly encapsulated: { readonly type: number; readonly data: Uint8Array } | undefined;
  readonly read: ReadPart | undefined;
  /** bytes of a response to a reading request */
  readonly readData: Uint8Array | undefined;
  readonly write: WritePart | undefined;
  readonly data: Uint8Array | undefined;
  readonly badValue: boolean;
  readonly badLength: boolean;
  readonly badException: boolean;
}

class Reader {
  readonly cursor: Cursor;
  readonly code: number;
  readonly access: number;
  readonly isRequest: boolean;
  /** bytes behind the function, as the header says */
  readonly length: number;
  exception: number | undefined = undefined;
  diagnostic: ModbusMessage['diagnostic'] = undefined;
  encapsulated: ModbusMessage['encapsulated'] = undefined;
  read: ReadPart | undefined = undefined;
  readData: Uint8Array | undefined = undefined;
  write: WritePart | undefined = undefined;
  data: Uint8Array | undefined = undefined;
  badValue = false;
  badLength = false;
  badException = false;

  constructor(cursor: Cursor, functionCode: number, isRequest: boolean) {
    this.cursor = cursor;
    this.code = functionCode & ~EXCEPTION;
    this.access = ACCESS[this.code] ?? 0;
    this.isRequest = isRequest;
    this.length = cursor.left;
    if (!isRequest && functionCode >= EXCEPTION) this.#exception();
    else if (this.code === CODES.diagnostic) this.#diagnostic();
    else if (this.code === CODES.encapsulated) this.encapsulated = { type: cursor.uint8(), data: this.#rest() };
    else if (isRequest) this.#request();
    else this.#response();
    if (cursor.short) this.badLength = true;
  }

  #rest(): Uint8Array {
    return this.cursor.take(this.cursor.left)?.slice() ?? new Uint8Array(0);
  }

  #expect(length: number): void {
    if (this.length !== length) this.badLength = true;
  }

  /** §7: which codes a function may answer with */
  #exception(): void {
    const { code } = this;
    this.exception = this.cursor.uint8();
    const withoutAddress = (code > 6 && code < 15) || (code > 16 && code < 22);
    if (this.exception === 3 && code === CODES.diagnostic) this.badException = true;
    if (this.exception === 2 && withoutAddress) this.badException = true;
    if (this.exception === 8 && code !== CODES.readFile && code !== CODES.writeFile) this.badException = true;
  }

  #diagnostic(): void {
    const code = this.cursor.uint16();
    const data = this.#rest();
    this.diagnostic = { code, data };
    if (!this.isRequest) return;
    this.#expect(4);
    if (data.length !== 2) return;
    const [first, second] = data;
    // §6.8.1: query data and listening only may hold anything, and what is not defined, too.
    if (code === 1) this.badValue = second !== 0 || (first !== 0 && first !== 0xff);
    else if (code === 3) this.badValue = second !== 0;
    else if (code === 2 || (code >= 10 && code <= 21)) this.badValue = first !== 0 || second !== 0;
  }

  #request(): void {
    const { code, access, length } = this;
    const reads = (access & READ) !== 0;
    const writes = (access & WRITE) !== 0;
    if (reads) this.#readRequest();
    if (writes) this.#writeRequest();
    if (reads || writes) return;
    if ((code === CODES.readFile || code === CODES.writeFile) && length === 0) this.badLength = true;
    else if (code === CODES.readQueue) this.#expect(2);
    else if (code === CODES.exceptionStatus || code === CODES.eventCounter || code === CODES.eventLog || code === CODES.serverId) this.#expect(0);
    this.data = this.#rest();
  }

  #most(): number {
    return (this.access & (COILS | DISCRETES)) !== 0 ? MOST_BITS : MOST_REGISTERS;
  }

  #readRequest(): void {
    const address = this.cursor.uint16();
    const quantity = this.cursor.uint16();
    this.read = { address, quantity };
    if (quantity === 0 || quantity > this.#most()) this.badValue = true;
    if (this.code !== CODES.readWrite) this.#expect(4);
  }

  #writeRequest(): void {
    const { cursor, access } = this;
    const address = cursor.uint16();
    if ((access & SINGLE) !== 0) {
      const data = cursor.uint16();
      this.write = { kind: 'single', address, data };
      this.#expect(4);
      if ((access & COILS) !== 0 && data !== 0 && data !== COIL_ON) this.badValue = true;
    } else if ((access & MULTIPLE) !== 0) {
      const quantity = cursor.uint16();
      const count = cursor.uint8();
      const data = this.#rest();
      this.write = { kind: 'multiple', address, quantity, data };
      const wanted = (access & COILS) !== 0 ? Math.ceil(quantity / 8) : 2 * quantity;
      if (quantity === 0 || quantity > this.#most() || count !== wanted || count !== data.length) this.badValue = true;
    } else this.#mask(address);
  }

  #mask(address: number): void {
    this.write = { kind: 'mask', address, and: this.cursor.uint16(), or: this.cursor.uint16() };
    this.#expect(6);
  }

  #response(): void {
    const { cursor, code, access } = this;
    if ((access & READ) !== 0) {
      const count = cursor.uint8();
      this.readData = this.#rest();
      if (count === 0 || count > MOST_READ_BYTES || count !== this.readData.length) this.badValue = true;
    } else if ((access & WRITE) !== 0) {
      const address = cursor.uint16();
      if ((access & (SINGLE | MULTIPLE)) === 0) this.#mask(address);
      else {
        const data = cursor.uint16();
        this.write = { kind: 'single', address, data };
        this.#expect(4);
        if ((access & MULTIPLE) !== 0 && (data === 0 || data > this.#most())) this.badValue = true;
      }
    } else {
      if (code === CODES.exceptionStatus) this.#expect(1);
      else if (code === CODES.eventCounter) this.#expect(4);
      this.data = this.#rest();
    }
  }
}

/** bytes[start, end) is one message. */
export function readMessage(bytes: Uint8Array, start: number, end: number, isRequest: boolean): ModbusMessage {
  const cursor = new Cursor(bytes, start, end);
  const transactionId = cursor.uint16();
  const protocolId = cursor.uint16();
  cursor.skip(2);
  const unit = cursor.uint8();
  const functionCode = cursor.uint8();
  const reader = new Reader(cursor, functionCode, isRequest);
  const { access, exception, diagnostic, encapsulated, read, readData, write, data, badValue, badLength, badException } = reader;
  const category = categoryOf(functionCode, diagnostic?.code, encapsulated?.type);
  return {
    transactionId,
    protocolId,
    unit,
    functionCode,
    access,
    category,
    exception,
    diagnostic,
    encapsulated,
    read,
    readData,
    write,
    data,
    badValue,
    badLength,
    badException,
  };
}

const FIRST_RESERVED_DIAGNOSTIC = 5;
const LAST_RESERVED_DIAGNOSTIC = 9;
const LAST_DIAGNOSTIC = 21;

export function isReservedDiagnostic(code: number): boolean {
  return (code >= FIRST_RESERVED_DIAGNOSTIC && code <= LAST_RESERVED_DIAGNOSTIC) || code > LAST_DIAGNOSTIC;
}

const GENERAL_REFERENCE = 13;
const DEVICE_IDENTIFICATION = 14;
const LAST_NAMED = 24;

export function isNamedFunction(code: number): boolean {
  return (code >= 1 && code <= LAST_NAMED) || code === CODES.encapsulated;
}

function categoryOf(functionCode: number, diagnostic: number | undefined, encapsulated: number | undefined): Category {
  const code = functionCode & ~EXCEPTION;
  if (diagnostic !== undefined && isReservedDiagnostic(diagnostic)) return 'RESERVED';
  if (encapsulated !== undefined && encapsulated !== GENERAL_REFERENCE && encapsulated !== DEVICE_IDENTIFICATION) return 'RESERVED';
  if (isNamedFunction(code)) return 'PUBLIC_ASSIGNED';
  if (functionCode === 0 || functionCode >= EXCEPTION) return 'NONE';
  // §5: ranges for users, and what companies use for legacy products (annex A).
  if ((code >= 65 && code <= 72) || (code >= 100 && code <= 110)) return 'USER_DEFINED';
  if (code === 41 || code === 42 || code === 90 || code === 91 || code >= 125) return 'RESERVED';
  return 'PUBLIC_UNASSIGNED';
}
