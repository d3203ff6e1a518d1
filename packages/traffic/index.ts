/** Capture → ordered bytes. The only door of this package. */
export { CaptureReader, type RecordHandler } from './capture/reader.ts';
export type { CertificateFields, DistinguishedName } from './compose/certificate.ts';
export { CaptureComposer, type ComposerOptions, composeCapture, type DnsLookup, type Ends, type HttpExchanges, type UdpExchange } from './compose/composer.ts';
export type { DnsAnswer, DnsType } from './compose/dns-message.ts';
export { type HttpHeaders, type HttpRequest, type HttpResponse, httpRequest, httpResponse } from './compose/http-message.ts';
export { SeededRandom } from './compose/random.ts';
export type { TcpConversation, TcpExchange } from './compose/tcp-conversation.ts';
export { clientHello, type TlsMessages, type TlsVersion, tlsExchanges } from './compose/tls-messages.ts';
export { decodePacket } from './decode/decode.ts';
export { Defragmenter } from './defragment/defragmenter.ts';
export { applyException, decideFlow, drop } from './exceptions.ts';
export { FlowTable } from './flows/flow-table.ts';
export { turnRound } from './flows/turn.ts';
export { type PipelineHandlers, TrafficPipeline } from './pipeline.ts';
export { conversationKey, type Redaction, type Slice, sliceCapture } from './slice/slice-capture.ts';
export { StreamSide } from './streams/stream-side.ts';
export { TCP_STATE_NAMES, TcpStream } from './streams/tcp-stream.ts';
export { TcpTracker } from './streams/tcp-tracker.ts';
