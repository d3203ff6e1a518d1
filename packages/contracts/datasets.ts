/** Sets of values that rules share, and the files they come from and go to. */
export type DataSetType = 'string' | 'md5' | 'sha256' | 'ip' | 'ipv4';

export interface DataSet {
  readonly name: string;
  readonly type: DataSetType;
  has(bytes: Uint8Array): boolean;
}

/** How rules reach files of data: by a relative path that the host resolves. */
export interface DataFiles {
  /** undefined: there is no such file */
  read(path: string): Uint8Array | undefined;
  readonly mayWrite: boolean;
  readonly mayBeAbsolute: boolean;
  /** told of each absolute path that is used */
  absolute?(path: string): void;
}
