/** Appends numbers, bytes and text to a growing array, big-endian unless the name says otherwise. */
import { fromLatin1 } from '@sigwright/bytes';

const FIRST_SIZE = 256;

export class ByteWriter {
  private bytes = new Uint8Array(FIRST_SIZE);
  length = 0;

  private room(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    return at;
  }

  uint8(value: number): this {
    const at = this.room(1);
    this.bytes[at] = value;
    return this;
  }

  uint16(value: number): this {
    return this.uint8(value >>> 8).uint8(value);
  }

  uint24(value: number): this {
    return this.uint8(value >>> 16).uint16(value);
  }

  uint32(value: number): this {
    return this.uint16(value >>> 16).uint16(value);
  }

  uint16Little(value: number): this {
    return this.uint8(value).uint8(value >>> 8);
  }

  uint32Little(value: number): this {
    return this.uint16Little(value).uint16Little(value >>> 16);
  }

  /** value: any whole number that a double holds exactly */
  uint64Little(value: number): this {
    return this.uint32Little(value % 0x1_0000_0000).uint32Little(Math.floor(value / 0x1_0000_0000));
  }

  append(bytes: ArrayLike<number>): this {
    const at = this.room(bytes.length);
    this.bytes.set(bytes, at);
    return this;
  }

  text(text: string): this {
    return this.append(fromLatin1(text));
  }

  zeros(count: number): this {
    this.room(count);
    return this;
  }

  /** Writes what `fill` appends, with its length in `width` bytes before it. */
  counted(width: 1 | 2 | 3, fill: (writer: ByteWriter) => void): this {
    const at = this.room(width);
    fill(this);
    const count = this.length - at - width;
    for (let place = 0; place < width; place++) this.bytes[at + place] = count >>> (8 * (width - 1 - place));
    return this;
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
