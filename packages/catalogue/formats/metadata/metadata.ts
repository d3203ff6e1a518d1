/** Keys of `metadata` in use at Emerging Threats, and what their values look like; words to offer while one is written. */
export const METADATA_KEYS: Readonly<Record<string, RegExp>> = {
  created_at: /^\d{4}_(?:0[1-9]|1[0-2])_(?:0[1-9]|[12]\d|3[01])$/,
  updated_at: /^\d{4}_(?:0[1-9]|1[0-2])_(?:0[1-9]|[12]\d|3[01])$/,
  reviewed_at: /^\d{4}_(?:0[1-9]|1[0-2])_(?:0[1-9]|[12]\d|3[01])$/,
  signature_severity: /^(?:Informational|Minor|Major|Critical)$/,
  performance_impact: /^(?:Low|Moderate|Significant)$/,
  confidence: /^(?:High|Medium|Low)$/,
  tls_state: /^(?:TLSDecrypt|TLSEncrypt|plaintext)$/,
  deployment: /^(?:Perimeter|Datacenter|Internal|SSLDecrypt|Internet|alert_only)$/i,
  cve: /^CVE_\d{4}_\d{4,}$|^cve_\d{4}_\d{4,}$/,
  mitre_tactic_id: /^TA\d{4}$/,
  mitre_technique_id: /^T\d{4}(?:\.\d{3})?$/,
  mitre_tactic_name: /\S/,
  mitre_technique_name: /\S/,
  attack_target: /\S/,
  former_category: /\S/,
  affected_product: /\S/,
  tag: /\S/,
  malware_family: /\S/,
  deprecation_reason: /\S/,
  former_sid: /^\d+$/,
  new_sid: /^\d+$/,
};

/** `key value` for values that are chosen from a few, else the key alone. */
export const METADATA_WORDS: readonly string[] = Object.entries(METADATA_KEYS).flatMap(([key, { source }]) => {
  const choice = /^\^\(\?:([\w|]+)\)\$$/.exec(source);
  return choice === null ? [key] : choice[1].split('|').map((value) => `${key} ${value}`);
});
