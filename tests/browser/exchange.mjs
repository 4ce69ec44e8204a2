// An exchange to walk through: a hub, gateways and a PACS, each a process of its
// own, on ports and in folders of their own.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const program = path.join(process.env.CARGO_TARGET_DIR ?? path.join(root, 'target'), 'debug', 'bildbro');
const python = process.env.BILDBRO_PYTHON ?? path.join(root, '.venv', 'bin', 'python');
const PATIENCE = 60_000;

// What configures the tests must not configure the programs.
const names = Object.keys(process.env).filter((name) => !name.startsWith('BILDBRO_'));
const env = Object.fromEntries(names.map((name) => [name, process.env[name]]));

/** A port that was free a moment ago. */
async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
}

export class Exchange {
    #children = [];

    static async start() {
        const exchange = new Exchange();
        exchange.folder = await mkdtemp(path.join(tmpdir(), 'bildbro-portal-'));
        const port = await freePort();
        // Passkeys are tied to a name; an address has none.
        exchange.url = `http://localhost:${port}`;
        exchange.config = path.join(exchange.folder, 'hub.toml');
        await writeFile(
            exchange.config,
            `data_dir = "${exchange.folder}/hub"\nlisten = "127.0.0.1:${port}"\n` +
                `operations_listen = "127.0.0.1:0"\npublic_url = "${exchange.url}"\n`,
        );
        await exchange.#listening(['hub', '--config', exchange.config], /^listening operations/);
        return exchange;
    }

    /** `bildbro admin …`; gives what it printed. */
    async admin(...words) {
        const { stdout } = await run(program, ['admin', '--config', this.config, ...words], { env });
        return stdout;
    }

    /** Enrols with the code that the portal shows, and starts; beside it a PACS that takes all. */
    async gateway(code) {
        const data = path.join(this.folder, 'gateway');
        const images = path.join(this.folder, 'pacs');
        await mkdir(images);
        const pacs = await freePort();
        this.#spawn('storescp', ['-aet', 'PACS1', '-od', images, String(pacs)]);
        const config = path.join(this.folder, 'gateway.toml');
        await writeFile(
            config,
            `data_dir = "${data}"\nlisten = "127.0.0.1:0"\n[hub]\nurl = "${this.url}"\n[[node]]\n` +
                `name = "PACS"\nae_title = "PACS1"\nhost = "127.0.0.1"\nport = ${pacs}\n` +
                `deliveries = true\nfind = false\n`,
        );
        await run(program, ['gateway', '--config', config, 'enrol', '--hub', this.url, '--code', code], { env });
        await this.#listening(['gateway', '--config', config], /^listening/);
        return images;
    }

    /** What an authenticator app shows; by a program that nobody here wrote. */
    async totp(secret) {
        const script = 'import pyotp, sys; print(pyotp.TOTP(sys.argv[1]).now())';
        const { stdout } = await run(python, ['-c', script, secret.replaceAll(' ', '')]);
        return stdout.trim();
    }

    async #listening(options, line) {
        const child = this.#spawn(program, options);
        const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
        for await (const said of createInterface({ input: child.stdout })) {
            if (line.test(said)) {
                clearTimeout(timer);
                child.stdout.resume();
                return;
            }
        }
        throw new Error(`bildbro ${options.join(' ')} ended before it listened`);
    }

    #spawn(command, options) {
        const child = spawn(command, options, { env, stdio: ['ignore', 'pipe', process.env.LOUD ? 'inherit' : 'ignore'] });
        this.#children.push(child);
        return child;
    }

    async stop() {
        const ended = this.#children.map((child) => child.exitCode === null && once(child, 'exit'));
        for (const child of this.#children) child.kill('SIGKILL');
        await Promise.all(ended);
        await rm(this.folder, { recursive: true, force: true });
    }
}
