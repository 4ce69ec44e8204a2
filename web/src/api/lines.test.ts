import { expect, test } from 'vitest';
import { readLines } from './lines';

function bits(text: string, size: number): ReadableStream<Uint8Array> {
    const bytes = new TextEncoder().encode(text);
    return new ReadableStream({
        start(controller) {
            for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
            controller.close();
        },
    });
}

test('lines come whole, however they are cut', async () => {
    for (const size of [1, 2, 3, 7, 100]) {
        const lines: string[] = [];
        for await (const line of readLines(bits('{"a":"Åsa"}\n\n{"b":2}\n{"c":"slut"}', size))) lines.push(line);
        expect(lines).toEqual(['{"a":"Åsa"}', '{"b":2}', '{"c":"slut"}']);
    }
});

test('whoever stops reading ends the sending', async () => {
    let isEnded = false;
    const endless = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(new TextEncoder().encode('x\n')),
        cancel: () => {
            isEnded = true;
        },
    });
    for await (const line of readLines(endless)) if (line) break;
    expect(isEnded).toBe(true);
});
