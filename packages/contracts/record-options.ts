/** Options of records as a configuration writes them: `yes` and `no`, lists of words. */

/** Is an option on? `otherwise`: where it is not written. */
export function isOn(written: unknown, otherwise: boolean): boolean {
  if (written === undefined || written === null) return otherwise;
  return typeof written === 'boolean' ? written : /^(?:yes|true|on|1)$/i.test(String(written));
}

/** A list of words in small letters; undefined where there is none. */
export function listed(written: unknown): readonly string[] | undefined {
  return Array.isArray(written) ? written.map((word) => String(word).toLowerCase()) : undefined;
}
