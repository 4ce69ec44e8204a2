// The log, its spot checks, and what is taken out of it.

import type {
    Asked,
    Assessment,
    Emergency,
    List,
    LogEntry,
    LogQuery,
    SpotCheck,
    SpotCheckEntry,
    WatchedPatient,
} from '@/api/contract';
import { download, request, requestText, withQuery } from '@/api/request';

export const log = {
    /** A POST: a patient's number is never in a URL. */
    search: (query: LogQuery) => request<List<LogEntry>>('POST', '/api/audit/search', query),
    checkpoint: () => requestText('/api/audit/checkpoint'),
    extract: (given: { patient_id: string; from?: string; until?: string; format: 'pdf' | 'csv'; language: string }) =>
        download('POST', '/api/audit/extract', `extract.${given.format}`, given),
    spotChecks: () => request<List<SpotCheck>>('GET', '/api/spot-checks'),
    draw: (given: { rule: string; from: string; until: string; size: number }) =>
        request<{ id: string }>('POST', '/api/spot-checks', given),
    spotCheck: (id: string) => request<SpotCheck & { entries: SpotCheckEntry[] }>('GET', `/api/spot-checks/${id}`),
    assess: (id: string, sequence: number, assessment: Assessment, comment: string) =>
        request('PUT', `/api/spot-checks/${id}/entries/${sequence}`, { assessment, comment }),
    closeSpotCheck: (id: string) => request<Asked | undefined>('POST', `/api/spot-checks/${id}/close`, {}),
    report: (id: string, format: 'csv' | 'pdf') =>
        download('GET', withQuery(`/api/spot-checks/${id}/report`, { format }), `spot-check.${format}`),
    emergencies: (reviewed: boolean) => request<List<Emergency>>('GET', withQuery('/api/emergencies', { reviewed })),
    reviewEmergency: (id: string, assessment: Assessment, comment: string) =>
        request('POST', `/api/emergencies/${id}/review`, { assessment, comment }),
    watched: () => request<List<WatchedPatient>>('GET', '/api/watched-patients'),
    watch: (patient_id: string) => request('POST', '/api/watched-patients', { patient_id }),
    unwatch: (given: { patient_id?: string; id?: string }) => request('DELETE', '/api/watched-patients', given),
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
    return typeof patient === 'string' ? patient : (patient?.id ?? '');
}
