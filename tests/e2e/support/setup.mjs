// What a whole run needs beside the browsers; gives what ends it.
import { wantedFirefox } from './firefox.mjs';
import { startSoundServer } from './sound-server.mjs';

export default async function setup() {
  return wantedFirefox() ? startSoundServer() : undefined;
}
