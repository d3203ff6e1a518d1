import { readFileSync, writeFileSync } from 'node:fs';
import { catalogue } from '@sigwright/catalogue';
import { parseRules } from '@sigwright/rule-language';
import { Synthesizer } from '@sigwright/detection';
import { readYaml, configurationOf } from './shared/configuration.ts';
const text = readFileSync('/work/shared/rules/etopen.rules','utf8');
const {rules}=parseRules(text);
const { settings } = configurationOf(readYaml('/work/w-craft/apps/cli/suricata.yaml'), { verifyChecksums: true, inline: false });
const s=new Synthesizer(rules,catalogue,settings);
const step=Number(process.argv[2]??50), off=Number(process.argv[3]??0);
const only=process.argv[4]?new Set(process.argv[4].split(',').map(Number)):undefined;
const en=rules.filter(r=>r.enabled&&(only?only.has(r.sid):true));
let n=0,ok=0;const bad=new Map();const t=performance.now();let slow=[];
for(let i=off;i<en.length;i+=only?1:step){n++;const t0=performance.now();let r;try{r=s.synthesize(en[i],{silent:process.argv[5]==='silent'});}catch(e){r={problem:'THROW '+e.stack}}
 const dt=performance.now()-t0; if(dt>300)slow.push([en[i].sid,Math.round(dt)]);
 if('problem' in r){const k=r.problem.replace(/\d+/g,'N').slice(0,90);const e=bad.get(k)??[];e.push(en[i].sid+' '+r.problem.slice(0,200));bad.set(k,e);}
 else {ok++; if(only){console.log(r.sid,r.alerts,r.shows);for(const x of r.silent)console.log('  ',x.because); writeFileSync('/tmp/craft-'+r.sid+'.pcap',r.fires)}}}
console.log(ok,'of',n,(100*ok/n).toFixed(1)+'%',Math.round(performance.now()-t),'ms','slow',slow.slice(0,8).join(' '));
for(const [k,v] of [...bad].sort((a,b)=>b[1].length-a[1].length).slice(0,40)) console.log(v.length,k,'|',v.slice(0,3).map(x=>x.slice(0,8)).join(','));
