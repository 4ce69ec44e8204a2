// A QR code drawn here from its text. What it holds never leaves the page.

import './words.css';
import { useMemo } from 'react';
import { encode } from 'uqr';

/** `label` says what it is for; the text itself must stand beside it, for those who cannot scan. */
export function Qr({ text, label }: { text: string; label: string }) {
    const { path, size } = useMemo(() => draw(text), [text]);
    return (
        <div className="qr">
            <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
                <path d={path} fill="#000" />
            </svg>
        </div>
    );
}

/** One run of dark modules a move: ISO/IEC 18004, level M, quiet zone of four modules. */
function draw(text: string): { path: string; size: number } {
    const { data, size } = encode(text, { ecc: 'M', border: 4 });
    const runs: string[] = [];
    for (const [y, row] of data.entries()) {
        let x = 0;
        while (x < row.length) {
            const from = x;
            while (row[x]) x += 1;
            if (x > from) runs.push(`M${from} ${y}h${x - from}v1H${from}Z`);
            x += 1;
        }
    }
    return { path: runs.join(''), size };
}
