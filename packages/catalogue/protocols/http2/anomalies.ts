/** What is odd about frames and headers of HTTP/2, and the names under which rules ask for it. */
import type { AnomalyDefinition } from '@sigwright/contracts';

export const anomalies: readonly AnomalyDefinition[] = [
  { name: 'invalid_frame_header', summary: 'a frame of a kind that is not known' },
  { name: 'invalid_client_magic', summary: 'the client does not begin as clients must' },
  { name: 'invalid_frame_data', summary: 'a frame whose content can not be read' },
  { name: 'invalid_header', summary: 'a header that can not be decompressed' },
  { name: 'invalid_frame_length', summary: 'a frame longer or shorter than its kind is' },
  { name: 'extra_header_data', summary: 'bytes after the last header that are none' },
  { name: 'long_frame_data', summary: 'a frame too long to be read' },
  { name: 'stream_id_reuse', summary: 'headers on a stream that is over' },
  { name: 'invalid_http1_settings', summary: 'settings in the upgrade that can not be read' },
  { name: 'failed_decompression', summary: 'a body that does not decode' },
  { name: 'invalid_range', summary: 'a Content-Range that can not be read' },
  { name: 'header_integer_overflow', summary: 'a number in compressed headers that is too large' },
  { name: 'too_many_streams', summary: 'more streams at once than are followed' },
  { name: 'authority_host_mismatch', summary: 'authority and host name two hosts' },
  { name: 'userinfo_in_uri', summary: 'a user before the host' },
  { name: 'reassembly_limit_reached', summary: 'headers over more frames than are put together' },
  { name: 'dns_request_too_long', summary: 'a question over HTTP longer than DNS messages are' },
  { name: 'dns_response_too_long', summary: 'an answer over HTTP longer than DNS messages are' },
  { name: 'data_stream_zero', summary: 'content on the stream that has none' },
  { name: 'too_many_frames', summary: 'more frames on a stream than anybody sends' },
];
