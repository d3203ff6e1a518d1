/** Everything pluggable, put together. The only door of this package. */
export { allKeywords, catalogue } from './catalogue.ts';
export { type Refanged, refang } from './formats/refang/refang.ts';
export { dataSetsToSave } from './keywords/datasets/data-set.ts';
