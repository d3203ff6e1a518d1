/**
 * Typed rule → compiled rule, or diagnostics that say why not. Applies the keyword definitions of the catalogue in the order
 * the options are written; this file knows no keyword by name.
 */
import {
  type BufferDefinition,
  type BytesCondition,
  type BytesDecode,
  type Catalogue,
  type ConfigChange,
  type ContentCondition,
  type Contradiction,
  type Diagnostic,
  type DiagnosticFacts,
  type Direction,
  type EngineSettings,
  type Fix,
  type FlowDemand,
  type FrameBuffer,
  hooksOf,
  isProblem,
  PAYLOAD,
  type PacketBuffer,
  type PacketCondition,
  type Rule,
  type RuleBuilder,
  type RuleEffect,
  type RuleOption,
  type ScriptCondition,
  type Span,
  STREAM_FRAME,
  type StateOperation,
  type TagDemand,
  type Threshold,
  TO_CLIENT,
  TO_SERVER,
  type TransactionBuffer,
  type TransactionCondition,
  type TransformDefinition,
} from '@sigwright/contracts';
import { didYouMean } from '@sigwright/rule-language';
import type { AnomalyDemand, AppliedTransform, BufferTest, CompiledRule, FlowDemands } from './compiled-rule.ts';
import { absentContradiction, contradictionsOf, type Place } from './contradictions.ts';
import { type HeaderResolver, PACKET_PROTOCOLS } from './header.ts';
import { hookOf, type RuleHook } from './hook.ts';
import { choosePrefilter } from './prefilter-choice.ts';
import { RuleVariables, type VariablePlace } from './rule-variables.ts';

export interface RuleCompilation {
  /** undefined where a diagnostic of level error was made */
  readonly compiled: CompiledRule | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** the rule requires what this engine has not: it is passed over */
  readonly missing?: string;
}

export interface RuleCompiler {
  readonly catalogue: Catalogue;
  readonly settings: EngineSettings;
  readonly headers: HeaderResolver;
  /** rules of the firewall, which say what they do and where in full */
  readonly firewall?: boolean;
  /** filled with the option that wrote each condition, for those who speak to the author */
  readonly origins?: Map<object, RuleOption>;
}

/** Conditions per rule; real rules have fewer than 60. */
const MOST_OPTIONS = 2000;
const BOTH: readonly Direction[] = [TO_SERVER, TO_CLIENT];
/** Fields that each packet has anew. */
const PACKET_FIELDS: ReadonlySet<string> = new Set([
  ...['dsize', 'ttl', 'id', 'fragbits', 'fragoffset', 'ipopts'],
  ...['tcp.flags', 'tcp.seq', 'tcp.ack', 'tcp.window'],
  ...['itype', 'icode', 'icmp_id', 'icmp_seq'],
]);
/** What may go wrong while it is found out what is spoken. */
const RECOGNITION_EVENTS: ReadonlySet<string> = new Set([
  ...['applayer_mismatch_protocol_both_directions', 'applayer_wrong_direction_first_data', 'applayer_detect_protocol_only_one_direction'],
  ...['applayer_proto_detection_skipped', 'applayer_no_tls_after_starttls', 'applayer_unexpected_protocol'],
]);
const TURNED: Readonly<Record<string, string>> = { to_server: 'to_client', from_client: 'from_server', to_client: 'to_server', from_server: 'from_client' };

export function compileRule(rule: Rule, compiler: RuleCompiler): RuleCompilation {
  const builder = new Builder(rule, compiler);
  builder.applyOptions();
  return builder.finish();
}

interface OpenList extends Place {
  readonly key: string;
  readonly conditions: BytesCondition[];
}

class Builder implements RuleBuilder {
  readonly rule: Rule;
  option: RuleOption;
  readonly settings: EngineSettings;
  readonly #compiler: RuleCompiler;
  readonly #diagnostics: Diagnostic[] = [];
  #failed = false;
  #missing: string | undefined = undefined;

  readonly #payload: OpenList = { buffer: undefined, key: PAYLOAD, transforms: [], conditions: [] };
  readonly #lists: OpenList[] = [];
  #selected: BufferDefinition | FrameBuffer | undefined = undefined;
  #transforms: AppliedTransform[] = [];
  #open: OpenList = this.#payload;
  #openIsFresh = false;
  /** the option that selected a buffer which nothing was asked about yet */
  #unused: RuleOption | undefined = undefined;
  #decode: BytesDecode | undefined = undefined;
  #decoded: BytesCondition[] | undefined = undefined;
  #lastContent: ContentCondition | undefined = undefined;
  #lastContentList: OpenList | undefined = undefined;
  #absent: Map<string, 'only' | 'or_else'> = new Map();

