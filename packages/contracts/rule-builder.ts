/**
 * What a keyword's `apply` may do to the rule being compiled. Implemented by `detection/compile`; keywords know only this.
 * Options are applied in the order written, so "the last content" and "the current buffer" mean what a rule writer expects.
 */
import type {
  BytesCondition,
  BytesDecode,
  ConfigChange,
  ContentCondition,
  FlowDemand,
  PacketCondition,
  RuleEffect,
  ScriptCondition,
  StateOperation,
  TagDemand,
  Threshold,
  TransactionCondition,
} from './conditions.ts';
import type { DiagnosticFacts } from './diagnostic.ts';
import type { Rule, RuleOption } from './rule.ts';
import type { EngineSettings } from './settings.ts';
import type { TransformDefinition } from './transform.ts';

/** Where contents that follow no sticky buffer look: packet payload and stream. */
export const PAYLOAD = 'payload';

export interface RuleBuilder {
  readonly rule: Rule;
  readonly option: RuleOption;
  readonly settings: EngineSettings;

  /** Following contents look at this buffer (its name in the catalogue, or PAYLOAD). Twice in a row with `fresh` opens a second list. */
  selectBuffer(name: string): void;
  /** Following contents look at frames of this kind: `http1.request`, or `request` where the header says the protocol. */
  selectFrame(written: string): void;
  readonly currentBuffer: string;
  /** true when no content or other bytes condition has been added since the buffer was selected */
  readonly currentBufferIsEmpty: boolean;
  /** Use `selectBuffer` semantics of old content modifiers (`http_uri`): move the last PAYLOAD content to this buffer. */
  moveLastContent(name: string): void;
  /** Add to the current buffer's list. */
  addBytes(condition: BytesCondition): void;
  /** The last content, in whichever buffer it stands; undefined (and a diagnostic was made) where there is none. */
  lastContent(): ContentCondition | undefined;
  /** Content or pcre before the last one in the same list, for relative modifiers; undefined where there is none. */
  hasPrecedingMatch(): boolean;
  /** The open base64_decode whose result base64_data reads. */
  openDecode(decode: BytesDecode): void;
  selectDecoded(): void;
  /** contents now look at what base64_decode gave */
  readonly inDecoded: boolean;
  addTransform(transform: TransformDefinition, argument: unknown): void;

  /** The selected buffer must (`only`) or may (`or_else`) be missing. */
  setAbsent(mode: 'only' | 'or_else'): void;

  addPacket(condition: PacketCondition): void;
  addTransaction(condition: TransactionCondition): void;
  addScript(condition: ScriptCondition): void;
  addState(operation: StateOperation): void;
  addThreshold(threshold: Threshold): void;
  demandFlow(demand: FlowDemand): void;
  /** The rule can only be true for this application protocol; a conflict with the header is a diagnostic. */
  demandProtocol(name: string): void;
  /** `app-layer-event:` and its kin: the rule is true where an anomaly of this name is raised. */
  demandAnomaly(owner: 'decoder' | 'stream' | 'application', name: string): void;
  /** Looks at single packets, never at the stream (dsize, flags, tcp-pkt). */
  demandPacket(): void;
  /** Looks at the stream, never at single packets. */
  demandStream(): void;

  /** Index of a variable that a byte_extract or byte_math sets. */
  defineVariable(name: string): number;
  /** Index of a variable set before; undefined (and a diagnostic was made) where there is none. */
  useVariable(name: string): number | undefined;

  addTag(tag: TagDemand): void;
  addEffect(effect: RuleEffect): void;
  setNoAlert(): void;
  /** Where it matches, the flow is bypassed. */
  setBypass(): void;
  setAlert(): void;
  setConfig(change: ConfigChange): void;
  setTarget(target: 'src_ip' | 'dest_ip'): void;
  setClasstype(name: string): void;
  setPriority(priority: number): void;
  addReference(type: string, value: string): void;
  addMetadata(key: string, value: string): void;

  /** Protocols of the flows that rules for `written`, a header word, may be true on: itself and those that carry it. */
  spokenAs(written: string): readonly string[];
  /** The state of that name (a hook) of the protocol that the rule is for so far; undefined (and a diagnostic was made) where there is none. */
  stateNamed(name: string): { readonly protocol: string; readonly progress: number } | undefined;
  /** Is there such a keyword? */
  knows(keyword: string): boolean;
  /** The rule is not for this engine: neither loaded nor refused. */
  passOver(missing: string): void;

  /** The rule is refused. `code` is the part after the keyword's own name: `empty` becomes `content/empty`. */
  problem(code: string, title: string, help?: string, facts?: DiagnosticFacts): void;
  /** The rule loads all the same. */
  caution(code: string, title: string, help?: string, facts?: DiagnosticFacts): void;
}
