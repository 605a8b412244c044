// What a whole run needs beside the browsers; gives what ends it.
import process from 'node:process';
import { firefoxPath } from './firefox.mjs';
import { startSoundServer } from './sound-server.mjs';

export default async function setup() {
  return process.env.FERRY_FIREFOX && firefoxPath() ? startSoundServer() : undefined;
}
