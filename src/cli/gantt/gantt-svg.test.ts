import { describe, expect, it } from 'vitest';
import type { RunDescription, TaskDescription } from '../../run/run.js';
import { TASK_STATES } from '../../dag/task-state.js';
import { ganttSvg } from './gantt-svg.js';

const BEGAN = Date.parse('2026-11-01T12:00:00Z');
const now = BEGAN + 20_000;

function at(seconds: number): string {
  return new Date(BEGAN + seconds * 1_000).toISOString();
}

function runOf(tasks: readonly TaskDescription[], more: Partial<RunDescription> = {}): RunDescription {
  return { runId: 'sales-1', dag: 'sales', state: 'running', startedAt: at(0), counts: {}, tasks, ...more };
}

function ran(name: string, from: number, to: number, more: Partial<TaskDescription> = {}): TaskDescription {
  return { name, state: 'succeeded', attempts: 1, startedAt: at(from), endedAt: at(to), ...more };
}

/** The bars: rectangles with a fill of their own, rows before the legend. */
function barsOf(svg: string): { x: number; y: number; width: number; fill: string }[] {
  return [...svg.matchAll(/<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="14" rx="2" fill="([^"]+)"/g)].map(
    ([, x, y, width, fill]) => ({ x: Number(x), y: Number(y), width: Number(width), fill: fill ?? '' }),
  );
}

describe('ganttSvg', () => {
  it('draws a bar for each task, from left to right as time goes, and a legend', () => {
    const bars = barsOf(ganttSvg(runOf([ran('b', 5, 15), ran('a', 0, 5)]), { now }));
    expect(bars).toHaveLength(3);
    const [a, b] = bars;
    expect(b?.y).toBe((a?.y ?? 0) + 22);
    expect(b?.x).toBeCloseTo((a?.x ?? 0) + (a?.width ?? 0), 1);
    expect(b?.width).toBeCloseTo(2 * (a?.width ?? 0), 1);
  });

  it.each([320, 400, 960, 4_000])('keeps all in a picture of %d pixels', (width) => {
    const tasks = TASK_STATES.map((state, i) => ran(`${state}-${'x'.repeat(60)}`, i, 2 * i, { state, attempts: 12 }));
    const svg = ganttSvg(runOf(tasks, { runId: 'r'.repeat(200) }), { now, width });
    const [, height] = /viewBox="0 0 \d+ (\d+)"/.exec(svg) ?? [];
    for (const bar of barsOf(svg)) {
      expect(bar.x).toBeGreaterThanOrEqual(16);
      expect(bar.x + bar.width).toBeLessThanOrEqual(width - 16);
      expect(bar.y + 14).toBeLessThanOrEqual(Number(height));
    }
    for (const [, x = '', content = ''] of svg.matchAll(/<text[^>]* x="([\d.]+)"[^>]*>([^<]*)</g)) {
      // 6 pixels are what a character of the smaller text takes at least.
      expect(Number(x) + content.length * 6).toBeLessThanOrEqual(width + 6);
    }
  });

  it('tells states apart by patterns and words, too', () => {
    const svg = ganttSvg(runOf([ran('a', 0, 5, { state: 'failed', attempts: 3 }), ran('b', 1, 2)]), { now });
    expect(svg).toContain('<pattern id="dagwright-failed"');
    expect(svg).toContain('>5.0 s ×3 failed</text>');
    expect(svg).toContain('>1 failed</text>');
    expect(svg).toContain('>1 succeeded</text>');
    expect(svg).not.toContain('dagwright-cancelled');
  });

  it('draws a bar for each start of a task that was stopped', () => {
    const barsOf = (task: TaskDescription): number =>
      [...ganttSvg(runOf([task]), { now }).matchAll(/<rect [^>]*height="14"/g)].length;
    const earlierStarts = [{ startedAt: at(0), endedAt: at(2) }];
    expect(barsOf(ran('again', 3, 5, { earlierStarts })) - barsOf(ran('once', 3, 5))).toBe(1);
  });

  it('escapes what comes from outside, and drops what no XML may hold', () => {
    const error = { code: 'X', message: '</title><script>alert("1")</script> & \u0000\u001b[2J\ud800\ufffe' };
    const svg = ganttSvg(runOf([ran('a', 0, 5, { state: 'failed', error })], { runId: `<b>&"'` }), { now });
    expect(svg).not.toMatch(/<script|<b>/);
    expect(svg).toContain('&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp;');
    expect(svg).toMatch(/^[\n\x20-\x7e\u00a0-\ud7ff]*$/u);
  });

  it('is readable on white and on black: it brings its own paper for both', () => {
    const svg = ganttSvg(runOf([ran('a', 0, 5)]), { now });
    expect(svg).toContain('<rect class="paper"');
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|<image|<use|@import/);
  });

  it('marks the present only while the run goes on', () => {
    expect(ganttSvg(runOf([ran('a', 0, 5)]), { now })).toContain('class="now"');
    expect(ganttSvg(runOf([ran('a', 0, 5)], { state: 'succeeded', endedAt: at(5) }), { now })).not.toContain(
      'class="now"',
    );
  });

  it('says what it leaves out', () => {
    const tasks = Array.from({ length: 600 }, (_, i) => ran(`t${i}`, i, i + 1));
    expect(ganttSvg(runOf(tasks), { now })).toContain('… 100 more ran (--all shows them)');
    expect(barsOf(ganttSvg(runOf(tasks), { now, most: Infinity }))).toHaveLength(601);
    expect(ganttSvg(runOf([{ name: 'a', state: 'pending', attempts: 0 }]), { now })).toContain('… 1 did not start');
  });

  it('draws the items of a fan-out as one profile, as high as many were under way', () => {
    const items = Array.from({ length: 2_000 }, (_, index) =>
      ran(`convert[${index}]`, index / 200, index / 100, { item: { of: 'convert', index } }),
    );
    const fanOut = { items: 2_000, ended: 2_000, failed: 3 };
    const svg = ganttSvg(runOf([ran('convert', 0, 20, { fanOut, state: 'failed' }), ...items]), { now });
    const [, path = '', fill] = /<path d="(M[^"]+Z)" fill="([^"]+)"\/><text/.exec(svg) ?? [];
    expect(fill).toBe('url(#dagwright-failed)');
    const tops = [...path.matchAll(/M[\d.]+ ([\d.]+)V([\d.]+)H/g)].map(
      ([, bottom, top]) => Number(bottom) - Number(top),
    );
    expect(Math.max(...tops)).toBe(14);
    expect(tops[0]).toBeLessThan(7);
    expect(svg).toContain('2000/2000 items, 3 failed');
    expect(svg.length).toBeLessThan(20_000);
    expect(svg).not.toContain('convert[');
  });
});
