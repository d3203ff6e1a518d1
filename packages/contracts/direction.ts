/** Direction within a flow: 0 from client to server, 1 from server to client. Numbers, since they index. */
export type Direction = 0 | 1;
export const TO_SERVER = 0;
export const TO_CLIENT = 1;

export function directionName(direction: Direction): 'to_server' | 'to_client' {
  return direction === TO_SERVER ? 'to_server' : 'to_client';
}