  readonly #packetConditions: PacketCondition[] = [];
  readonly #scripts: ScriptCondition[] = [];
  readonly #transactionConditions: TransactionCondition[] = [];
  readonly #states: StateOperation[] = [];
  readonly #thresholds: Threshold[] = [];
  readonly #tags: TagDemand[] = [];
  readonly #effects: RuleEffect[] = [];
  readonly #anomalies: AnomalyDemand[] = [];
  readonly #flow = new Set<FlowDemand>();
  readonly #protocols = new Set<string>();
  /** of those, which must be spoken themselves */
  readonly #alone = new Set<string>();
  #packetOnly = false;
  #streamOnly = false;
  readonly #variables = new RuleVariables();
  #noAlert = false;
  #bypass = false;
  #alert = false;
  #config: ConfigChange | undefined = undefined;
  #target: 'src_ip' | 'dest_ip' | undefined = undefined;
  #classtype = '';
  #priority = -1;
  readonly #references: { type: string; value: string }[] = [];
  readonly #metadata: { key: string; value: string }[] = [];

  constructor(rule: Rule, compiler: RuleCompiler) {
    this.rule = rule;
    this.#compiler = compiler;
    this.settings = compiler.settings;
    this.option = NO_OPTION;
  }

  applyOptions(): void {
    const { keywords } = this.#compiler.catalogue;
    const options = this.rule.options;
    if (options.length > MOST_OPTIONS) {
      this.#say('error', 'rule/too-many-options', `${options.length} options are more than ${MOST_OPTIONS}`, this.rule.protocolSpan);
      return;
    }
    for (const option of options) {
      this.option = option;
      const definition = keywords.get(option.name);
      if (definition === undefined) {
        this.#say(
          'error',
          'rule/unknown-keyword',
          `keyword \`${option.name}\` is not known`,
          option.nameSpan,
          'the rule is not loaded; `sigwright keywords` lists what can be used',
          undefined,
          fixOf(option, keywords.keys()),
        );
        continue;
      }
      const argument = definition.argument.read(option.value);
      if (isProblem(argument)) {
        this.#say(
          'error',
          `${definition.name}/argument`,
          argument.problem,
          option.value === undefined ? option.nameSpan : option.valueSpan,
          argument.help ?? (definition.argument.syntax === '' ? 'write it without an argument' : `write \`${definition.name}:${definition.argument.syntax};\``),
        );
        continue;
      }
      if (definition.kind === 'sticky-buffer') this.#checkUsed();
      definition.apply(argument.value as never, this);
      if (definition.kind === 'sticky-buffer') this.#unused = this.#openIsFresh ? option : undefined;
    }
    this.#checkUsed();
    this.option = NO_OPTION;
  }

  /** A buffer that an option selected is there for something to be asked about it. */
  #checkUsed(): void {
    const option = this.#unused;
    this.#unused = undefined;
    if (option === undefined || this.#failed) return;
    this.#say('error', 'rule/buffer-unused', `nothing is asked about \`${option.name}\``, option.span, 'put a `content` behind it, or remove it');
  }

  // --- buffers and bytes

  get currentBuffer(): string {
    return this.#selected?.name ?? PAYLOAD;
  }

  get currentBufferIsEmpty(): boolean {
    return this.#openIsFresh || this.#open.conditions.length === 0;
  }

  selectBuffer(name: string): void {
    this.#decoded = undefined;
    this.#transforms = [];
    if (name === PAYLOAD) {
      this.#selected = undefined;
      this.#open = this.#payload;
      this.#openIsFresh = false;
      return;
    }
    const buffer = this.#compiler.catalogue.buffers.get(name);
    // A keyword that looks elsewhere for itself goes back to the frame that it came from.
    if (buffer === undefined && this.#frameNamed(name) !== undefined) {
      this.selectFrame(name);
      return;
    }
    if (buffer === undefined) throw new Error(`a keyword selects buffer ${name}, which no catalogue folder defines`);
    this.#selected = buffer;
    this.#openIsFresh = true;
    this.#demandBuffer(buffer);
  }

  selectFrame(written: string): void {
    const found = this.#frameNamed(written);
    if (found === undefined) {
      this.problem(
        'unknown',
        `\`${written}\` is no frame of a protocol`,
        'write protocol and kind, such as `http1.request`; `sigwright suricata --list-app-layer-frames` shows all',
      );
      return;
    }
    this.#decoded = undefined;
    this.#transforms = [];
    this.#selected = found;
    this.#openIsFresh = true;
    this.#protocols.add(found.protocol);
    this.#alone.add(found.protocol);
  }

  /** With the protocol before it, or without where the header says the protocol. */
  #frameNamed(written: string): FrameBuffer | undefined {
    const { protocols } = this.#compiler.catalogue;
    const dot = written.indexOf('.');
    const ofHeader = protocols.get(this.rule.protocol.split(':')[0]);
    const ofWord = dot < 0 ? undefined : protocols.get(written.slice(0, dot));
    const tries = [
      [ofHeader, written],
      [ofWord?.aloneAs === undefined || ofWord.aloneAs === written.slice(0, dot) ? ofWord : undefined, written.slice(dot + 1)],
    ] as const;
    for (const [definition, type] of tries) {
      if (definition?.frames === undefined) continue;
      if (!definition.frames.includes(type) && !(type === STREAM_FRAME && definition.transport.includes('tcp'))) continue;
      return { of: 'frame', name: `${definition.aloneAs ?? definition.name}.${type}`, summary: type, shape: 'text', protocol: definition.name, type };
    }
    return undefined;
  }

  #demandBuffer(buffer: BufferDefinition): void {
    if (buffer.of === 'transaction' && buffer.protocol !== undefined) this.demandProtocol(buffer.protocol);
  }

  /** The list that conditions go to now; made when the first one comes, since transforms may still follow the buffer. */
  #list(): OpenList {
    if (!this.#openIsFresh) return this.#open;
    this.#openIsFresh = false;
    this.#unused = undefined;
    this.#open = this.#listFor(this.#selected!, this.#transforms);
    return this.#open;
  }

  #listFor(buffer: BufferDefinition | FrameBuffer, transforms: AppliedTransform[]): OpenList {
    const key = [buffer.name, ...transforms.map((one) => `${one.definition.name}:${JSON.stringify(one.argument) ?? ''}`)].join('|');
    const several = buffer.of === 'transaction' && buffer.multiple;
    const known = several ? undefined : this.#lists.find((list) => list.key === key);
    if (known !== undefined) return known;
    const made: OpenList = { buffer, key, transforms, conditions: [] };
    this.#lists.push(made);
    return made;
  }

  addTransform(transform: TransformDefinition, argument: unknown): void {
    if (this.#selected === undefined) {
      this.problem('without-buffer', 'a transform needs a buffer before it', 'put a sticky buffer such as `http.uri;` first');
      return;
    }
    // Behind contents, the transformed buffer is a new one; the contents before keep looking at the old.
    if (!this.#openIsFresh) {
      this.#transforms = [...this.#open.transforms];
      this.#openIsFresh = true;
    }
    const bound = transform.bind === undefined ? argument : transform.bind(argument, this);
    if (bound !== undefined || transform.bind === undefined)
      this.#transforms.push({ definition: transform as TransformDefinition<never>, argument: bound as never });
  }

  addBytes(condition: BytesCondition): void {
    this.#compiler.origins?.set(condition, this.option);
    if (this.#decoded !== undefined) {
      this.#decoded.push(condition);
      if (condition.kind === 'content') {
        this.#lastContent = condition;
        this.#lastContentList = undefined;
      }
      return;
    }
    // Behind a content that was moved to another buffer, what is relative to it looks there too.
    const moved = this.#selected === undefined && this.#lastContentList !== undefined && this.#lastContentList !== this.#payload;
    const follows = moved && (condition.kind === 'test' || condition.kind === 'pattern') && condition.relative;
    const list = follows ? this.#lastContentList! : this.#list();
    list.conditions.push(condition);
    if (condition.kind === 'content') {
      this.#lastContent = condition;
      this.#lastContentList = list;
    }
  }

  openDecode(decode: BytesDecode): void {
    this.#compiler.origins?.set(decode, this.option);
    const moved = this.#selected === undefined && this.#lastContentList !== undefined ? this.#lastContentList : this.#list();
    moved.conditions.push(decode);
    this.#decode = decode;
  }

  get inDecoded(): boolean {
    return this.#decoded !== undefined;
  }

  selectDecoded(): void {
    if (this.#decode === undefined) {
      this.problem('without-decode', 'nothing was decoded before it', 'put `base64_decode` before it');
      return;
    }
    this.#decoded = this.#decode.conditions;
  }

  lastContent(): ContentCondition | undefined {
    if (this.#lastContent === undefined) this.problem('without-content', 'no `content` stands before it');
    return this.#lastContent;
  }

  hasPrecedingMatch(): boolean {
    const list = this.#decoded ?? this.#lastContentList?.conditions ?? this.#open.conditions;
    const upTo = this.#lastContent === undefined ? list.length : list.indexOf(this.#lastContent);
    for (let at = 0; at < upTo; at++) if (list[at].kind === 'content' || list[at].kind === 'pattern') return true;
    return false;
  }

  moveLastContent(name: string): void {
    const content = this.lastContent();
    if (content === undefined) return;
    const from = this.#lastContentList;
    if (from !== this.#payload) {
      this.problem('not-payload', 'the content before it already looks at another buffer', 'use either sticky buffers or content modifiers');
      return;
    }
    const buffer = this.#compiler.catalogue.buffers.get(name);
    if (buffer === undefined) throw new Error(`a keyword selects buffer ${name}, which no catalogue folder defines`);
    from.conditions.splice(from.conditions.indexOf(content), 1);
    const list = this.#listFor(buffer, []);
    list.conditions.push(content);
    this.#lastContentList = list;
    this.#demandBuffer(buffer);
  }

  setAbsent(mode: 'only' | 'or_else'): void {
    if (this.#selected === undefined) {
      this.problem('without-buffer', 'it needs a buffer before it');
      return;
    }
    this.#absent.set(this.#list().key, mode);
  }

  // --- everything else

  addPacket(condition: PacketCondition): void {
    this.#compiler.origins?.set(condition, this.option);
    this.#packetConditions.push(condition);
  }

  addScript(condition: ScriptCondition): void {
    this.#compiler.origins?.set(condition, this.option);
    this.#scripts.push(condition);
  }

  addTransaction(condition: TransactionCondition): void {
    this.#compiler.origins?.set(condition, this.option);
    this.#transactionConditions.push(condition);
    this.demandProtocol(condition.protocol);
  }

  addState(operation: StateOperation): void {
    this.#compiler.origins?.set(operation, this.option);
    this.#states.push(operation);
  }

  addThreshold(threshold: Threshold): void {
    this.#thresholds.push(threshold);
  }

  addTag(tag: TagDemand): void {
    this.#tags.push(tag);
  }

  addEffect(effect: RuleEffect): void {
    this.#effects.push(effect);
  }

  demandFlow(demand: FlowDemand): void {
    this.#flow.add(demand);
  }

  demandProtocol(name: string): void {
    this.#protocols.add(this.#compiler.catalogue.protocols.get(name)?.name ?? name);
  }

  demandAnomaly(owner: 'decoder' | 'stream' | 'application', name: string): void {
    const dot = name.indexOf('.');
    // Without a protocol before it: which protocol this is went wrong, and a packet showed it.
    if (owner === 'application' && dot < 0) {
      if (!RECOGNITION_EVENTS.has(name)) this.problem('unknown', `\`${name}\` is no event of protocol recognition, and names no protocol`);
      this.#anomalies.push({ owner: 'recognition', name: name.replace(/^applayer_/, 'applayer.') });
    }
    const protocol = owner === 'application' && dot > 0 ? this.#compiler.catalogue.protocols.get(name.slice(0, dot)) : undefined;
    const event = name.slice(dot + 1);
    const known = protocol?.anomalies.find((one) => one.name === event || one.aliases?.includes(event) === true);
    if (owner !== 'application' || dot >= 0) this.#anomalies.push({ owner, name: known === undefined ? name : `${name.slice(0, dot)}.${known.name}` });
    if (protocol !== undefined && known === undefined)
      this.caution('never-raised', `\`${name}\` is never raised here: the rule loads and stays silent`, 'look at the name again', { event: name });
  }

  demandPacket(): void {
    this.#packetOnly = true;
  }

  demandStream(): void {
    this.#streamOnly = true;
  }

  defineVariable(name: string): number {
    return this.#variables.set(name, this.#place);
  }

  get #place(): VariablePlace {
    return this.#decoded !== undefined ? 'decoded' : this.#selected === undefined ? 'payload' : 'buffer';
  }

  useVariable(name: string): number | undefined {
    const found = this.#variables.find(name, this.#place);
    if (typeof found === 'number') return found;
    const [title, help] =
      found === 'elsewhere'
        ? [`variable \`${name}\` is set for other bytes than these`, 'set it with `byte_extract` or `byte_math` behind the same buffer']
        : [`variable \`${name}\` is set nowhere before it`, 'set it with `byte_extract` or `byte_math` first'];
    this.problem('unknown-variable', title, help, { name });
    return undefined;
  }

  setNoAlert(): void {
    this.#noAlert = true;
  }

  setBypass(): void {
    this.#bypass = true;
  }

  setAlert(): void {
    this.#alert = true;
  }

  setConfig(change: ConfigChange): void {
    this.#config = change;
  }

  setTarget(target: 'src_ip' | 'dest_ip'): void {
    this.#target = target;
  }

  setClasstype(name: string): void {
    this.#classtype = name;
  }

  setPriority(priority: number): void {
    this.#priority = priority;
  }

  addReference(type: string, value: string): void {
    if (this.settings.strictKeywords.includes('reference') && !this.settings.references.has(type))
      this.problem('unknown', `references of type \`${type}\` are in no reference file`);
    this.#references.push({ type, value });
  }

  addMetadata(key: string, value: string): void {
    this.#metadata.push({ key, value });
  }

  spokenAs(written: string): readonly string[] {
    const definition = this.#compiler.catalogue.protocols.get(written);
    if (definition === undefined) return [];
    return definition.aloneAs === written ? [definition.name] : this.#carriers(definition.name);
  }

  stateNamed(name: string): { protocol: string; progress: number } | undefined {
    const { protocols } = this.#compiler.catalogue;
    const protocol = protocols.get(this.rule.protocol.split(':')[0]) ?? [...this.#protocols].map((demanded) => protocols.get(demanded)).find(Boolean);
    if (protocol === undefined) {
      this.problem('no-protocol', 'the rule is for no one protocol, so no state can be named', 'write the protocol in the header');
      return undefined;
    }
    const states = hooksOf(protocol).flat();
    const state = states.find((known) => known.name === name);
    if (state !== undefined) return { protocol: protocol.name, progress: state.progress };
    this.problem('unknown-state', `\`${protocol.name}\` has no state \`${name}\``, `its states are ${states.map((known) => known.name).join(', ')}`);
    return undefined;
  }

  knows(keyword: string): boolean {
    return this.#compiler.catalogue.keywords.has(keyword);
  }

  passOver(missing: string): void {
    this.#missing ??= missing;
  }

  problem(code: string, title: string, help?: string, facts?: DiagnosticFacts): void {
    this.#say('error', `${this.option.name}/${code}`, title, this.option.span, help, facts);
  }

  caution(code: string, title: string, help?: string, facts?: DiagnosticFacts): void {
    const isStrict = this.settings.strictKeywords.includes(this.option.name);
    this.#say(isStrict ? 'error' : 'warning', `${this.option.name}/${code}`, title, this.option.span, help, facts);
  }

  #say(severity: 'error' | 'warning', code: string, title: string, at: Span, help?: string, facts?: DiagnosticFacts, fix?: Fix): void {
    if (severity === 'error') this.#failed = true;
    this.#diagnostics.push({ code, severity, title, at, help, ...(facts === undefined ? {} : { facts }), ...(fix === undefined ? {} : { fixes: [fix] }) });
  }

  // --- the whole

  finish(): RuleCompilation {
    const { rule } = this;
    // What it asks for beside is not to be held against it.
    if (this.#missing !== undefined) return { compiled: undefined, diagnostics: [], missing: this.#missing };
    const hook = hookOf(rule, this.#compiler.catalogue, (code, title, at, help) => this.#say('error', code, title, at, help));
    this.#checkActions(hook);
    this.#checkConfig(hook);
    if (hook !== undefined) this.#standAt(hook);
    const header = this.#compiler.headers.resolve(rule, (code, title, at, help) => this.#say('error', code, title, at, help));
    const protocols = this.#resolveProtocols();
    const flow = this.#flowDemands();
    const bufferTests: BufferTest<TransactionBuffer>[] = [];
    const packetBufferTests: BufferTest<PacketBuffer>[] = [];
    const frameTests: BufferTest<FrameBuffer>[] = [];
    for (const list of this.#lists) {
      const { buffer } = list;
      if (buffer === undefined) continue;
      const absent: 'no' | 'only' | 'or_else' = this.#absent.get(list.key) ?? 'no';
      if (list.conditions.length === 0 && absent === 'no') continue;
      this.#tell('absent', absentContradiction(list, absent));
      const test = { transforms: list.transforms, key: list.key, conditions: list.conditions, absent };
      if (buffer.of === 'transaction') {
        if (buffer.ofFiles === true) this.#checkFiles(buffer.name, protocols);
        bufferTests.push({ ...test, buffer });
      } else if (buffer.of === 'frame') frameTests.push({ ...test, buffer });
      else packetBufferTests.push({ ...test, buffer });
    }
    for (const list of [this.#payload, ...this.#lists]) {
      for (const [keyword, found] of contradictionsOf(list, this.#packetConditions)) this.#tell(keyword, found);
    }
    // Short buffers first: most rules fail there, and bodies need not be read. Variables tie buffers to the order written.
    if (this.#variables.count === 0) bufferTests.sort((a, b) => COST_BY_SHAPE[a.buffer.shape] - COST_BY_SHAPE[b.buffer.shape]);
    const ofTransaction =
      bufferTests.length > 0 ||
      this.#transactionConditions.length > 0 ||
      this.#anomalies.some((one) => one.owner === 'application') ||
      this.#states.some((one) => one.kind === 'bit' && one.scope === 'transaction');
    if (frameTests.length > 0) this.#checkFrames(frameTests, ofTransaction || packetBufferTests.length > 0 || this.#payload.conditions.length > 0);
    if (ofTransaction) this.#checkPacketFields(bufferTests);
    const directions = this.#directions(flow, bufferTests);
    if (this.#failed || header === undefined || directions === undefined) return { compiled: undefined, diagnostics: this.#diagnostics };

    const payload = this.#payload.conditions;
    const { inPacket, inStream, onlyInStream } = this.#places(payload);
    const checks = this.#states.filter((one) => !changesState(one));
    const changes = this.#states.filter(changesState);
    const classification = this.settings.classifications.get(this.#classtype);
    const looksAtNothing =
      payload.length === 0 &&
      !ofTransaction &&
      packetBufferTests.length === 0 &&
      frameTests.length === 0 &&
      this.#scripts.length === 0 &&
      this.#anomalies.length === 0;
    const headerOnly = looksAtNothing && this.#packetConditions.every((one) => one.addressesOnly === true);
    const bare = headerOnly && !flow.any;
    const onlyDirection = [...this.#flow].every((demand) => demand === 'to_server' || demand === 'to_client');
    const ofPacketProtocol = PACKET_PROTOCOLS.has(rule.protocol.split(':')[0]);
    // What is remembered may be another thing with each packet.
    const addressesOnly = bare && protocols === undefined && checks.length === 0;
    // Asked once for each direction, when it is known what is spoken; not where something else may change from packet to packet.
    const asksProtocol =
      looksAtNothing &&
      ofPacketProtocol &&
      hook === undefined &&
      this.#packetConditions.length > 0 &&
      this.#packetConditions.every((one) => one.onceRecognised === true) &&
      onlyDirection &&
      this.#states.every(changesState);
    const protocolOnly =
      asksProtocol || (bare && ofPacketProtocol && this.#packetConditions.length === 0 && protocols !== undefined && this.#states.length === 0);
    const compiled: CompiledRule = {
      index: -1,
      text: rule.text,
      gid: rule.gid,
      sid: rule.sid,
      rev: rule.rev,
      message: rule.message,
      action: rule.action,
      scope: rule.scope,
      furtherActions: rule.furtherActions,
      hook,
      repeats:
        hook?.of === 'transaction' &&
        bufferTests.length === 0 &&
        this.#transactionConditions.length === 1 &&
        this.#anomalies.length === 0 &&
        this.#scripts.length === 0,
      header,
      protocols,
      flow,
      packetConditions: this.#packetConditions.sort((a, b) => a.cost - b.cost),
      payload,
      inPacket,
      inStream,
      onlyInStream,
      packetBufferTests,
      bufferTests,
      frameTests,
      transactionConditions: this.#transactionConditions,
      scripts: this.#scripts,
      anomalies: this.#anomalies,
      ofTransaction,
      directions,
      checks,
      changes,
      thresholds: this.#thresholds,
      tags: this.#tags,
      effects: this.#effects,
      config: this.#config,
      onlySets: looksAtOnly([...payload, ...packetBufferTests.flatMap(({ conditions }) => conditions)]) ? this.#onlySets(changes) : undefined,
      noAlert: this.#noAlert || (this.#isQuiet(rule) && !this.#alert),
      bypass: this.#bypass,
      target: this.#target,
      classtype: this.#classtype,
      priority: this.#priority >= 0 ? this.#priority : (classification?.priority ?? 3),
      references: this.#references,
      metadata: this.#metadata,
      variableCount: this.#variables.count,
      prefilter: rule.direction === '=>' ? undefined : choosePrefilter({ payload, bufferTests, packetBufferTests }),
      addressesOnly,
      protocolOnly,
      ofFlow: addressesOnly || protocolOnly || ofTransaction || (headerOnly && !ofPacketProtocol && onlyDirection && checks.length === 0),
    };
    return { compiled, diagnostics: this.#diagnostics };
  }

  #onlySets(changes: readonly StateOperation[]): readonly string[] | undefined {
    const { action, furtherActions } = this.rule;
    const isQuiet = this.#noAlert && action === 'alert' && furtherActions.length === 0 && this.#config === undefined && !this.#bypass;
    const others = [this.#thresholds, this.#tags, this.#effects, this.#scripts];
    if (!isQuiet || changes.length === 0 || others.some((list) => list.length > 0)) return undefined;
    const names: string[] = [];
    for (const change of changes) {
      if (change.kind !== 'bit' || change.scope !== 'flow' || change.operation !== 'set') return undefined;
      names.push(...change.names);
    }
    return names;
  }

  #tell(keyword: string, found: Contradiction | undefined): void {
    if (found !== undefined) this.#say('error', `${keyword}/${found.code}`, found.title, this.#spanOf(keyword), found.help, found.facts);
  }

  /** Where the keyword stands (under any of its names); the whole rule where it stands nowhere. */
  #spanOf(keyword: string): Span {
    const { keywords } = this.#compiler.catalogue;
    const option = this.rule.options.find(({ name }) => name === keyword || keywords.get(name)?.name === keyword);
    return option?.span ?? this.rule.protocolSpan;
  }

  /** Rules that tell of themselves only where they are asked to. */
  #isQuiet({ action, furtherActions }: Rule): boolean {
    if (action === 'config') return true;
    return this.#compiler.firewall === true ? !furtherActions.some((one) => one.action === 'alert') : action === 'pass';
  }

  /** Do actions, their scopes and the hook fit each other, and the kind of rule? */
  #checkActions(hook: RuleHook | undefined): void {
    const { action, scope, furtherActions, protocolSpan } = this.rule;
    const fail = (code: string, title: string, help?: string): void => this.#say('error', code, title, protocolSpan, help);
    if (this.#compiler.firewall !== true) {
      if (action === 'accept') fail('rule/accept', '`accept` is an action of firewall rules', 'write `pass`');
      if (furtherActions.length > 0) fail('rule/several-actions', 'several actions are for firewall rules', 'leave the first one');
      if (scope === 'tx' || scope === 'hook')
        fail('rule/scope', `\`${action}:${scope}\` is for firewall rules`, `write \`${action}:packet\` or \`${action}:flow\``);
      if (hook?.of === 'packet' && hook.name.startsWith('pre_') && (action !== 'config' || hook.name !== 'pre_flow'))
        fail('rule/firewall-hook', `\`${hook.name}\` is a hook of firewall rules`);
      if (hook?.of === 'transaction' && hook.andBefore) fail('rule/firewall-hook', 'hooks with `<` are for firewall rules');
      return;
    }
    if (action === 'alert' || action === 'pass')
      fail('rule/firewall-action', `\`${action}\` can not be what a firewall rule does first`, 'write `accept:…` or `drop:…` first');
    if (scope === undefined) fail('rule/firewall-scope', 'a firewall rule says what its action is about', `write \`${action}:packet\` or \`${action}:flow\``);
    if (hook === undefined && !this.#failed)
      fail('rule/firewall-hook', 'a firewall rule says where it stands', 'write a hook behind the protocol, such as `tcp:all`');
    if (action !== 'accept' && (scope === 'tx' || scope === 'hook')) fail('rule/scope', `\`${scope}\` is no scope of \`${action}\``);
    if (scope === 'tx' && hook?.of === 'packet') fail('rule/scope', 'packets have no transaction', 'write `accept:hook`, `accept:packet` or `accept:flow`');
    for (const further of furtherActions) {
      if (further.action !== 'alert' && further.action !== 'pass') fail('rule/firewall-action', `\`${further.action}\` can not follow another action`);
      else if (further.scope === 'tx' || further.scope === 'hook') fail('rule/scope', `\`${further.scope}\` is no scope of \`${further.action}\` here`);
    }
  }

  /** A packet can only be left without a flow before it has one; a transaction has to be there. */
  #checkConfig(hook: RuleHook | undefined): void {
    if (this.#config !== 'packet-untracked' || (hook?.of === 'packet' && hook.name === 'pre_flow')) return;
    this.#say(
      'error',
      'config/hook',
      '`tracking disable` is for packets that have no flow yet',
      this.rule.protocolSpan,
      'write `:pre_flow` behind the protocol',
    );
  }

  #standAt(hook: RuleHook): void {
    if (hook.of === 'packet') {
      if (hook.name === 'flow_start') this.#packetConditions.push(FIRST_PACKET);
      return;
    }
    this.addTransaction({
      keyword: 'hook',
      describes: `${hook.protocol} came to ${hook.name}`,
      protocol: hook.protocol,
      progress: hook.progress,
      directions: [hook.direction],
      test: () => true,
    });
  }

  /** Transactions come of many packets, so nothing can be asked about the one packet that carries them. */
  #checkPacketFields(tests: readonly BufferTest<TransactionBuffer>[]): void {
    const field = this.#packetConditions.find(({ keyword }) => PACKET_FIELDS.has(keyword));
    if (field === undefined) return;
    const asked = tests.length > 0 || this.#anomalies.length > 0 || this.#transactionConditions.some(({ keyword }) => keyword !== 'hook');
    if (asked)
      this.#say(
        'error',
        'rule/packet-and-transaction',
        `\`${field.keyword}\` is about one packet, other options about what an application protocol transmits`,
        this.#spanOf(field.keyword),
        'write a rule for each, and tie them with `flowbits`',
      );
  }

  /** A frame is looked at by itself, so nothing else can be known beside it. */
  #checkFrames(tests: readonly BufferTest<FrameBuffer>[], mixed: boolean): void {
    const [first] = tests;
    if (mixed) this.#say('error', 'frame/mixed', 'frames can not be looked at together with payload or other buffers', this.rule.protocolSpan);
    if (tests.some((test) => test.buffer.name !== first.buffer.name))
      this.#say('error', 'frame/several', 'no frame is of two kinds', this.rule.protocolSpan, 'write a rule for each');
  }

  #checkFiles(buffer: string, protocols: readonly string[] | undefined): void {
    // Those behind the first carry it: files that they have besides are not its own.
    if (protocols === undefined || this.#compiler.catalogue.protocols.get(protocols[0])?.carriesFiles === true) return;
    this.#say('error', 'rule/no-files', `${protocols[0]} carries no files, so \`${buffer}\` is never there`, this.rule.protocolSpan);
  }

  /** Header protocol and what the keywords demand must agree. Undefined: no application protocol is asked for. */
  #resolveProtocols(): readonly string[] | undefined {
    const written = this.rule.protocol.split(':')[0];
    let fromHeader: string | undefined;
    if (!PACKET_PROTOCOLS.has(written)) {
      fromHeader = this.#compiler.catalogue.protocols.get(written)?.name;
      if (fromHeader === undefined) {
        this.#say('error', 'rule/unknown-protocol', `protocol \`${written}\` is not known or not built yet`, this.rule.protocolSpan, 'the rule is not loaded');
        return undefined;
      }
    }
    let left = fromHeader === undefined ? undefined : this.spokenAs(written);
    for (const demanded of this.#protocols) {
      const able = this.#alone.has(demanded) ? [demanded] : this.#carriers(demanded);
      const both: readonly string[] = left === undefined ? able : left.filter((name) => able.includes(name));
      // What both may be carried by is neither of them.
      const isOther = fromHeader !== undefined && !able.includes(fromHeader) && !this.spokenAs(written).includes(demanded);
      if (both.length === 0 || isOther) {
        const title =
          fromHeader === undefined
            ? `keywords of different protocols: ${[...this.#protocols].join(', ')}`
            : `the header asks for \`${fromHeader}\`, a keyword for \`${demanded}\``;
        this.#say('error', 'rule/protocol-conflict', title, this.rule.protocolSpan, ...(fromHeader === undefined ? ['no flow can be both'] : []));
        return undefined;
      }
      left = both;
    }
    return left;
  }

  /** Protocols of the flows on which this one may be found. */
  #carriers(name: string): readonly string[] {
    return [name, ...(this.#compiler.catalogue.protocols.get(name)?.carriedBy ?? [])];
  }

  #flowDemands(): FlowDemands {
    const has = (demand: FlowDemand): boolean => this.#flow.has(demand);
    return {
      established: has('established'),
      notEstablished: has('not_established'),
      stateless: has('stateless'),
      direction: has('to_server') ? TO_SERVER : has('to_client') ? TO_CLIENT : undefined,
      onlyStream: has('only_stream'),
      noStream: has('no_stream'),
      onlyFragments: has('only_frag'),
      noFragments: has('no_frag'),
      any: this.#flow.size > 0,
    };
  }

  /** Directions in which every buffer exists; none left is the author's mistake. */
  #directions(flow: FlowDemands, tests: readonly BufferTest<TransactionBuffer>[]): readonly Direction[] | undefined {
    if (this.rule.direction === '=>') return this.#bothDirections(flow, tests);
    let directions = flow.direction === undefined ? BOTH : [flow.direction];
    const narrow = (name: string, of: readonly Direction[]): boolean => {
      const left = directions.filter((direction) => of.includes(direction));
      if (left.length === 0) {
        this.#say(
          'error',
          'rule/direction',
          `\`${name}\` does not exist in the direction that the rule looks at`,
          this.rule.protocolSpan,
          'correct `flow:` or move the condition into a rule for the other direction',
          undefined,
          this.#turned(),
        );
        return false;
      }
      directions = left;
      return true;
    };
    for (const test of tests) if (!narrow(test.buffer.name, test.buffer.directions)) return undefined;
    for (const condition of this.#transactionConditions) if (!narrow(condition.keyword, condition.directions)) return undefined;
    return directions;
  }

  /** The option that names a direction, with the other one. */
  #turned(): Fix | undefined {
    for (const { name, value, valueSpan } of this.rule.options) {
      const words = value?.split(',').map((word) => word.trim()) ?? [];
      if (!words.some((word) => TURNED[word] !== undefined)) continue;
      const text = words.map((word) => TURNED[word] ?? word).join(',');
      return { title: `write \`${name}:${text}\``, safe: false, edits: [{ span: valueSpan, text }] };
    }
    return undefined;
  }

  /** `=>`: request and response together, decided when the response is looked at. Each condition must say by itself which it is for. */
  #bothDirections(flow: FlowDemands, tests: readonly BufferTest<TransactionBuffer>[]): readonly Direction[] | undefined {
    const refuse = (code: string, title: string, help: string): undefined => {
      this.#say('error', `rule/${code}`, title, this.rule.protocolSpan, help);
      return undefined;
    };
    if (flow.direction !== undefined) return refuse('both-and-one', '`=>` looks at both directions, `flow` names one', 'leave the direction out of `flow`');
    const asked = [
      ...tests.map(({ buffer }) => ({ name: buffer.name, directions: buffer.directions })),
      ...this.#transactionConditions.map(({ keyword, directions }) => ({ name: keyword, directions })),
    ];
    const unclear = asked.find(({ directions }) => directions.length > 1);
    if (unclear !== undefined) {
      return refuse('both-unclear', `\`${unclear.name}\` exists in both directions: with \`=>\` nothing says which is meant`, 'use keywords of one direction');
    }
    for (const direction of BOTH) {
      if (asked.some(({ directions }) => directions[0] === direction)) continue;
      const side = direction === TO_SERVER ? 'request' : 'response';
      return refuse('both-but-one', `\`=>\` looks at request and response, but no condition is for the ${side}`, 'add one, or write `->`');
    }
    return [TO_CLIENT];
  }

  /**
   * Payload contents look at the stream where the packet is TCP; with offset or depth at single packets too, since those count from
   * the beginning of a packet there. `dsize`, `tcp-pkt` and their like look at packets alone.
   */
  #places(payload: readonly BytesCondition[]): { inPacket: boolean; inStream: boolean; onlyInStream: boolean } {
    const written = this.rule.protocol.split(':')[0];
    if (written === 'tcp-pkt' || this.#packetOnly || this.#flow.has('no_stream')) return { inPacket: true, inStream: false, onlyInStream: false };
    if (written === 'tcp-stream' || this.#streamOnly || this.#flow.has('only_stream')) return { inPacket: false, inStream: true, onlyInStream: true };
    const positioned = payload.some(
      (one) =>
        one.kind === 'content' &&
        (one.offset !== undefined || one.depth !== undefined || one.startsWith) &&
        one.distance === undefined &&
        one.within === undefined,
    );
    return { inPacket: positioned, inStream: true, onlyInStream: false };
  }
}

