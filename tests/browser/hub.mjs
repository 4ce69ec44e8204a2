// A hub to look at: the one at STATUS_URL, or a fresh one of this build.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE = 60_000;

/** Gives the status page's address, and a function that ends what was started. */
export async function hub() {
    const given = process.env.STATUS_URL;
    return given ? { url: given, stop: async () => {} } : start();
}

async function start() {
    const folder = await mkdtemp(path.join(tmpdir(), 'bildbro-browser-'));
    const program = path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), 'debug', 'bildbro');
    const options = ['hub', '--data-dir', folder, '--listen', '127.0.0.1:0', '--operations-listen', '127.0.0.1:0'];
    // What configures the tests must not configure the hub.
    const names = Object.keys(process.env).filter((name) => !name.startsWith('BILDBRO_'));
    const env = Object.fromEntries(names.map((name) => [name, process.env[name]]));
    const child = spawn(program, options, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const stop = async () => {
        child.kill('SIGKILL');
        await ended;
        await rm(folder, { recursive: true, force: true });
    };
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    try {
        for await (const line of createInterface({ input: child.stdout })) {
            const [, url] = line.match(/^listening operations (\S+)/) ?? [];
            if (url) {
                child.stdout.resume();
                return { url, stop };
            }
        }
        throw new Error(`${program} ended before it listened`);
    } catch (error) {
        await stop();
        throw error;
    } finally {
        clearTimeout(timer);
    }
}
