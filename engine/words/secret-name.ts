/** Names whose values must not reach SQL, logs, artifacts or messages. */
const secretName = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Words of a command line as they may be kept: a secret's name beside its value is left out. */
export function shownArguments(words: readonly string[]): string[] {
  return words.map((word) => {
    const [, flag = ''] = /^(--[\w-]+=)/.exec(word) ?? [];
    const value = word.slice(flag.length);
    return isSecretName(value) && /[:=]/.test(value) ? `${flag}…` : word;
  });
}

/** Without the entries, at any depth, whose names are those of secrets. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value === null || typeof value !== 'object') return value;
  const shown = Object.entries(value).filter(([name]) => !isSecretName(name));
  return Object.fromEntries(shown.map(([name, item]) => [name, withoutSecrets(item)]));
}
