/** What `docs/typescript-models.md` imports: its page shows the model alone. */
export const findNumbers = (text: string): string[] => text.match(/\+?[0-9]{3,}/g) ?? [];
