/** Read bytes safely. The only door of this package. */
export * from './addresses/address.ts';
export * from './addresses/sets.ts';
export * from './base64.ts';
export * from './checksum/checksum.ts';
export * from './ciphers/aes128.ts';
export * from './compiled-module.ts';
export * from './content-text.ts';
export * from './cursor.ts';
export * from './digests/digests.ts';
export * from './digests/hkdf.ts';
export * from './entry-of.ts';
export * from './hexdump.ts';
export { RepeatedWords } from './repeated-words.ts';
export * from './search/find.ts';
export * from './search/leading.ts';
export * from './slab-pool.ts';
export * from './text.ts';
export * from './work.ts';
