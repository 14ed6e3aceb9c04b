import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { daily, hour, minute, openStage } from './stage.ts';

describe('a schedule', () => {
  test('runs each pipeline at its ticks and only then', async () => {
    const stage = openStage();
    stage.pipelines = [daily('hourly', '0 * * * *'), daily('nightly', '30 2 * * *')];
    await stage.start();
    expect(stage.started).toEqual([]);
    await stage.clock.advance(2 * hour);
    expect(stage.started).toEqual(['hourly@2026-03-01T10:00', 'hourly@2026-03-01T11:00']);
    await stage.clock.advance(16 * hour);
    expect(stage.started).toContain('nightly@2026-03-02T02:30');
    expect(stage.started.filter((one) => one.startsWith('hourly'))).toHaveLength(18);
  });

  test('takes the hour from the pipeline’s own zone', async () => {
    const stage = openStage();
    stage.pipelines = [
      daily('berlin', '30 2 * * *', 'Europe/Berlin'),
      daily('kolkata', '30 2 * * *', 'Asia/Kolkata'),
    ];
    await stage.start();
    await stage.clock.advance(24 * hour);
    expect(stage.started).toEqual(['kolkata@2026-03-01T21:00', 'berlin@2026-03-02T01:30']);
  });

  test('skips and counts ticks that come while the same pipeline runs', async () => {
    const stage = openStage();
    stage.pipelines = [daily('often', '* * * * *')];
    stage.endsAtOnce = false;
    await stage.start();
    await stage.clock.advance(4 * minute);
    expect(stage.started).toEqual(['often@2026-03-01T09:01']);
    expect(stage.store.find('often')).toMatchObject({
      skipped: 3,
      lastSkippedAt: '2026-03-01T09:04:00.000Z',
      missed: 0,
    });
    await stage.finish();
    expect(stage.started).toHaveLength(1);
    await stage.clock.advance(minute);
    expect(stage.started.at(-1)).toBe('often@2026-03-01T09:05');
  });

  test('runs different pipelines one after another, in the order they came due', async () => {
    const stage = openStage();
    stage.pipelines = [daily('first', '1 * * * *'), daily('second', '2 * * * *')];
    stage.endsAtOnce = false;
    await stage.start();
    await stage.clock.advance(3 * minute);
    expect(stage.started).toEqual(['first@2026-03-01T09:01']);
    await stage.finish();
    expect(stage.started).toEqual(['first@2026-03-01T09:01', 'second@2026-03-01T09:02']);
    expect(stage.store.list().map(({ skipped }) => skipped)).toEqual([0, 0]);
  });

  test('makes up for ticks missed asleep by one run, and counts the others', async () => {
    const stage = openStage();
    stage.pipelines = [daily('often', '*/10 * * * *')];
    await stage.start();
    await stage.clock.jump(3 * hour);
    expect(stage.started).toEqual(['often@2026-03-01T12:00 +17']);
    expect(stage.store.find('often')).toMatchObject({ missed: 17, skipped: 0 });
    await stage.clock.advance(10 * minute);
    expect(stage.started.at(-1)).toBe('often@2026-03-01T12:10');
  });

  test('does not spend long on a gap of years', async () => {
    const stage = openStage();
    stage.pipelines = [daily('often', '* * * * *')];
    await stage.start();
    await stage.clock.jump(3 * 365 * 24 * hour);
    expect(stage.started).toHaveLength(1);
    await stage.clock.advance(minute);
    expect(stage.started).toHaveLength(2);
  });

  test('makes up for ticks missed while stopped, once, at the next start', async () => {
    const stage = openStage();
    stage.pipelines = [daily('nightly', '30 2 * * *')];
    await stage.start();
    await stage.stop();
    await stage.clock.jump(3 * 24 * hour);
    expect(stage.started).toEqual([]);
    await stage.start();
    expect(stage.started).toEqual(['nightly@2026-03-04T02:30 +2']);
    await stage.stop();
    await stage.start();
    expect(stage.started).toHaveLength(1);
  });

  test('makes up for nothing when the schedule was changed in between', async () => {
    const stage = openStage();
    stage.pipelines = [daily('nightly', '30 2 * * *')];
    await stage.start();
    await stage.stop();
    await stage.clock.jump(3 * 24 * hour);
    stage.pipelines = [daily('nightly', '45 2 * * *')];
    await stage.start();
    expect(stage.started).toEqual([]);
  });

  test('goes on after a run that failed', async () => {
    const stage = openStage();
    stage.pipelines = [daily('often', '* * * * *')];
    stage.endsAtOnce = false;
    await stage.start();
    await stage.clock.advance(minute);
    await stage.fail(new Error('the CRM is down'));
    expect(stage.events).toContain('pipeline.failed');
    await stage.clock.advance(minute);
    expect(stage.started).toHaveLength(2);
  });

  test('does not repeat at once a run that took the process with it', async () => {
    const stage = openStage();
    stage.pipelines = [daily('often', '*/5 * * * *')];
    stage.endsAtOnce = false;
    await stage.start();
    await stage.clock.advance(5 * minute);
    const other = stage.store.find('often');
    expect(other?.decidedUntil).toBe('2026-03-01T09:05:00.000Z');
  });
});

