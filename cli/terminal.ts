import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Where a command writes: text for people on one stream, progress on the other. */
export interface Terminal {
  /** Results: standard output. */
  out(text: string): void;
  /** Progress and errors: standard error, so that results can be piped. */
  note(text: string): void;
  /** A line that the next one replaces; nothing when not a terminal. */
  progress(text: string): void;
  style(style: Style, text: string): string;
  readonly isInteractive: boolean;
  readonly width: number;
}

export interface TerminalOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Values never to print. */
  readonly secrets: readonly string[];
}

const secretLengthMin = 4;

/** Replaces every secret by `[secret]`, the longest first. */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets.toSorted((left, right) => right.length - left.length)) {
    if (secret.length >= secretLengthMin) masked = masked.replaceAll(secret, '[secret]');
  }
  return masked;
}

function requirePipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, env } = options;
  const isInteractive = Boolean(stderr.isTTY) && env['TERM'] !== 'dumb' && !env['CI'];
  const hasColor = Boolean(stdout.isTTY) && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const isClosed = { out: false, note: false };
  // Whoever reads us may leave early (`| head`): the work goes on, only the words have nowhere to
  // go.
  stdout.on('error', (error) => {
    isClosed.out = true;
    requirePipe(error);
  });
  stderr.on('error', (error) => {
    isClosed.note = true;
    requirePipe(error);
  });
  let progressShown = false;
  const clearProgress = (): void => {
    if (!progressShown) return;
    stderr.write('\r\u001b[K');
    progressShown = false;
  };
  return {
    isInteractive,
    width: stdout.columns ?? 100,
    out: (text) => {
      clearProgress();
      if (!isClosed.out) stdout.write(`${maskSecrets(text, options.secrets)}\n`);
    },
    note: (text) => {
      clearProgress();
      if (!isClosed.note) stderr.write(`${maskSecrets(text, options.secrets)}\n`);
    },
    progress: (text) => {
      if (!isInteractive) return;
      clearProgress();
      const columns = stderr.columns ?? 100;
      stderr.write(maskSecrets(text, options.secrets).slice(0, columns - 1));
      progressShown = true;
    },
    style: (style, text) => (hasColor ? styleText(style, text, { validateStream: false }) : text),
  };
}
