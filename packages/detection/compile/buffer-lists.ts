/**
 * Which bytes each condition of a rule is asked of: the payload, a buffer or a frame behind its transforms, or what `base64_decode`
 * gave. Conditions on the same bytes stand in one list, in the order written.
 */
import {
  type BufferDefinition,
  type BytesCondition,
  type BytesDecode,
  type ContentCondition,
  type FrameBuffer,
  PAYLOAD,
  type RuleOption,
} from '@sigwright/contracts';
import type { AppliedTransform, BufferTest } from './compiled-rule.ts';
import type { VariablePlace } from './rule-variables.ts';

type Selectable = BufferDefinition | FrameBuffer;

interface ConditionList {
  /** names buffer and transforms */
  readonly key: string;
  readonly transforms: readonly AppliedTransform[];
  readonly conditions: BytesCondition[];
}

interface BufferList extends ConditionList {
  readonly buffer: Selectable;
}

export class BufferLists {
  readonly #payload: ConditionList = { key: PAYLOAD, transforms: [], conditions: [] };
  readonly #lists: BufferList[] = [];
  /** by key; undefined: none, as of most rules */
  #absent: Map<string, 'only' | 'or_else'> | undefined = undefined;
  /** undefined: the payload */
  #selected: Selectable | undefined = undefined;
  #transforms: AppliedTransform[] = [];
  #open: ConditionList = this.#payload;
  /** what is selected has no list yet */
  #isFresh = false;
  #decode: BytesDecode | undefined = undefined;
  /** conditions go to what was decoded */
  #decoded: BytesCondition[] | undefined = undefined;
  #lastContent: ContentCondition | undefined = undefined;
  #lastContentList: ConditionList | undefined = undefined;
  /** the option that selected a buffer which nothing was asked about yet */
  unused: RuleOption | undefined = undefined;

  get selected(): Selectable | undefined {
    return this.#selected;
  }

  get isFresh(): boolean {
    return this.#isFresh;
  }

  get isEmpty(): boolean {
    return this.#isFresh || this.#open.conditions.length === 0;
  }

  get inDecoded(): boolean {
    return this.#decoded !== undefined;
  }

  get place(): VariablePlace {
    return this.#decoded !== undefined ? 'decoded' : this.#selected === undefined ? 'payload' : 'buffer';
  }

  /** undefined: the payload */
  select(buffer: Selectable | undefined): void {
    this.#decoded = undefined;
    this.#transforms = [];
    this.#selected = buffer;
    this.#isFresh = buffer !== undefined;
    if (buffer === undefined) this.#open = this.#payload;
  }

  /** Behind contents, the transformed buffer is a new one; the contents before keep looking at the old. */
  openTransformed(): void {
    if (this.#isFresh) return;
    this.#transforms = [...this.#open.transforms];
    this.#isFresh = true;
  }

  addTransform(transform: AppliedTransform): void {
    this.#transforms.push(transform);
  }

  add(condition: BytesCondition): void {
    if (this.#decoded !== undefined) {
      this.#decoded.push(condition);
      if (condition.kind === 'content') {
        this.#lastContent = condition;
        this.#lastContentList = undefined;
      }
      return;
    }
    // What is relative to a content that was moved to another buffer looks there too.
    const follows = (condition.kind === 'test' || condition.kind === 'pattern') && condition.relative;
    const list = (follows ? this.#movedTo() : undefined) ?? this.#current();
    list.conditions.push(condition);
    if (condition.kind === 'content') {
      this.#lastContent = condition;
      this.#lastContentList = list;
    }
  }

  openDecode(decode: BytesDecode): void {
    (this.#movedTo() ?? this.#current()).conditions.push(decode);
    this.#decode = decode;
  }

  /** False: nothing was decoded. */
  selectDecoded(): boolean {
    if (this.#decode === undefined) return false;
    this.#decoded = this.#decode.conditions;
    return true;
  }

  get lastContent(): ContentCondition | undefined {
    return this.#lastContent;
  }

  get lastContentIsInPayload(): boolean {
    return this.#lastContentList === this.#payload;
  }

  moveLastContent(content: ContentCondition, to: Selectable): void {
    const from = this.#payload.conditions;
    from.splice(from.indexOf(content), 1);
    const list = this.#listFor(to, []);
    list.conditions.push(content);
    this.#lastContentList = list;
  }

  /** Does a content or pattern stand before the last content? */
  hasPrecedingMatch(): boolean {
    const list = this.#decoded ?? this.#lastContentList?.conditions ?? this.#open.conditions;
    const upTo = this.#lastContent === undefined ? list.length : list.indexOf(this.#lastContent);
    for (let at = 0; at < upTo; at++) if (list[at].kind === 'content' || list[at].kind === 'pattern') return true;
    return false;
  }

  setAbsent(mode: 'only' | 'or_else'): void {
    this.#absent ??= new Map();
    this.#absent.set(this.#current().key, mode);
  }

  get payload(): readonly BytesCondition[] {
    return this.#payload.conditions;
  }

  /** Of the buffers that something is asked about, in the order of their lists. */
  tests(): readonly BufferTest<Selectable>[] {
    const tests: BufferTest<Selectable>[] = [];
    for (const { transforms, key, conditions, buffer } of this.#lists) {
      const absent = this.#absent?.get(key) ?? 'no';
      if (conditions.length > 0 || absent !== 'no') tests.push({ transforms, key, conditions, absent, buffer });
    }
    return tests;
  }

  /** Where the last content was moved to from the payload. */
  #movedTo(): ConditionList | undefined {
    return this.#selected === undefined && this.#lastContentList !== this.#payload ? this.#lastContentList : undefined;
  }

  /** The list that conditions go to now; made when the first one comes, since transforms may still follow the buffer. */
  #current(): ConditionList {
    if (!this.#isFresh) return this.#open;
    this.#isFresh = false;
    this.unused = undefined;
    this.#open = this.#listFor(this.#selected!, this.#transforms);
    return this.#open;
  }

  #listFor(buffer: Selectable, transforms: readonly AppliedTransform[]): BufferList {
    const key = [buffer.name, ...transforms.map((one) => `${one.definition.name}:${JSON.stringify(one.argument) ?? ''}`)].join('|');
    const several = buffer.of === 'transaction' && buffer.multiple;
    const known = several ? undefined : this.#lists.find((list) => list.key === key);
    if (known !== undefined) return known;
    const made: BufferList = { buffer, key, transforms, conditions: [] };
    this.#lists.push(made);
    return made;
  }
}
