let sheet: CSSStyleSheet | undefined;

/** The look of the log, made once however many logs a page has. A sheet made by script is allowed where a style attribute is not (CSP). */
export function activitySheet(): CSSStyleSheet {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
  }
  return sheet;
}

// The icon of a line has its middle 23px below the line's top, whatever the line's height: the rails meet it there.
// Its words are English, read from the left, however the page around it writes.
// A rail begins in the line above: where a pixel of the sheet is one and a half of the screen, it would be broken between two lines.
// Marks are borders, which stay where the colours are those of the system and grounds are left out (forced-colors).
// list.ts knows the heights of the lines and the width below which the log is narrow.
const CSS = `
:host {
  direction: ltr; text-align: start; text-transform: none; letter-spacing: normal;
  --ink: var(--hitherto-ink, #1d2125); --paper: var(--hitherto-paper, #fff); --accent: var(--hitherto-accent, #0b7569);
  --soft: #5f666e; --line: #ebebe8; --edge: #d3d4cf; --wash: #f6f6f4; --warn: #a34a0b; --lane1: #a3590b; --lane2: #4d57c8; --danger: #b3261e; --light: 91%; --dark: 30%;
  display: flex; flex-direction: column; position: relative; box-sizing: border-box; min-height: min(380px, var(--hitherto-height, 640px)); height: var(--hitherto-height, auto); max-height: var(--hitherto-height, 640px); overflow: hidden; container-type: inline-size; color-scheme: light dark; color: var(--ink); background: var(--paper);
  font: 14px/24px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
:host([hidden]), [hidden] { display: none !important; }
@media (prefers-color-scheme: dark) {
  :host {
    --ink: var(--hitherto-ink, #e6e8ea); --paper: var(--hitherto-paper, #15181b); --accent: var(--hitherto-accent, #53c7b5);
    --soft: #98a0a8; --line: #282d32; --edge: #3d444b; --wash: #1c2024; --warn: #eca065; --lane1: #dfa65c; --lane2: #9aa4ff; --danger: #ff8a80; --light: 24%; --dark: 82%;
  }
}
button { font: inherit; color: inherit; background: none; border: 0; padding: 0; margin: 0; cursor: pointer; }
:where(:focus-visible) { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
svg { width: 16px; height: 16px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
p, h2, h3, ol, ul, dl, dd, pre { margin: 0; padding: 0; list-style: none; }
bdi { overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.warn { color: var(--warn); }
.mono, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.93em; }

header { flex: none; display: flex; align-items: center; justify-content: space-between; gap: 16px; border-bottom: 1px solid var(--line); padding: 0 20px; }
[role=tablist] { display: flex; gap: 24px; min-width: 0; overflow-x: auto; scrollbar-width: none; }
[role=tab] { flex: none; padding: 14px 0; color: var(--soft); font-weight: 500; }
[role=tab]:hover { color: var(--ink); }
[role=tab][aria-selected=true] { padding-bottom: 12px; border-bottom: 2px solid var(--accent); color: var(--ink); }
[role=tab]:focus-visible { outline-offset: -3px; }
.count { margin-left: 4px; padding: 1px 7px; border-radius: 9px; background: var(--wash); color: var(--soft); font-size: 12px; font-variant-numeric: tabular-nums; }
.count:empty { display: none; }
.status { display: flex; align-items: center; gap: 8px; color: var(--soft); font-size: 13px; white-space: nowrap; }
.status::before { content: ""; border: 3.5px solid var(--edge); border-radius: 50%; }
.status.calm::before { border-color: var(--accent); } .status.wrong::before { border-color: var(--warn); }
.trouble { flex: none; overflow-wrap: anywhere; padding: 10px 20px; color: var(--warn); background: color-mix(in srgb, var(--warn) 8%, var(--paper)); }
.trouble.whole { flex: 1; padding: 56px 20px 64px; text-align: center; text-wrap: balance; background: none; }
.whole::before { content: "The log cannot be read"; display: block; margin-bottom: 4px; font-size: 16px; font-weight: 600; color: var(--ink); }
.caption { flex: none; padding: 0 20px 12px; color: var(--soft); font-size: 13px; line-height: 20px; }
.heard { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.body { flex: 1; min-height: 0; display: flex; }
[role=tabpanel] { flex: 1; min-width: 0; min-height: 0; display: flex; flex-direction: column; position: relative; }
.scroller, .page { flex: 1; min-height: 0; overflow: auto; overscroll-behavior: contain; }
.filters:not([hidden]) ~ :is(.scroller, .page, .empty) { border-top: 1px solid var(--line); }

input, select, .button { box-sizing: border-box; height: 34px; font: inherit; font-size: 13px; color: inherit; background: var(--paper); border: 1px solid var(--edge); border-radius: 8px; padding: 0 10px; min-width: 0; }
input::placeholder { color: var(--soft); opacity: 1; }
input::-webkit-search-cancel-button { display: none; }
select { padding-right: 4px; }
.button { font-weight: 500; padding: 0 14px; white-space: nowrap; }
.button:hover { background: var(--wash); }
.button:disabled { color: var(--soft); cursor: default; opacity: .6; }
.danger:not(:disabled) { color: var(--paper); background: var(--danger); border-color: transparent; }
.filters { flex: none; display: flex; flex-wrap: wrap; align-items: center; gap: 8px; padding: 14px 20px 12px; }
.joint { display: flex; flex: 1 1 300px; min-width: 0; max-width: 380px; }
.joint select { border-radius: 8px 0 0 8px; background: var(--wash); }
.joint input { flex: 1; border-left: 0; border-radius: 0 8px 8px 0; }
.filters > input { flex: 1; max-width: 380px; }
.between { display: flex; flex-wrap: wrap; gap: 8px 12px; }
.between label { display: inline-flex; align-items: center; gap: 8px; color: var(--soft); font-size: 13px; }
.between input { color: var(--ink); }
.chips { display: contents; }
.chip { display: inline-flex; align-items: center; gap: 6px; height: 32px; padding: 0 6px 0 12px; border: 1px solid var(--edge); border-radius: 17px; color: var(--soft); font-size: 13px; min-width: 0; max-width: 100%; box-sizing: border-box; }
.close { display: flex; padding: 5px; border-radius: 50%; color: var(--soft); }
.close:hover { background: var(--wash); color: var(--ink); }
.close svg { width: 12px; height: 12px; }
.pill { position: absolute; z-index: 2; bottom: 16px; left: 50%; translate: -50%; padding: 5px 16px; border-radius: 17px; color: var(--paper); background: var(--accent); font-weight: 550; font-size: 13px; box-shadow: 0 4px 16px rgb(0 0 0 / 18%); }

.feed { position: relative; --gutter: 20px; }
.lanes1 { --gutter: 38px; } .lanes2 { --gutter: 54px; } .lanes3 { --gutter: 70px; }
.row { position: absolute; inset: 0 0 auto 0; box-sizing: border-box; contain: strict; overflow-clip-margin: 1px; display: grid; grid-template-columns: 28px minmax(0, 1fr) minmax(0, 220px) 84px; align-content: start; gap: 0 12px; padding: 9px 20px 0 var(--gutter); --rail: var(--accent); cursor: default; }
.row:hover { background: var(--wash); }
.row:focus-visible { outline-offset: -2px; }
.row[data-lane="1"] { --rail: var(--lane1); } .row[data-lane="2"] { --rail: var(--lane2); }
.icon { position: relative; display: grid; place-items: center; width: 28px; height: 28px; border-radius: 50%; color: var(--soft); background: var(--wash); }
.icon svg { width: 14px; height: 14px; }
.what, .by { min-width: 0; margin-top: 2px; }
.title { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.title bdi { font-weight: 600; margin-right: 4px; overflow-wrap: normal; }
.what p { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.what p .who { max-width: 45%; }
small { margin-right: 4px; font-size: 12px; color: var(--soft); white-space: nowrap; }
time { color: var(--soft); font-variant-numeric: tabular-nums; }
.row > time { margin-top: 2px; font-size: 13px; text-align: right; white-space: nowrap; }
.by { display: flex; align-items: center; gap: 8px; color: var(--soft); height: 24px; overflow: hidden; }

.who { display: inline-flex; align-items: center; gap: 6px; min-width: 0; max-width: 100%; border-radius: 4px; color: var(--ink); vertical-align: bottom; }
.who bdi { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; overflow-wrap: normal; }
button.who:hover bdi, .person:hover .who bdi { text-decoration: underline; text-underline-offset: 3px; }
.who i { flex: none; width: 20px; height: 20px; border-radius: 50%; font: 600 11px/20px system-ui, sans-serif; text-align: center; background: hsl(var(--hue) 45% var(--light)); color: hsl(var(--hue) 45% var(--dark)); }
.h0 { --hue: 12; } .h1 { --hue: 42; } .h2 { --hue: 120; } .h3 { --hue: 200; } .h4 { --hue: 255; } .h5 { --hue: 320; }
.visitor { font: 13px/24px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; gap: 5px; }
.visitor svg, .was svg { color: var(--soft); }
.i-anonymous path, .i-was path:first-child { stroke-dasharray: 2.2 2.5; }
.i-was path:last-child { fill: currentColor; }
.was { display: inline-flex; flex: none; vertical-align: -4px; }
.was svg { width: 18px; height: 18px; }
.row .was svg { color: var(--rail); }

.rails { position: absolute; inset: 0 auto 0 0; width: var(--gutter); pointer-events: none; }
.rails i, .join::after { position: absolute; right: 0; border: 0 solid var(--way); border-left-width: 2px; }
.rails i { --way: var(--accent); top: -1px; bottom: 0; left: calc(var(--gutter) - 14px); }
.rails .lane1 { --way: var(--lane1); left: calc(var(--gutter) - 30px); }
.rails .lane2 { --way: var(--lane2); left: calc(var(--gutter) - 46px); }
.rails .open { top: 22px; border-top-width: 2px; border-top-left-radius: 10px; }
.rails .end, .join::after { bottom: auto; height: 23px; border-bottom-width: 2px; border-bottom-left-radius: 10px; }
.join::after { content: ""; left: -2px; top: 0; }
.row[data-was] .icon { background: var(--paper); color: var(--rail); box-shadow: inset 0 0 0 2px color-mix(in srgb, var(--rail) 35%, var(--paper)); }

.row[data-type=anon_merge] { background: color-mix(in srgb, var(--rail) 7%, var(--paper)); }
[data-type=anon_merge] .icon { background: var(--rail) !important; color: var(--paper); }
:is([data-type=anon_merge], [data-type=people_merged], [data-type=failed_attribute_change]) .what { grid-column: 2 / 4; grid-row: 1; }
:is([data-type=people_merged], [data-type=failed_attribute_change]) .by { grid-area: 1 / 3; }
[data-type=anon_merge] .title { color: var(--rail); }
.row > time { grid-area: 1 / 4; }
.oldest { color: var(--soft); white-space: nowrap; }
.oldest::before { content: "·"; margin: 0 6px; }
[data-type=failed_attribute_change] .icon { color: var(--warn); }
[data-type=failed_attribute_change] p { color: var(--soft); }

.empty, .teach { padding: 56px 20px 64px; text-align: center; color: var(--soft); flex: 1; }
:is(.empty, .teach) h2 { font-size: 16px; font-weight: 600; color: var(--ink); margin-bottom: 4px; }
.empty pre { display: inline-block; max-width: 100%; overflow-x: auto; box-sizing: border-box; margin-top: 16px; padding: 12px 16px; border-radius: 8px; text-align: left; background: var(--wash); color: var(--ink); font: 13px/22px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }

.people li + li, .queue li + li { border-top: 1px solid var(--line); }
.person, .queue li { width: 100%; box-sizing: border-box; display: grid; align-items: center; gap: 12px; padding: 11px 20px; text-align: left; }
.person { grid-template-columns: minmax(0, 1.2fr) minmax(0, 1fr) 120px 84px; }
.person:hover { background: var(--wash); }
.person:focus-visible { outline-offset: -2px; }
.person .who { font-weight: 550; }
.others { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.person time, .queue time { text-align: right; font-size: 13px; white-space: nowrap; }
.more { display: block; margin: 12px auto 20px; }
.queue li { grid-template-columns: 76px minmax(0, 1fr) auto 84px; }
.queued { font-weight: 550; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.state { justify-self: start; padding: 0 9px; border-radius: 10px; font-size: 12px; line-height: 20px; background: var(--wash); color: var(--soft); }
.sending { background: color-mix(in srgb, var(--accent) 14%, var(--paper)); color: var(--accent); }
.failed { background: color-mix(in srgb, var(--warn) 12%, var(--paper)); color: var(--warn); }
.failure { padding: 12px 20px; border-bottom: 1px solid var(--line); color: var(--warn); background: color-mix(in srgb, var(--warn) 6%, var(--paper)); }

aside { flex: none; width: 380px; box-sizing: border-box; overflow: auto; overscroll-behavior: contain; border-left: 1px solid var(--line); padding: 18px 20px 28px; background: var(--paper); }
aside .close-panel { float: right; margin: -2px -6px 0 8px; padding: 8px; }
.kind { color: var(--soft); font-weight: 550; font-size: 12px; line-height: 18px; }
aside h2 { font-size: 18px; line-height: 26px; font-weight: 650; overflow-wrap: anywhere; outline: none; }
aside h2.mono { font-size: 15px; }
aside h2.who { display: flex; align-items: start; gap: 8px; }
aside h2.who i { width: 26px; height: 26px; line-height: 26px; font-size: 13px; }
aside h2.who bdi { white-space: normal; overflow-wrap: anywhere; }
aside h3 { margin: 22px 0 8px; font-size: 13px; line-height: 20px; font-weight: 600; }
aside p { line-height: 22px; }
aside dl { display: grid; grid-template-columns: minmax(104px, auto) minmax(0, 1fr); gap: 4px 16px; font-size: 13px; line-height: 22px; }
dt { color: var(--soft); overflow-wrap: anywhere; max-width: 140px; }
dd { min-width: 0; overflow-wrap: anywhere; }
.actions { margin-top: 10px; }
.why { padding: 12px 14px; border-radius: 8px; background: var(--wash); font-size: 13px; overflow-wrap: anywhere; }
.why[data-joined=true] { background: color-mix(in srgb, var(--accent) 9%, var(--paper)); }
.reason { font-weight: 600; font-size: 14px; }
.ask { display: flex; gap: 8px; }
.ask input { flex: 1; }
.answer { font-size: 13px; } .answer p { margin-top: 8px; }
.tokens { display: flex; flex-wrap: wrap; gap: 6px; }
.tokens li { max-width: 100%; display: inline-flex; padding: 1px 10px 1px 8px; border-radius: 14px; background: var(--wash); font-size: 13px; }
.plain li { display: flex; gap: 10px; font-size: 13px; line-height: 26px; }
.plain bdi { flex: 1; }
.timeline li { position: relative; display: flex; gap: 12px; align-items: baseline; padding: 3px 0 3px 24px; font-size: 13px; line-height: 24px; }
.timeline time { white-space: nowrap; }
.timeline .text { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.timeline li::after { content: ""; position: absolute; left: 5px; top: 0; bottom: 0; border-left: 2px solid var(--accent); }
.timeline .was-anonymous::after { border-left-style: dashed; }
.timeline li::before { content: ""; position: absolute; z-index: 1; left: 1px; top: 10px; width: 10px; height: 10px; box-sizing: border-box; border-radius: 50%; border: 5px solid var(--accent); }
.timeline .was-anonymous::before { background: var(--paper); border: 2px dashed var(--accent); }
.timeline .merge .text { white-space: normal; }
.timeline .merge { padding-block: 6px; color: var(--accent); }
.timeline .merge::before { width: 16px; height: 16px; left: -2px; top: 10px; border: 4px solid color-mix(in srgb, var(--accent) 25%, var(--paper)); background: var(--accent); }
.timeline li:first-child::after { top: 14px; } .timeline li:last-child::after { bottom: auto; height: 14px; }
.whole-message { margin-top: 22px; font-size: 13px; }
summary { color: var(--soft); cursor: pointer; } summary:hover { color: var(--ink); }
aside pre { margin-top: 8px; padding: 10px 12px; max-height: 420px; overflow: auto; border-radius: 8px; background: var(--wash); font: 12px/19px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.erase { margin-top: 28px; padding-top: 14px; border-top: 1px solid var(--line); font-size: 13px; }
.erase summary { color: var(--danger); }
.erase > p { margin: 10px 0; }

.news { animation: come .5s ease-out; }
@keyframes come { from { opacity: 0; background: color-mix(in srgb, var(--rail) 20%, var(--paper)); } }
@media (prefers-reduced-motion: reduce) { .news { animation: none; } }
@container (max-width: 1000px) { .open .by { display: none; } .open .row { grid-template-columns: 28px minmax(0, 1fr) 0 84px; } }
@container (max-width: 820px) {
  aside { position: absolute; z-index: 3; inset: 0; width: auto; border-left: 0; }
}
@container (max-width: 620px) {
  header, .filters, .trouble { padding-left: 14px; padding-right: 14px; }
  .caption { padding: 0 14px 10px; }
  .filters { padding-block: 10px; }
  .joint { flex-basis: 100%; }
  .between { display: grid; grid-template-columns: auto minmax(0, 1fr); align-items: center; flex: 1 1 100%; } .between label { display: contents; }
  .status { font-size: 0; gap: 0; }
  .feed { --gutter: 14px; } .lanes1 { --gutter: 28px; } .lanes2 { --gutter: 42px; } .lanes3 { --gutter: 56px; }
  .rails .lane1 { left: calc(var(--gutter) - 27px); } .rails .lane2 { left: calc(var(--gutter) - 40px); }
  .row, .open .row { grid-template-columns: 28px minmax(0, 1fr) auto; gap: 0 10px; padding-right: 14px; }
  .row .by, .open .row .by { display: flex; grid-area: 2 / 2 / auto / 4; margin-top: 0; }
  .by:empty { display: none !important; }
  .what { display: contents !important; }
  .title { grid-area: 1 / 2; margin-top: 2px; }
  .what p { grid-column: 2 / 4; white-space: normal; }
  .what p .who { max-width: 100%; }
  .row > time { grid-area: 1 / 3; }
  .oldest { display: block; }
  .oldest::before { display: none; }
  .title bdi { margin: 0; } .row > time { font-size: 12px; }
  [role=tablist] { gap: 8px; font-size: 13px; } header { gap: 10px; } .count { margin: 0; padding: 1px 5px; font-size: 11px; }
  .person { grid-template-columns: minmax(0, 1fr) auto; padding: 10px 14px; row-gap: 0; }
  .others { grid-area: 2 / 1; } .joined { grid-area: 2 / 2; text-align: right; font-size: 13px; white-space: nowrap; }
  .failure { padding: 10px 14px; } .queue li { padding: 10px 14px; grid-template-columns: 72px minmax(0, 1fr) auto; } .queue li > .soft { display: none; }
}
@container (max-width: 340px) { .count { display: none; } }
`;
