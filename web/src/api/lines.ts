// A text that comes bit by bit, line by line: a bit may end in the middle of a
// line, and even of a letter.

export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
    const reader = stream.getReader();
    const decoder = new TextDecoder();
    let rest = '';
    try {
        for (;;) {
            const { done, value } = await reader.read();
            rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
            const lines = rest.split('\n');
            rest = done ? '' : (lines.pop() ?? '');
            for (const line of lines) if (line.trim()) yield line;
            if (done) return;
        }
    } finally {
        // Whoever stops reading also ends what is being sent.
        await reader.cancel().catch(() => {});
    }
}
