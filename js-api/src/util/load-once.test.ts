import { expect, it, vi } from 'vitest';
import { loadOnce } from './load-once';

it('loads once for all who ask', async () => {
  const load = vi.fn(() => Promise.resolve('module'));
  const module = loadOnce(load);
  expect(load).not.toHaveBeenCalled();
  expect(await Promise.all([module(), module()])).toEqual(['module', 'module']);
  await module();
  expect(load).toHaveBeenCalledOnce();
});

it('loads again after a failure', async () => {
  const load = vi.fn(() => Promise.resolve('module'));
  load.mockRejectedValueOnce(new Error('HTTP 503'));
  const module = loadOnce(load);
  await expect(Promise.all([module(), module()])).rejects.toThrow('HTTP 503');
  expect(await module()).toBe('module');
  expect(load).toHaveBeenCalledTimes(2);
});
