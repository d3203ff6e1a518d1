/** Capture → ordered bytes. The only door of this package. */
export { CaptureReader, type RecordHandler } from './capture/reader.ts';
export { decodePacket } from './decode/decode.ts';
export { Defragmenter } from './defragment/defragmenter.ts';
export { FlowTable } from './flows/flow-table.ts';
export { type PipelineHandlers, TrafficPipeline } from './pipeline.ts';
export { StreamSide } from './streams/stream-side.ts';
export { TcpStream, TcpTracker } from './streams/tcp-tracker.ts';
