// npm's @google/genai, unmodified, over plain ws. Run as `node google_genai.mjs SCENARIO URL SPEECH.raw`; prints one JSON object.

import { readFileSync } from 'node:fs';
import { GoogleGenAI, Modality } from '@google/genai';

const [scenario, url, file] = process.argv.slice(2);
const speech = readFileSync(file);
const NATIVE = 'gemini-2.5-flash-native-audio-latest';
const LIVE_3_8 = 'gemini-3.8-live';
const CONFIG = { responseModalities: [Modality.AUDIO], inputAudioTranscription: {}, outputAudioTranscription: {} };
const WEATHER = { functionDeclarations: [{ name: 'get_weather', parameters: { type: 'OBJECT', properties: { city: { type: 'STRING' } } } }] };

const seen = { audio: 0, said: '', heard: '', interrupted: 0, turns: 0, handle: null, calls: [], closed: null };
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function client(apiKey = 'any', apiVersion = 'v1beta') {
  return new GoogleGenAI({ apiKey, apiVersion, httpOptions: { baseUrl: url, apiVersion } });
}

/** Opens a session; what it receives is noted in `seen`. */
async function open(ai, model, config) {
  const session = await ai.live.connect({
    model,
    config,
    callbacks: {
      onmessage(message) {
        const content = message.serverContent;
        for (const part of content?.modelTurn?.parts ?? []) {
          if (part.inlineData) seen.audio += Buffer.from(part.inlineData.data, 'base64').length;
        }
        seen.said += content?.outputTranscription?.text ?? '';
        seen.heard += content?.inputTranscription?.text ?? '';
        seen.interrupted += content?.interrupted ? 1 : 0;
        seen.turns += content?.turnComplete ? 1 : 0;
        seen.handle = message.sessionResumptionUpdate?.newHandle ?? seen.handle;
        for (const call of message.toolCall?.functionCalls ?? []) {
          seen.calls.push([call.name, call.args]);
          session.sendToolResponse({ functionResponses: [{ id: call.id, name: call.name, response: { output: 'foggy' } }] });
        }
      },
      onclose(event) {
        seen.closed = [event.code, event.reason];
      },
    },
  });
  return session;
}

async function until(test) {
  for (let waited = 0; !test(); waited += 10) {
    if (waited > 30000) throw new Error(`waited too long: ${test}`);
    await sleep(10);
  }
}

async function speak(session, sound) {
  for (let start = 0; start < sound.length; start += 1280) {
    const data = sound.subarray(start, start + 1280).toString('base64');
    session.sendRealtimeInput({ audio: { data, mimeType: 'audio/pcm;rate=16000' } });
    await sleep(40);
  }
}

const withSilence = () => Buffer.concat([speech, Buffer.alloc(32000 * 2)]);

const scenarios = {
  async text() {
    const session = await open(client(), NATIVE, CONFIG);
    session.sendClientContent({ turns: [{ role: 'user', parts: [{ text: 'hello' }] }], turnComplete: true });
    await until(() => seen.turns === 1);
    session.sendRealtimeInput({ text: 'and again' });
    await until(() => seen.turns === 2);
    session.close();
  },
  async spoken() {
    const session = await open(client(), NATIVE, CONFIG);
    await speak(session, withSilence());
    await until(() => seen.turns === 1);
    session.close();
  },
  async tools() {
    const session = await open(client(), NATIVE, { ...CONFIG, tools: [WEATHER] });
    session.sendClientContent({ turns: [{ role: 'user', parts: [{ text: 'what is the weather?' }] }], turnComplete: true });
    await until(() => seen.turns === 1);
    session.close();
  },
  async barge_in() {
    const session = await open(client(), LIVE_3_8, CONFIG);
    session.sendRealtimeInput({ text: 'tell me a long story' });
    await until(() => seen.audio > 0);
    await speak(session, withSilence());
    await until(() => seen.turns === 2);
    session.close();
  },
  async resumed() {
    let session = await open(client(), LIVE_3_8, { ...CONFIG, sessionResumption: {} });
    session.sendRealtimeInput({ text: 'my name is Ada' });
    await until(() => seen.turns === 1);
    session.close();
    await until(() => seen.closed);
    session = await open(client(), LIVE_3_8, { ...CONFIG, sessionResumption: { handle: seen.handle } });
    session.sendRealtimeInput({ text: 'what is my name?' });
    await until(() => seen.turns === 2);
    session.close();
  },
  async token() {
    const made = await client('any', 'v1alpha').authTokens.create({
      config: { uses: 1, liveConnectConstraints: { model: NATIVE, config: CONFIG } },
    });
    seen.token = made.name;
    const session = await open(client(made.name, 'v1alpha'), NATIVE, CONFIG);
    session.sendRealtimeInput({ text: 'hello' });
    await until(() => seen.turns === 1);
    session.close();
  },
  async refused() {
    open(client(), 'gemini-9', CONFIG).catch(() => {});
    await until(() => seen.closed);
  },
};

await scenarios[scenario]();
console.log(JSON.stringify(seen));
process.exit(0);
