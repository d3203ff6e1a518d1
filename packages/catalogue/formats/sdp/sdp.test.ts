/** SDP: fields of the session and of its media, in order and bounded. */
import { expect, test } from 'vitest';
import { readSdp, sdpBody } from './sdp.ts';

test('what follows a medium belongs to it', () => {
  const read = readSdp('v=0\r\no=- 1 1 IN IP4 a\r\ns=talk\r\nb=AS:64\nt=1 2\nr=3\nt=4 5\na=x\nm=audio 1 RTP/AVP 0\r\na=y\nc=IN IP4 b\nm=video 2 RTP/AVP 1');
  expect(read === undefined ? undefined : sdpBody(read)).toEqual({
    version: 0,
    origin: '- 1 1 IN IP4 a',
    session_name: 'talk',
    bandwidths: ['AS:64'],
    time_descriptions: [{ time: '1 2', repeat_time: '3' }, { time: '4 5' }],
    attributes: ['x'],
    media_descriptions: [{ media: 'audio 1 RTP/AVP 0', connection_data: 'IN IP4 b', attributes: ['y'] }, { media: 'video 2 RTP/AVP 1' }],
  });
});

test('other texts are none; nobody makes it grow', () => {
  expect(readSdp('<html>')).toBeUndefined();
  expect(readSdp(`v=0\n${'m=x\n'.repeat(5000)}`)?.media.length).toBe(64);
  expect(readSdp(`v=0\n${'a=x\n'.repeat(500)}`)?.fields.get('a')?.length).toBe(64);
});
