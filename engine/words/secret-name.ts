/** Names whose values must not reach SQL, logs, artifacts or messages. */
const secretName = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|API_?KEY/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Without the entries, at any depth, whose names are those of secrets. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value === null || typeof value !== 'object') return value;
  const shown = Object.entries(value).filter(([name]) => !isSecretName(name));
  return Object.fromEntries(shown.map(([name, item]) => [name, withoutSecrets(item)]));
}
