import {readFileSync,openSync,readSync} from 'node:fs';
import * as zlib from 'node:zlib';
import {parseRules} from '@sigwright/rule-language';
import {DEFAULT_SETTINGS} from '@sigwright/contracts';
import {catalogue} from '../catalogue/index.ts';
import {buildPlan,usePlan,savePlan,loadPlan,Engine} from './index.ts';
const t0=performance.now();
const text=readFileSync(process.argv[2],'utf8'); const t1=performance.now();
const parsed=parseRules(text); const t2=performance.now();
const dec=(f:(b:Uint8Array,o:object)=>Uint8Array)=>(b:Uint8Array,limit:number)=>{try{return f(b,{maxOutputLength:limit,finishFlush:zlib.constants.Z_SYNC_FLUSH});}catch(e){return undefined;}};
const settings={...DEFAULT_SETTINGS,verifyChecksums:false,decompressors:{gzip:dec(zlib.gunzipSync as never),deflate:dec(zlib.inflateSync as never)}};
const all=process.argv[4]==='all'?parsed.rules.map(r=>Object.assign(Object.create(r),{enabled:true})):parsed.rules;
const b=buildPlan([{path:'x',rules:all as never}],catalogue,settings); const t3=performance.now();
console.log('read',t1-t0|0,'parse',t2-t1|0,'build',t3-t2|0,'loaded',b.loaded,'refused',b.refused);
const codes=new Map<string,number>(); const ex=new Map<string,string>();
for(const p of b.problems) for(const d of p.diagnostics) if(d.severity==='error'){codes.set(d.code+' '+(d.code.startsWith('rule/')?d.title:''),(codes.get(d.code+' '+(d.code.startsWith('rule/')?d.title:''))??0)+1); ex.set(d.code,p.rule.sid+' '+d.title);}
console.log([...codes].sort((a,b)=>b[1]-a[1]).slice(0,40)); console.log([...ex].slice(0,30));
const d=b.data; console.log('packetAlways',d.packetAlways.length,'txAlways',d.transactionAlways.length,'addr',d.addressesOnly.length,'proto',d.protocolOnly.length,'groups',d.groups.map(g=>g.buffer+(g.rule>=0?'*':'')+g.direction+':'+(g.names?.values.length??0)+'/'+(g.grams?.grams.length??0)).join(' '),'payload',d.payload.map(p=>p.place+p.direction+':'+(p.head?.grams.length??0)+'/'+(p.full?.grams.length??0)).join(' '));
const bytes=savePlan(d,'k'); const t4=performance.now(); const l=loadPlan(bytes,'k'); console.log('plan MB',bytes.length/1e6,'save',t4-t3|0,'load',performance.now()-t4, l.ok);
if(process.argv[3]){ const use=usePlan(d,catalogue,settings); const al=new Map<number,number>(); const logs=new Map<string,number>();
 const e=new Engine(use,catalogue,settings,{alert(a){al.set(a.rule.sid,(al.get(a.rule.sid)??0)+1);},transaction(p,t,f,pk,fin){if(fin)logs.set(p.recordName,(logs.get(p.recordName)??0)+1);}});
 const c0=process.cpuUsage(); const fd=openSync(process.argv[3],'r'); const buf=new Uint8Array(1<<22); for(;;){const k=readSync(fd,buf); if(!k)break; const f=e.feed(buf.subarray(0,k)); if(f){console.log(f);break;}} console.log(e.finish()); const c=process.cpuUsage(c0);
 console.log('cpu',(c.user+c.system)/1e6,e.counters,[...logs],'rss',process.memoryUsage().rss>>20); console.log([...al].sort((a,b)=>b[1]-a[1]).slice(0,30)); }