describe('a stop', () => {
  test('waits for the run under way and starts none of those that wait', async () => {
    const stage = openStage();
    stage.pipelines = [daily('first', '1 * * * *'), daily('second', '2 * * * *')];
    stage.endsAtOnce = false;
    await stage.start();
    await stage.clock.advance(3 * minute);
    await stage.stop();
    expect(stage.started).toEqual(['first@2026-03-01T09:01']);
    stage.endsAtOnce = true;
    await stage.start();
    expect(stage.started).toEqual(['first@2026-03-01T09:01', 'second@2026-03-01T09:02']);
  });

  test('leaves a run that was still waiting for the lock to the next start', async () => {
    const stage = openStage();
    stage.pipelines = [daily('nightly', '1 9 * * *')];
    stage.endsAtOnce = false;
    stage.begins = false;
    await stage.start();
    await stage.clock.advance(2 * minute);
    await stage.stop();
    stage.endsAtOnce = true;
    await stage.start();
    expect(stage.started).toEqual(['nightly@2026-03-01T09:01', 'nightly@2026-03-01T09:01']);
  });
});

describe('the declaration', () => {
  test('is read again: new, changed and removed pipelines count without a restart', async () => {
    const stage = openStage();
    stage.pipelines = [daily('old', '0 * * * *'), daily('moved', '0 * * * *')];
    await stage.start();
    stage.pipelines = [daily('moved', '5 * * * *'), daily('new', '10 * * * *')];
    await stage.clock.advance(hour + 15 * minute);
    expect(stage.started).toEqual([
      'moved@2026-03-01T09:05',
      'new@2026-03-01T09:10',
      'moved@2026-03-01T10:05',
      'new@2026-03-01T10:10',
    ]);
  });

  test('that is at fault is reported once and keeps the times of the one before', async () => {
    const stage = openStage();
    stage.pipelines = [daily('often', '* * * * *')];
    await stage.start();
    stage.fault = new Error('pipelines.yaml:3:1 unknown key');
    await stage.clock.advance(5 * minute);
    expect(stage.events.filter((event) => event === 'schedule.unreadable')).toHaveLength(1);
    expect(stage.started).toHaveLength(5);
    stage.fault = undefined;
    await stage.clock.advance(minute);
    expect(stage.events).toContain('schedule.readable_again');
  });

  test('changed while its run is under way neither overlaps it nor stops running after it', async () => {
    const stage = openStage();
    stage.pipelines = [daily('often', '* * * * *')];
    stage.endsAtOnce = false;
    await stage.start();
    await stage.clock.advance(minute);
    stage.pipelines = [daily('often', '*/2 * * * *')];
    await stage.clock.advance(4 * minute);
    expect(stage.started).toHaveLength(1);
    await stage.finish();
    await stage.clock.advance(4 * minute);
    expect(stage.started).toHaveLength(2);
  });

  test('without a pipeline that waits takes its turn away', async () => {
    const stage = openStage();
    stage.pipelines = [daily('first', '1 * * * *'), daily('second', '2 * * * *')];
    stage.endsAtOnce = false;
    await stage.start();
    await stage.clock.advance(2 * minute);
    stage.pipelines = [daily('first', '1 * * * *')];
    await stage.clock.advance(2 * minute);
    await stage.finish();
    expect(stage.started).toEqual(['first@2026-03-01T09:01']);
  });
});

describe('the clock', () => {
  test('set back a little repeats no tick', async () => {
    const stage = openStage();
    stage.pipelines = [daily('often', '*/5 * * * *')];
    await stage.start();
    await stage.clock.advance(5 * minute);
    await stage.clock.jump(-minute);
    await stage.clock.advance(3 * minute);
    expect(stage.started).toEqual(['often@2026-03-01T09:05']);
  });

  test('set back by a year does not silence a pipeline for a year', async () => {
    const stage = openStage('2027-03-01T09:00:30.000Z');
    stage.pipelines = [daily('often', '*/5 * * * *')];
    await stage.start();
    await stage.clock.advance(5 * minute);
    await stage.stop();
    await stage.clock.jump(-365 * 24 * hour);
    await stage.start();
    expect(stage.events).toContain('schedule.clock_set_back');
    await stage.clock.advance(6 * minute);
    expect(stage.started).toHaveLength(2);
  });
});

test('every tick is run, skipped or counted as missed, whatever happens in between', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          act: fc.constantFrom('advance', 'jump', 'hold', 'finish', 'restart'),
          minutes: fc.integer({ min: 0, max: 90 }),
        }),
        { maxLength: 12 },
      ),
      async (acts) => {
        const stage = openStage();
        stage.pipelines = [daily('often', '*/7 * * * *')];
        await stage.start();
        for (const { act, minutes } of acts) {
          if (act === 'advance') await stage.clock.advance(minutes * minute);
          if (act === 'jump') await stage.clock.jump(minutes * minute);
          if (act === 'hold') stage.endsAtOnce = false;
          if (act === 'finish') {
            stage.endsAtOnce = true;
            await stage.finish();
          }
          if (act === 'restart') {
            await stage.stop();
            await stage.clock.jump(minutes * minute);
            await stage.start();
          }
        }
        stage.endsAtOnce = true;
        await stage.finish();
        await stage.clock.advance(7 * minute);
        const found = stage.store.find('often');
        const counted = stage.started.length + (found?.skipped ?? 0) + (found?.missed ?? 0);
        let ticks = 0;
        for (let at = Date.parse('2026-03-01T09:01Z'); at <= stage.clock.now(); at += minute) {
          if (new Date(at).getUTCMinutes() % 7 === 0) ticks += 1;
        }
        expect(counted).toBe(ticks);
        expect(new Set(stage.started).size).toBe(stage.started.length);
      },
    ),
    { numRuns: 25 },
  );
});
