/** Most messages have none, and to look for one takes a quarter of the time of counting. */
const BEYOND_ASCII = /[\u0080-\uffff]/;

/** The length of a text in UTF-8, in bytes. Written out because neither side's encoder is everywhere this runs. */
export function utf8Bytes(text: string): number {
  let bytes = text.length;
  if (!BEYOND_ASCII.test(text)) return bytes;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Two bytes up to U+07FF, three above, four for a surrogate pair: two units, and two bytes more.
    bytes += unit < 0x800 ? 1 : 2;
    if (text.codePointAt(i)! > 0xffff) i++;
  }
  return bytes;
}
