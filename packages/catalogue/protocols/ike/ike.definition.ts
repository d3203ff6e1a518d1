/** IKE 1 and 2 (RFC 2409, RFC 7296) over UDP: each message, with what both sides offered and chose. Suricata user guide, "IKE Keywords". */
import { Cursor, fromLatin1, hex, latin1 } from '@sigwright/bytes';
import { asKeywords, IS_THIS, isOn, keyword, NOT_THIS, type ProtocolDefinition, TO_CLIENT, TO_SERVER } from '@sigwright/contracts';
import { custom, numberIn, optional } from '../../arguments/index.ts';
import { COMPLETE, MESSAGE_COMPLETE, type Message } from '../../formats/messages/framed-session.ts';
import { numberKeywords } from '../../formats/messages/number-keywords.ts';
import { textBuffers } from '../../formats/messages/text-buffers.ts';
import { type IkeContent, IkeSession } from './session.ts';
import { ATTRIBUTES_V1, type Attribute, EXCHANGES_V1, METHODS_V2, PAYLOADS_V1, PAYLOADS_V2, PROPOSAL, SECURITY_ASSOCIATION_V1, TRANSFORM } from './tables.ts';
import { HEADER, type IkeMessage, type Transform } from './wire.ts';

const RESPONSE = 0x20;

const hexText = (bytes: Uint8Array | undefined): Uint8Array | undefined => (bytes === undefined ? undefined : fromLatin1(hex(bytes)));

/** The guide writes what is looked for as bytes; records, and rules made from them, write it in hex. */
const bothForms = (bytes: Uint8Array | undefined, index: number): Uint8Array | undefined => (index === 0 ? bytes : index === 1 ? hexText(bytes) : undefined);

const { buffers, keywords } = textBuffers<Message<IkeContent>>('ike', [
  {
    name: 'ike.init_spi',
    summary: 'the initiator’s security parameter index, in hex',
    since: '7.0',
    directions: [TO_SERVER],
    read: ({ content }) => hexText(content.message.initiator),
  },
  {
    name: 'ike.resp_spi',
    summary: 'the responder’s security parameter index, in hex',
    since: '7.0',
    directions: [TO_CLIENT],
    read: ({ content }) => hexText(content.message.responder),
  },
  {
    name: 'ike.vendor',
    summary: 'a vendor identifier, in hex',
    since: '7.0',
    directions: [TO_SERVER],
    multiple: true,
    read: ({ content }, index) => hexText(content.message.vendors[index]),
  },
  {
    name: 'ike.key_exchange_payload',
    summary: 'public value of the key exchange: its bytes, and these in hex',
    since: '7.0',
    multiple: true,
    read: ({ content }, index) => bothForms(content.message.keyExchange, index),
  },
  {
    name: 'ike.nonce_payload',
    summary: 'nonce: its bytes, and these in hex',
    since: '7.0',
    multiple: true,
    read: ({ content }, index) => bothForms(content.message.nonce, index),
  },
]);

/** `ike.vendor:<hex>`, as the user guide has it; without it the buffer is selected, as rules in use have it. */
const vendor = keyword({
  name: 'ike.vendor',
  family: 'ike',
  since: '7.0',
  summary: 'a vendor identifier, in hex',
  kind: 'sticky-buffer',
  protocol: 'ike',
  argument: optional(
    custom('<hex>', ['4a131c81070358455c5728f20e95452f'], (written) =>
      /^(?:[0-9a-f]{2})+$/i.test(written.trim()) ? { value: written.trim().toLowerCase() } : { problem: `\`${written}\` is no identifier in hex` },
    ),
  ),
  examples: ['ike.vendor; content:"4a131c81";', 'ike.vendor:4a131c81070358455c5728f20e95452f;'],
  broken: [{ options: 'ike.vendor:cisco;', code: 'ike.vendor/argument' }],
  apply(identifier, builder) {
    builder.selectBuffer('ike.vendor');
    if (identifier === undefined) return;
    builder.addBytes({
      kind: 'test',
      keyword: 'ike.vendor',
      relative: false,
      describes: `the vendor is ${identifier}`,
      test: ({ bytes, start, end }) => end - start === identifier.length && latin1(bytes, start, end) === identifier,
    });
  },
});

