/** Modbus transaction → EVE record. */
import { printable } from '@sigwright/bytes';
import type { ModbusTransaction } from './session.ts';
import { EXCEPTION, isNamedFunction, isReservedDiagnostic, type ModbusMessage, type WritePart } from './wire.ts';

type Body = Record<string, unknown>;

const FUNCTIONS: readonly string[] = [
  'Unknown',
  'RdCoils',
  'RdDiscreteInputs',
  'RdHoldRegs',
  'RdInputRegs',
  'WrSingleCoil',
  'WrSingleReg',
  'RdExcStatus',
  'Diagnostic',
  'Program484',
  'Poll484',
  'GetCommEventCtr',
  'GetCommEventLog',
  'ProgramController',
  'PollController',
  'WrMultCoils',
  'WrMultRegs',
  'ReportServerID',
  'Program884',
  'ResetCommLink',
  'RdFileRec',
  'WrFileRec',
  'MaskWrReg',
  'RdWrMultRegs',
  'RdFIFOQueue',
];
const DIAGNOSTICS: Readonly<Record<number, string>> = {
  0: 'RetQueryData',
  1: 'RestartCommOpt',
  2: 'RetDiagReg',
  3: 'ChangeInputDelimiter',
  4: 'ForceListenOnlyMode',
  10: 'ClearCtrDiagReg',
  11: 'RetBusMsgCount',
  12: 'RetBusCommErrCount',
  13: 'RetBusExcErrCount',
  14: 'RetServerMsgCount',
  15: 'RetServerNoRespCount',
  16: 'RetServerNAKCount',
  17: 'RetServerBusyCount',
  18: 'RetBusCharOverrunCount',
  19: 'RetOverrunErrCount',
  20: 'ClearOverrunCounterFlag',
  21: 'GetClearPlusStats',
};
const ENCAPSULATED: Readonly<Record<number, string>> = { 13: 'CANOpenGenRefReqResp', 14: 'RdDevId' };
const EXCEPTIONS: Readonly<Record<number, string>> = {
  1: 'IllegalFunction',
  2: 'IllegalDataAddr',
  3: 'IllegalDataValue',
  4: 'ServerDeviceFail',
  5: 'Ack',
  6: 'ServerDeviceBusy',
  7: 'NegAck',
  8: 'MemParityErr',
  10: 'GatewayPathUnavailable',
  11: 'GatewayTargetFailToResp',
};
/** Each is shown whose bits are all there. */
const ACCESSES: readonly (readonly [name: string, bits: number])[] = [
  ['READ', 0x01],
  ['WRITE', 0x02],
  ['DISCRETES', 0x04],
  ['COILS', 0x08],
  ['INPUT', 0x10],
  ['HOLDING', 0x20],
  ['SINGLE', 0x40],
  ['MULTIPLE', 0x80],
  ['WRITE_SINGLE', 0x42],
  ['WRITE_MULTIPLE', 0x82],
];
const MEI = 43;

function functionName(functionCode: number): string {
  const code = functionCode & ~EXCEPTION;
  if (code === MEI) return 'MEI';
  return isNamedFunction(code) ? FUNCTIONS[code] : 'Unknown';
}

function accessNames(access: number): string {
  const names = ACCESSES.filter(([, bits]) => (access & bits) === bits).map(([name]) => name);
  return names.length > 0 ? names.join(' | ') : 'NONE';
}

function flagNames({ badValue, badLength, badException }: ModbusMessage): string {
  const names = [badValue ? ['DATA_VALUE'] : [], badLength ? ['DATA_LENGTH'] : [], badException ? ['EXC_CODE'] : []].flat();
  return names.length > 0 ? names.join(' | ') : 'NONE';
}

function writeBody(write: WritePart): Body {
  switch (write.kind) {
    case 'single':
      return { address: write.address, data: write.data };
    case 'multiple':
      return { address: write.address, quantity: write.quantity, data: printable(write.data) };
    case 'mask':
      return { address: write.address, and_mask: write.and, or_mask: write.or };
  }
}

function messageBody(message: ModbusMessage): Body {
  const { exception, diagnostic, encapsulated, read, readData, write, data } = message;
  const body: Body = {
    transaction_id: message.transactionId,
    protocol_id: message.protocolId,
    unit_id: message.unit,
    function_raw: message.functionCode,
    function_code: functionName(message.functionCode),
    access_type: accessNames(message.access),
    category: message.category,
    error_flags: flagNames(message),
  };
  if (exception !== undefined) body['exception'] = { raw: exception, code: EXCEPTIONS[exception] ?? 'Unknown' };
  if (diagnostic !== undefined) {
    const name = isReservedDiagnostic(diagnostic.code) ? 'Reserved' : DIAGNOSTICS[diagnostic.code];
    body['diagnostic'] = { raw: diagnostic.code, code: name, data: printable(diagnostic.data) };
  }
  if (encapsulated !== undefined) {
    body['mei'] = { raw: encapsulated.type, code: ENCAPSULATED[encapsulated.type] ?? 'Unknown', data: printable(encapsulated.data) };
  }
  if (read !== undefined) body['read'] = { address: read.address, quantity: read.quantity };
  if (readData !== undefined) body['read'] = { data: printable(readData) };
  if (write !== undefined) body['write'] = writeBody(write);
  if (data !== undefined) body['data'] = printable(data);
  return body;
}

export function modbusBody({ id, request, response }: ModbusTransaction): Body {
  return {
    id: id + 1,
    ...(request === undefined ? {} : { request: messageBody(request) }),
    ...(response === undefined ? {} : { response: messageBody(response) }),
  };
}
