/** What a number dialled at home begins with abroad; the zero that is dropped before it. */
const countries: Readonly<Record<string, { readonly code: string; readonly trunk: string }>> = {
  CH: { code: '41', trunk: '0' },
  DE: { code: '49', trunk: '0' },
  FR: { code: '33', trunk: '0' },
  GB: { code: '44', trunk: '0' },
  US: { code: '1', trunk: '1' },
};

export interface PhoneNumber {
  /** E.164: a plus and at most fifteen digits. */
  readonly number: string;
  readonly extension: string | null;
}

const numberPattern = /(\+|00)?\(?\d[\d\s()/.-]{5,}\d(?:\s*(?:x|ext\.?|Durchwahl)\s*(\d{1,5}))?/gi;

export function findNumbers(text: string, country: string): PhoneNumber[] {
  const home = countries[country];
  return [...text.matchAll(numberPattern)].flatMap(([whole, abroad, extension = null]) => {
    const digits = whole.replace(/\s*(x|ext\.?|Durchwahl)\s*\d+$/i, '').replace(/\D/g, '');
    const number = abroad
      ? digits.replace(/^00/, '')
      : home && `${home.code}${localOf(digits, home.trunk)}`;
    return number === undefined || number.length > 15 ? [] : [{ number: `+${number}`, extension }];
  });
}

function localOf(digits: string, trunk: string): string {
  return digits.startsWith(trunk) ? digits.slice(trunk.length) : digits;
}