const numbers = numberKeywords<Message<IkeContent>>('ike', [
  { name: 'ike.exchtype', summary: 'type of exchange', since: '7.0', maximum: 255, read: ({ content }) => content.message.exchange },
  { name: 'ike.key_exchange_payload_length', summary: 'length of the key exchange', since: '7.0', read: ({ content }) => content.message.keyExchange?.length },
  { name: 'ike.nonce_payload_length', summary: 'length of the nonce', since: '7.0', read: ({ content }) => content.message.nonce?.length },
]);

const chosen = keyword({
  name: 'ike.chosen_sa_attribute',
  family: 'ike',
  since: '7.0',
  summary: 'an attribute of the proposal that the responder chose',
  kind: 'condition',
  protocol: 'ike',
  argument: custom(
    '<attribute>=<number>',
    ['alg_hash=2'],
    (written): { readonly value: { attribute: Attribute; number: number } } | { readonly problem: string } => {
      const [name, value] = written.split('=');
      const attribute = ATTRIBUTES_V1.find((one) => one.name === name.trim());
      const number = numberIn(value ?? '');
      if (attribute === undefined || number === undefined) return { problem: `\`${written}\` is not an attribute and its number` };
      return { value: { attribute, number } };
    },
  ),
  examples: ['ike.chosen_sa_attribute:alg_hash=2;'],
  broken: [{ options: 'ike.chosen_sa_attribute:alg_none=2;', code: 'ike.chosen_sa_attribute/argument' }],
  apply({ attribute, number }, builder) {
    builder.addTransaction({
      keyword: 'ike.chosen_sa_attribute',
      describes: `${attribute.name} ${number} chosen`,
      protocol: 'ike',
      progress: MESSAGE_COMPLETE,
      directions: [TO_CLIENT],
      // The message that chooses, not those behind it.
      test(transaction) {
        const { message, chosen: attributes } = (transaction as Message<IkeContent>).content;
        return message.proposals.length > 0 && attributes?.get(attribute.number) === number;
      },
    });
  },
});

function attributesBody(transform: Transform): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const { number, name, values } of ATTRIBUTES_V1) {
    const value = transform.get(number);
    if (value === undefined) continue;
    body[name] = values?.[value - 1] ?? 'Unknown';
    body[`${name}_raw`] = value;
  }
  return body;
}

function sideBody(side: IkeContent['sides'][number]): Record<string, unknown> {
  return {
    ...(side.keyExchange === undefined ? {} : { key_exchange_payload: hex(side.keyExchange), key_exchange_payload_length: side.keyExchange.length }),
    ...(side.nonce === undefined ? {} : { nonce_payload: hex(side.nonce), nonce_payload_length: side.nonce.length }),
  };
}

/** Kinds of payloads, each once, the last one first; what an association holds counts, too. */
function payloadsOf({ payloads, proposals }: IkeMessage): string[] {
  const kinds = new Set(payloads.flatMap((type) => (type === SECURITY_ASSOCIATION_V1 && proposals.length > 0 ? [type, PROPOSAL, TRANSFORM] : [type])));
  return [...kinds].reverse().map((type) => PAYLOADS_V1.get(type) ?? `Unknown(${type})`);
}

function firstVersion({ message, sides, vendors, chosen: attributes }: IkeContent): Record<string, unknown> {
  const [client, server] = sides;
  const choices = server.proposals.length > 1 ? { server_proposals: server.proposals.map(attributesBody) } : {};
  return {
    ...(attributes === undefined ? {} : attributesBody(attributes)),
    ...choices,
    payload: payloadsOf(message),
    ikev1: {
      ...(message.interpretation === undefined ? {} : { doi: message.interpretation }),
      encrypted_payloads: message.encrypted,
      client: { ...sideBody(client), ...(client.proposals.length > 0 ? { proposals: client.proposals.map(attributesBody) } : {}) },
      server: sideBody(server),
      vendor_ids: vendors,
    },
  };
}

