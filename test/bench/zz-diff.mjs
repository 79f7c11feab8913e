import assert from 'node:assert';
import { createEngine as A } from '/tmp/d1/engine.js';
import { createEngine as B } from '../../dist/engine.js';
let seed=+process.argv[2]||1; const rnd=()=>{seed=(seed*1664525+1013904223)>>>0;return seed/2**32;}; const pick=(a)=>a[Math.floor(rnd()*a.length)];
const H=3600e3, D=24*H;
const campaigns=[{name:'c',event:'e0'}];
let n=0; const t0=Date.now();
while(Date.now()-t0<(+process.argv[3]||60)*1000){ n++;
 const s0=seed; const a=A({campaigns}), b=B({campaigns}); let now=1.7e12; const many=rnd()<0.1;
 const steps=many?80:5+Math.floor(rnd()*25);
 try{
 for(let i=0;i<steps;i++){
  now+=Math.floor(rnd()*rnd()*(many?H:4*D)); const at=rnd()<0.2?now-Math.floor(rnd()*3*D):now;
  const r=rnd();
  const anon=pick(many?['a']:['a','b',undefined,'','null',' ']); const user=pick([undefined,undefined,'ada','bob','cio_ada','ada@x.io']); const id=many?'m'+Math.floor(rnd()*60):pick(['m1','m2','m3','m4',undefined,'m5','m6']);
  let both;
  if(r<0.8){ const type=pick(['track','track','page','identify','identify','alias','group']);
   const m={type,...(id&&{messageId:id}),...(anon!==undefined&&{anonymousId:anon}),...(user&&{userId:user}),timestamp:new Date(at-Math.floor(rnd()*rnd()*40*D)).toISOString()};
   if(type==='track')m.event=pick(['e0','e1']); if(type==='group')m.groupId='g'; if(type==='alias')m.previousId=pick(['a','b','ada']);
   if(type==='identify')m.traits=pick([undefined,{email:'ada@x.io'},{email:'bob@x.io',plan:'p'},{anonymous_id:'b'},{_update:true},{plan:'q'}]);
   const batch=rnd()<0.2?[m,{...m,messageId:'z'+i}]:[m];
   both=(e)=>e.receive(structuredClone(batch),{receivedAt:at,sequence:rnd.seq=i*2+1});
  } else if(r<0.84) both=(e)=>e.undoMerge(pick.x??anon??'a',now);
  else if(r<0.88){const w=pick(['ada','bob','email:ada@x.io','ada@x.io']);both=(e)=>e.deletePerson(w,now);}
  else if(r<0.90){const w=pick(['ada','bob']);both=(e)=>e.suppress(w,now);}
  else if(r<0.91){const w=pick(['ada','bob']);both=(e)=>e.unsuppress(w,now);}
  else if(r<0.94){const w=[pick(['ada','bob','ada@x.io']),pick(['ada','bob'])];both=(e)=>e.mergePeople(w[0],w[1],now);}
  else if(r<0.96){const v=rnd()<.5;both=(e)=>e.settings({anonymousEventMerge:v},now);}
  else both=(e)=>e.purge(now);
  assert.deepStrictEqual(both(b),both(a));
 }
 const view=(e)=>({p:e.people(),ev:e.events(),ac:e.activity(),cl:e.claims().sort((x,y)=>x.anonymousId<y.anonymousId?-1:1),tr:e.triggers(),lg:e.log().map(x=>JSON.stringify(x)),ex:['m1','m2','m3','m4','m5'].flatMap(m=>['a','b'].map(v=>e.log().filter(r=>r.message.messageId===m&&r.message.anonymousId===v).length>1?0:e.explain(m,v,now))),pr:e.preview('ada','a',now),su:e.suppressed(),nm:e.names('ada')});
 assert.deepStrictEqual(view(b),view(a));
 }catch(e){console.log('seed',s0,'after',n);const f=(e)=>e.log().map(r=>JSON.stringify([r.receivedAt,r.sequence,r.person,r.message]));console.log(f(b).filter(x=>!f(a).includes(x)),f(a).filter(x=>!f(b).includes(x)),e.message.slice(0,3000));console.log(f(b).map((x,i)=>x===f(a)[i]?'':x+' <> '+f(a)[i]).join(' '));process.exit(1);}
}
console.log('same in',n);
