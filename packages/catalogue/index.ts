/** Everything pluggable, put together. The only door of this package. */
export { allKeywords, catalogue } from './catalogue.ts';
export { openCountries } from './formats/country-database/country-database.ts';
export { dataSetsToSave, keepDataSets } from './formats/data-set/data-set.ts';
export { describeContent } from './formats/file-magic/file-magic.ts';
export { HttpTransaction } from './formats/http-message/exchange.ts';
export { hostName } from './formats/http-message/uri.ts';
export { failureOf, Script } from './formats/lua-script/script.ts';
export { type Refanged, refang } from './formats/refang/refang.ts';
