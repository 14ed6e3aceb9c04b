const suffixLetters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const idPattern = /^[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?$/;

/** Whether a text has the shape of a Salesforce id, 15 or 18 characters. */
export function isId(text: string): boolean {
  return idPattern.test(text);
}

/** The 18-character form: three letters at the end tell which of the 15 are capitals. */
export function toLongId(id: string): string {
  const short = id.slice(0, 15);
  let suffix = '';
  for (let block = 0; block < 15; block += 5) {
    let bits = 0;
    for (let at = 0; at < 5; at += 1) {
      const code = short.charCodeAt(block + at);
      if (code >= 65 && code <= 90) bits |= 1 << at;
    }
    suffix += suffixLetters.charAt(bits);
  }
  return short + suffix;
}

/** The id of the n-th record of an object: prefix, two letters for the org, a number in base 62. */
export function mintId(prefix: string, org: string, n: number): string {
  let number = '';
  for (let left = n; left > 0; left = Math.floor(left / 62)) {
    number = digits.charAt(left % 62) + number;
  }
  return toLongId(prefix + org + number.padStart(10, '0'));
}

/** A number below 62^length as text of base 62. */
export function toBase62(n: number, length: number): string {
  let text = '';
  for (let left = n; text.length < length; left = Math.floor(left / 62)) {
    text = digits.charAt(left % 62) + text;
  }
  return text;
}
