/** NFS transaction → EVE records `nfs` and, beside it, `rpc`. */
import { flavorName } from './rpc.ts';
import { procedureName, statusName } from './tables.ts';
import type { FileParts, NfsTransaction } from './transactions.ts';

type Body = Record<string, unknown>;

function fileBody({ first, last, lastXid, parts }: FileParts): Body {
  return { first, last, last_xid: lastXid, chunks: parts };
}

export function nfsBody(one: NfsTransaction): Body {
  const body: Body = { version: one.version, procedure: procedureName(one.version, one.procedure), filename: one.name };
  if (one.handle !== undefined && one.handle !== '') body['hhash'] = checksum(one.handle);
  body['id'] = one.id + 1;
  body['file_tx'] = one.file !== undefined;
  if (one.rename !== undefined) body['rename'] = one.rename;
  if (one.file !== undefined) body[one.file.transfer.direction === 0 ? 'write' : 'read'] = fileBody(one.file);
  body['type'] = 'response';
  body['status'] = statusName(one.version, one.status);
  return body;
}

export function rpcBody({ xid, accepted, credentials }: NfsTransaction): Body {
  const { flavor, machine, user, group } = credentials;
  return {
    xid,
    status: accepted ? 'ACCEPTED' : 'DENIED',
    auth_type: flavorName(flavor),
    ...(machine === undefined ? {} : { creds: { machine_name: machine, uid: user, gid: group } }),
  };
}

const POLYNOMIAL = 0xedb88320;

/** CRC-32 (ISO 3309) of the bytes that the digits of a handle stand for. */
function checksum(digits: string): string {
  let sum = 0xffffffff;
  for (let at = 0; at < digits.length; at += 2) {
    sum ^= Number.parseInt(digits.slice(at, at + 2), 16);
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) !== 0 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1;
  }
  return (~sum >>> 0).toString(16).padStart(8, '0');
}
