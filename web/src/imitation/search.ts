// The played hub's search: lines come one by one, as a PACS answers. The archive
// does not answer now.

import type { SearchLine, SearchQuery } from '@/api/exchange';
import { studies } from './patients';
import { type Answers, refuse } from './session';

const A_LINE_MS = 60;

function found(query: SearchQuery): SearchLine[] {
    const name = query.name?.toLocaleLowerCase('sv');
    const hits = studies.filter(
        ({ patient, accession, date, modalities }) =>
            (!query.patient_id || patient.id === query.patient_id) &&
            (!name || patient.name.toLocaleLowerCase('sv').includes(name)) &&
            (!query.accession || accession.toLowerCase() === query.accession.toLowerCase()) &&
            (!query.from || date >= query.from) &&
            (!query.until || date <= query.until) &&
            (!query.modality || modalities.includes(query.modality)),
    );
    // As a PACS does: in no order.
    const mixed = [...hits].sort((a, b) => a.description.localeCompare(b.description, 'sv'));
    return [
        ...mixed.map((study) => ({ is: 'study', study }) as const),
        ...(query.name ? [{ is: 'problem', gateway: 'Malmö 1', node: '', failure: 'gateway_silent' } as const] : []),
        { is: 'end', studies: hits.length, cut: false },
    ];
}

export const searchAnswers: Answers = {
    'POST /api/searches': ({ body }) => {
        if (!body.patient_id && !body.name && !body.accession && !body.from) refuse('unreadable', 400);
        const lines = found(body);
        const encoder = new TextEncoder();
        let isOver = false;
        return new Response(
            new ReadableStream({
                async pull(controller) {
                    await new Promise((resolve) => setTimeout(resolve, A_LINE_MS));
                    const line = lines.shift();
                    if (isOver) return;
                    if (line) controller.enqueue(encoder.encode(`${JSON.stringify(line)}\n`));
                    else controller.close();
                },
                cancel() {
                    isOver = true;
                },
            }),
            { headers: { 'content-type': 'application/x-ndjson' } },
        );
    },
};
