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

/** An Orthanc, by its REST interface. */
export class Pacs {
    constructor(url) {
        this.url = url;
    }

    async #ask(place, body) {
        // It takes a while to start.
        for (let tries = 0; ; tries++) {
            try {
                const answer = await fetch(this.url + place, body && { method: 'POST', body });
                return await answer.json();
            } catch (error) {
                if (tries > 100) throw error;
                await new Promise((resolve) => setTimeout(resolve, 100));
            }
        }
    }

    /** Puts a study of `images` images in; made by pydicom of a real CT image. */
    async put(study) {
        const { stdout } = await run(python, ['-c', STUDY, JSON.stringify(study)], { encoding: 'buffer', maxBuffer: 1 << 28 });
        for (let at = 0; at < stdout.length; ) {
            const length = stdout.readUInt32BE(at);
            await this.#ask('/instances', stdout.subarray(at + 4, at + 4 + length));
            at += 4 + length;
        }
    }

    /** How many images it has of studies that fit. */
    async count(query) {
        const body = JSON.stringify({ Level: 'Instance', Query: query, Expand: false });
        return (await this.#ask('/tools/find', body)).length;
    }
}

const STUDY = `
import io, json, struct, sys
import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid
study = json.loads(sys.argv[1])
uid = generate_uid()
series = generate_uid()
for number in range(1, study["images"] + 1):
    image = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    image.SpecificCharacterSet = "ISO_IR 100"
    image.StudyInstanceUID, image.SeriesInstanceUID = uid, series
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    image.InstanceNumber = number
    image.PatientID, image.PatientName = study["id"], study["name"]
    image.PatientBirthDate, image.PatientSex = study["born"], study["sex"]
    image.StudyDate, image.StudyTime = study["date"], "101500"
    image.StudyDescription, image.AccessionNumber = study["what"], study.get("accession", "")
    out = io.BytesIO()
    image.save_as(out)
    bytes_ = out.getvalue()
    sys.stdout.buffer.write(struct.pack(">I", len(bytes_)) + bytes_)
`;

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

    /**
     * A hospital: an organisation, its gateway, and an Orthanc as its PACS.
     * Gives its Orthanc's REST address.
     */
    async hospital(name, aeTitle) {
        const at = path.join(this.folder, aeTitle);
        await mkdir(at);
        const [rest, dicom, port] = [await freePort(), await freePort(), await freePort()];
        const orthanc = path.join(at, 'orthanc.json');
        const gateway = { AET: 'BILDBRO', Host: '127.0.0.1', Port: port, Manufacturer: 'Generic' };
        await writeFile(
            orthanc,
            JSON.stringify({
                Name: name,
                StorageDirectory: path.join(at, 'pacs'),
                IndexDirectory: path.join(at, 'pacs'),
                HttpPort: rest,
                RemoteAccessAllowed: false,
                AuthenticationEnabled: false,
                DicomAet: 'PACS',
                DicomPort: dicom,
                DicomCheckCalledAet: false,
                DicomAlwaysAllowStore: true,
                DicomAlwaysAllowFind: true,
                DicomAlwaysAllowMove: true,
                UnknownSopClassAccepted: true,
                DicomModalities: { gateway },
                SynchronousCMove: true,
                Plugins: [],
            }),
        );
        this.#spawn('Orthanc', [orthanc]);
        await this.admin('organisation', 'add', '--name', name, '--ae-title', aeTitle, '--kind', 'region');
        const said = await this.admin('enrol-code', '--organisation', name);
        const code = said.match(/[0-9A-Z]{4}(-[0-9A-Z]{4}){4}/)[0];
        const config = path.join(at, 'gateway.toml');
        await writeFile(
            config,
            `data_dir = "${at}/gateway"\nlisten = "127.0.0.1:${port}"\n[study]\nquiet_seconds = 1.0\n` +
                `[hub]\nurl = "${this.url}"\n[[node]]\nname = "PACS"\nae_title = "PACS"\n` +
                `host = "127.0.0.1"\nport = ${dicom}\ndeliveries = true\n`,
        );
        await run(program, ['gateway', '--config', config, 'enrol', '--hub', this.url, '--code', code], { env });
        await this.#listening(['gateway', '--config', config], /^listening/);
        return new Pacs(`http://127.0.0.1:${rest}`);
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
