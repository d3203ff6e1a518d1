/** PostgreSQL transaction → EVE record. Suricata user guide, "Event type: PGSQL". */
import { entryOf } from '@sigwright/bytes';
import type { PgsqlTransaction } from './session.ts';
import { METHODS, type Request, type Response } from './wire.ts';

type Body = Record<string, unknown>;

/** Requests and answers without content, by what records call them. */
const REQUEST_NAMES: Partial<Record<Request['kind'], string>> = {
  ssl: 'SSL Request',
  gss: 'GSSENC Request',
  cancel: 'cancel_request',
  terminate: 'termination_message',
  'copy-done': 'copy_done',
  'copy-fail': 'copy_fail',
};

const METHOD_NAMES: Readonly<Record<number, string>> = {
  [METHODS.ok]: 'authentication_ok',
  [METHODS.kerberos]: 'authentication_kerb5',
  [METHODS.cleartext]: 'authentication_cleartext_password',
  [METHODS.gss]: 'authentication_gss',
  [METHODS.gssContinued]: 'authentication_gss_continue',
  [METHODS.sspi]: 'authentication_sspi',
  [METHODS.sasl]: 'authentication_sasl',
  [METHODS.saslContinued]: 'authentication_sasl_continue',
};

function requestBody(request: Request, transaction: PgsqlTransaction): Body {
  const name = REQUEST_NAMES[request.kind];
  const body: Body = name === undefined ? {} : { message: name };
  switch (request.kind) {
    case 'startup':
      return { protocol_version: request.version, startup_parameters: startup(request.parameters) };
    case 'password':
      return transaction.showsPasswords ? { password: request.text } : { password_redacted: true };
    case 'sasl-initial':
      return { sasl_authentication_mechanism: request.mechanism, sasl_param: request.data };
    case 'sasl':
      return { sasl_response: request.data };
    case 'query':
      return { simple_query: request.text };
    case 'copy-data':
      if (transaction.copiedIn > 0) body['copy_data_in'] = { msg_count: transaction.copiedIn, data_size: transaction.copiedInBytes };
      return transaction.copyEnd === undefined ? body : { ...body, ...requestBody(transaction.copyEnd, transaction) };
    case 'cancel':
      return { ...body, process_id: request.process, secret_key: request.secret };
    case 'copy-fail':
      return { ...body, reason: request.reason };
    default:
      return body;
  }
}

/** The user stands apart, the rest in order. */
function startup(parameters: readonly (readonly [string, string])[]): Body {
  const user = parameters.find(([name]) => name === 'user');
  const others = parameters.filter((one) => one !== user).map(([name, value]) => ({ [parameterName(name)]: value }));
  return { ...(user === undefined ? {} : { user: user[1] }), ...(others.length > 0 ? { optional_parameters: others } : {}) };
}

const OWN_NAMES: Readonly<Record<string, string>> = { DateStyle: 'date_style', IntervalStyle: 'interval_style', TimeZone: 'time_zone' };

/** As written, but those that PostgreSQL writes with capitals in small letters. */
function parameterName(name: string): string {
  return entryOf(OWN_NAMES, name) ?? name;
}

function addResponse(body: Body, response: Response, parameters: Body[]): void {
  switch (response.kind) {
    case 'encryption':
      body['ssl_accepted'] = response.accepted;
      return;
    case 'authentication':
      if (response.method === METHODS.md5) body['authentication_md5_password'] = response.data;
      else if (response.method === METHODS.saslFinal) body['authentication_sasl_final'] = response.data;
      else body['message'] = METHOD_NAMES[response.method] ?? `authentication_${response.method}`;
      return;
    case 'parameter':
      parameters.push({ [parameterName(response.name)]: response.value });
      body['parameter_status'] = parameters;
      return;
    case 'key':
      body['process_id'] = response.process;
      body['secret_key'] = response.secret;
      return;
    case 'fault':
    case 'notice':
      for (const [name, value] of response.fields) body[name] = value;
      return;
    case 'fields':
      body['field_count'] = response.count;
      return;
    case 'copy-in':
      body['copy_in_response'] = { columns: response.count };
      return;
    case 'copy-out':
      body['copy_out_response'] = { columns: response.count };
      return;
    case 'copy-both':
      body['copy_both_response'] = { columns: response.count };
      return;
    case 'complete':
      body['command_completed'] = response.command;
      return;
    case 'empty':
      body['message'] = 'empty_query_response';
      return;
  }
}

export function pgsqlBody(transaction: PgsqlTransaction): Body {
  const record: Body = { tx_id: transaction.id + 1 };
  if (transaction.request !== undefined) record['request'] = requestBody(transaction.request, transaction);
  const response: Body = {};
  const parameters: Body[] = [];
  for (const one of transaction.responses) addResponse(response, one, parameters);
  if (transaction.rows > 0) {
    response['data_rows'] = transaction.rows;
    response['data_size'] = transaction.rowBytes;
  }
  if (transaction.copiedOut > 0) response['copy_data_out'] = { row_count: transaction.copiedOut, data_size: transaction.copiedOutBytes };
  if (Object.keys(response).length > 0) record['response'] = response;
  return record;
}