/** The keyword that was probably meant. */
function fixOf(option: RuleOption, known: Iterable<string>): Fix | undefined {
  const meant = didYouMean(option.name, known);
  return meant === undefined ? undefined : { title: `write \`${meant}\``, safe: false, edits: [{ span: option.nameSpan, text: meant }] };
}

/** `flow_start`: the first packet that a flow sees of each direction. */
const FIRST_PACKET: PacketCondition = {
  keyword: 'hook',
  describes: 'the first packet of its direction',
  cost: 1,
  test: (packet, flow) => flow !== undefined && (packet.direction === TO_SERVER ? flow.packetsToServer : flow.packetsToClient) === 1,
};

const COST_BY_SHAPE: Readonly<Record<TransactionBuffer['shape'], number>> = { name: 0, text: 0, body: 1 };

/** Do these look at bytes and keep nothing of them? */
function looksAtOnly(conditions: readonly BytesCondition[]): boolean {
  return conditions.every((one) => one.kind === 'content' || (one.kind === 'pattern' && one.captures.length === 0));
}

function changesState(operation: StateOperation): boolean {
  if (operation.kind === 'bit') return operation.operation === 'set' || operation.operation === 'unset' || operation.operation === 'toggle';
  return operation.operation === '=' || operation.operation === '+' || operation.operation === '-';
}

const NO_OPTION: RuleOption = { name: 'rule', value: undefined, span: { start: 0, end: 0 }, nameSpan: { start: 0, end: 0 }, valueSpan: { start: 0, end: 0 } };
