// What a whole run needs beside the browsers; gives what ends it.
import { firefoxPath } from './firefox.mjs';
import { startSoundServer } from './sound-server.mjs';

export default async function setup() {
  return firefoxPath() ? startSoundServer() : undefined;
}
