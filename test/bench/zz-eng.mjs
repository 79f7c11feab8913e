import { createEngine } from '../../dist/engine.js';
import { messageTexts } from './messages.mjs';
import { withFresh, median } from './measure.mjs';
const NOW=1.8e12; const texts=messageTexts(100_000); const sentAt=new Date(NOW).toISOString();
const other = process.argv[2] ? (await import(process.argv[2])).createEngine : undefined;
const bare=()=>withFresh(texts,(messages)=>{const a=new Map(),b=new Map();for(const m of messages){a.set(m.messageId,m);const t=b.get(m.anonymousId);if(t)t.push(m);else b.set(m.anonymousId,[m]);}return[a,b];});
const eng=(create)=>withFresh(texts,(messages)=>{const e=create();for(let i=0;i<messages.length;i+=100)e.receive(messages.slice(i,i+100),{receivedAt:NOW+i,sentAt});return e;});
const B=[],O=[],P=[];
const R=+(process.argv[3]??15);
for(let i=0;i<R;i++){B.push(bare());O.push(eng(createEngine));if(other)P.push(eng(other));}
const us=(v)=>{const s=v.toSorted((a,b)=>a-b);return [0,s.length>>2,s.length>>1].map((i)=>(s[i]/1e5).toFixed(2)).join('/')};
console.log('bare',us(B),'ours',us(O),(median(B)/median(O)).toFixed(3),other?`other ${us(P)} ${(median(B)/median(P)).toFixed(3)}`:'');