/** What the responder chose, in its messages. */
function methodsBody(methods: Transform): Record<string, unknown> {
  const known = METHODS_V2.filter(({ kind }) => methods.has(kind));
  return Object.fromEntries(known.map(({ kind, name, values }) => [name, values[methods.get(kind) ?? -1] ?? 'Unknown']));
}

function secondVersion({ message, methods }: IkeContent): Record<string, unknown> {
  const payload = message.payloads.map((type) => PAYLOADS_V2.get(type) ?? `Unknown(${type})`);
  if (message.ended) payload.push('NoNextPayload');
  const responds = (message.flags & RESPONSE) !== 0;
  return {
    role: responds ? 'responder' : 'initiator',
    ...(responds && methods !== undefined ? methodsBody(methods) : {}),
    payload,
    ikev2: { errors: 0, notify: message.notifications.map(String) },
  };
}

/** `extended`: the exchange by name, where it has one. */
function body({ content }: Message<IkeContent>, extended: boolean): Record<string, unknown> {
  const { message } = content;
  const exchange = extended && message.major === 1 ? EXCHANGES_V1.get(message.exchange) : undefined;
  return {
    version_major: message.major,
    version_minor: message.minor,
    exchange_type: message.exchange,
    ...(exchange === undefined ? {} : { exchange_type_verbose: exchange }),
    message_id: message.messageId,
    init_spi: hex(message.initiator),
    resp_spi: hex(message.responder),
    ...(message.major === 1 ? firstVersion(content) : secondVersion(content)),
  };
}

export const protocol: ProtocolDefinition = {
  name: 'ike',
  aliases: ['ikev2'],
  recordName: 'ike',
  transport: ['udp'],
  summary: 'key exchange of IPsec',
  ports: [500],
  anyPort: false,
  recognise(bytes, start, end) {
    if (end - start < HEADER) return NOT_THIS;
    const major = bytes[start + 17] >>> 4;
    const exchange = bytes[start + 18];
    const length = new Cursor(bytes, start + 24, end).uint32();
    const known = major === 1 ? exchange >= 1 && exchange <= 33 : major === 2 ? exchange >= 34 && exchange <= 38 : false;
    return known && length === end - start ? IS_THIS : NOT_THIS;
  },
  open: () => new IkeSession(),
  complete: COMPLETE,
  buffers,
  keywords: [...keywords.filter((one) => one.name !== vendor.name), ...numbers, ...asKeywords(vendor, chosen)],
  anomalies: [
    { name: 'weak_crypto_enc', summary: 'weak encryption is offered or chosen' },
    { name: 'weak_crypto_prf', summary: 'a weak pseudo-random function is offered or chosen' },
    { name: 'weak_crypto_auth', summary: 'a weak method of integrity is offered or chosen' },
    { name: 'weak_crypto_dh', summary: 'a weak group is offered or chosen' },
    { name: 'weak_crypto_no_dh', aliases: ['weak_crypto_nodh'], summary: 'a proposal without a group' },
    { name: 'weak_crypto_no_auth', aliases: ['weak_crypto_noauth'], summary: 'a proposal without integrity' },
    { name: 'no_encryption', summary: 'encryption that does nothing is offered or chosen' },
    { name: 'multiple_server_proposal', summary: 'the responder chose more than one proposal' },
    { name: 'invalid_proposal', summary: 'a proposal that can not be read in full' },
    { name: 'unknown_proposal', summary: 'a proposal for a protocol that there is not' },
    { name: 'malformed_data', summary: 'a message that can not be read' },
  ],
  records: (transaction, _flow, options) => {
    const message = transaction as Message<IkeContent>;
    return [{ type: 'ike', body: body(message, isOn(options?.['extended'], false)), direction: message.direction }];
  },
  context: (transaction) => body(transaction as Message<IkeContent>, false),
};
