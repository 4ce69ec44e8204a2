// The log, its spot checks, and what is taken out of it.

import type { Assessment, LogEntry, LogQuery } from '@/api/contract';
import { download, request, requestText } from '@/api/request';

export const log = {
    /** A POST: a patient's number is never in a URL. */
    search: (body: LogQuery) => request('POST', '/api/audit/search', { body }),
    checkpoint: () => requestText('/api/audit/checkpoint'),
    extract: (body: { patient_id: string; from?: string; until?: string; format: 'pdf' | 'csv'; language: string }) =>
        download('POST', '/api/audit/extract', `extract.${body.format}`, { body }),
    spotChecks: () => request('GET', '/api/spot-checks'),
    draw: (body: { rule: string; from: string; until: string; size: number }) =>
        request('POST', '/api/spot-checks', { body }),
    spotCheck: (id: string) => request('GET', '/api/spot-checks/{id}', { path: { id } }),
    assess: (id: string, sequence: number, assessment: Assessment, comment: string) =>
        request('PUT', '/api/spot-checks/{id}/entries/{sequence}', {
            path: { id, sequence: String(sequence) },
            body: { assessment, comment },
        }),
    closeSpotCheck: (id: string) => request('POST', '/api/spot-checks/{id}/close', { path: { id } }),
    report: (id: string) => download('GET', '/api/spot-checks/{id}/report', 'spot-check.csv', { path: { id } }),
    emergencies: (reviewed: boolean) => request('GET', '/api/emergencies', { query: { reviewed } }),
    reviewEmergency: (id: string, assessment: Assessment, comment: string) =>
        request('POST', '/api/emergencies/{id}/review', { path: { id }, body: { assessment, comment } }),
    watched: () => request('GET', '/api/watched-patients'),
    watch: (patient_id: string) => request('POST', '/api/watched-patients', { body: { patient_id } }),
    unwatch: (patient_id: string) => request('DELETE', '/api/watched-patients', { body: { patient_id } }),
};

export const ASSESSMENTS: Assessment[] = ['justified', 'unclear', 'unjustified'];
export const RULES = ['random', 'same_surname', 'colleague', 'vip', 'own_record', 'out_of_hours', 'no_relation'];

/** A calendar day in Sweden as the moments where it begins and ends. */
export function dayStart(day: string): string {
    return moment(day, 0);
}
export function dayEnd(day: string): string {
    return moment(day, 1);
}

function moment(day: string, later: number): string {
    const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
    const utc = Date.UTC(year, month - 1, date + later);
    // Midnight in Stockholm is one or two hours before midnight in UTC.
    const hour = Number(
        new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Stockholm', hour: '2-digit', hourCycle: 'h23' }).format(
            utc - 3_600_000,
        ),
    );
    const offset = hour === 0 ? 1 : 2;
    return new Date(utc - offset * 3_600_000).toISOString();
}

export function patientOf({ patient }: LogEntry): string {
    return patient?.id ?? '';
}
