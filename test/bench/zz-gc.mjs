import { PerformanceObserver, performance } from 'node:perf_hooks';
import v8 from 'node:v8';
const { createEngine } = await import(process.argv[2]);
import { messageTexts } from './messages.mjs';
const NOW=1.8e12; const texts=messageTexts(100_000); const sentAt=new Date(NOW).toISOString();
let gcs=[]; new PerformanceObserver((l)=>{for(const e of l.getEntries()) gcs.push([e.startTime,e.duration,e.detail.kind]);}).observe({entryTypes:['gc']});
for(let r=0;r<12;r++){
 const messages=texts.map((t)=>JSON.parse(t)); globalThis.gc();
 await new Promise(r=>setTimeout(r,20)); gcs=[];
 const h0=process.memoryUsage().heapUsed; const m0=v8.getHeapStatistics().malloced_memory; const t0=performance.now(), c0=process.cpuUsage();
 const e=createEngine();for(let i=0;i<messages.length;i+=100)e.receive(messages.slice(i,i+100),{receivedAt:NOW+i,sentAt});
 const t1=performance.now(); const c=process.cpuUsage(c0); const h1=process.memoryUsage().heapUsed;
 await new Promise(r=>setTimeout(r,20));
 const inside=gcs.filter(([s])=>s>=t0&&s<t1);
 console.log('wall',((t1-t0)*10).toFixed(0),'ns/ev cpu',((c.user+c.system)/100).toFixed(0),'gc',(inside.reduce((a,g)=>a+g[1],0)*10).toFixed(0),'n',inside.length,inside.map(g=>g[2]).join(''),'user',c.user/100|0,'sys',c.system/100|0,'heap+',((h1-h0)/1e5).toFixed(0));
 globalThis.keep=e;
}
